"""A restart is invisible: restored state goes on byte for byte, in any process."""

import hashlib
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.codec import Codec
from vigie_common.errors import VigieError
from vigie_tracking import snapshot
from vigie_tracking.core import TrackingCore
from vigie_tracking.layout import CAMERA, TRACK

STATUSES = ("ok", "ok", "ok", "ok", "shed", "offline")


@pytest.fixture(scope="module")
def town(detections, next_session):
    """600 records of five cameras: walkers, misses, blindness, duplicates, new sessions, crowds."""
    rng = np.random.default_rng(11)
    places = rng.uniform(0, 1, (5, 40, 2)) * [1280, 720]
    speeds = rng.normal(0, 40, (5, 40, 2))
    sessions, seqs, clock = [0] * 5, [0] * 5, [0] * 5
    records = []
    for _ in range(600):
        c = int(rng.integers(5))
        if rng.random() < 0.01:
            sessions[c], seqs[c] = sessions[c] + 1, 0
        clock[c] += int(rng.choice([100, 200, 500, 5000], p=[0.3, 0.5, 0.18, 0.02]))
        crowd = 40 if c == 4 else 6
        at = places[c, :crowd] + speeds[c, :crowd] * clock[c] / 1000 + rng.normal(0, 2, (crowd, 2))
        seen = at[rng.random(crowd) > 0.1]
        boxes = [tuple(map(float, np.float32([x, y, x + 30, y + 70]))) for x, y in seen]
        status = STATUSES[int(rng.integers(len(STATUSES)))]
        records.append(
            detections(
                seqs[c],
                clock[c],
                boxes if status == "ok" else [],
                scores=[float(s) for s in np.float32(rng.uniform(0.2, 0.9, len(boxes)))] if status == "ok" else 0.5,
                session=next_session(sessions[c]),
                camera=f"caméra-{c}",
                status=status,
            )
        )
        if rng.random() > 0.03:
            seqs[c] += 1
    return records


@pytest.fixture(scope="module")
def undisturbed(town, tracked):
    core = TrackingCore(0)
    return tracked(town, core), core.snapshot()


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, 600), max_size=4).map(sorted))
def test_cut_and_restored_anywhere_it_goes_on_as_if_undisturbed(town, tracked, undisturbed, cuts):
    core, values, begin = TrackingCore(0), [], 0
    for cut in [*cuts, len(town)]:
        values += tracked(town[begin:cut], core)
        state = core.snapshot()
        core = TrackingCore(0)
        core.restore(state)
        assert core.snapshot() == state
        begin = cut
    assert (values, core.snapshot()) == undisturbed


def test_the_scene_is_worth_it(undisturbed):
    values, state = undisturbed
    reasons = {reason for v in values if v for reason in v["ended_reason"]}
    assert reasons == {"lost", "left", "session"}
    assert sum(v is None for v in values) > 5
    assert len(state) > 5000


def test_the_order_in_which_cameras_came_does_not_show(tracked, detections):
    records = [detections(0, 0, [(0, 0, 40, 90)], camera=name) for name in ("b", "a", "c")]
    cores = [TrackingCore(0), TrackingCore(1)]
    tracked(records, cores[0])
    tracked(sorted(records, key=lambda r: r["camera_id"]), cores[1])
    assert cores[0].snapshot() == cores[1].snapshot()


def test_past_crowds_do_not_show(tracked, detections):
    crowd = [(x * 12, 0, x * 12 + 10, 10) for x in range(100)]
    states = []
    for first in (crowd, []):
        core = TrackingCore(0)
        records = [detections(0, 0, first), detections(1, 200, status="ended"), detections(2, 400, [crowd[0]])]
        tracked(records, core)
        states.append(core.snapshot())
    assert states[0] == states[1]


def test_the_outputs_fit_the_schema_and_survive_it(undisturbed):
    codec = Codec.pinned()
    for value in undisturbed[0][:50]:
        if value is not None:
            decoded = codec.decode_as("tracks", codec.encode("tracks", value))
            assert {**decoded, "vx": [], "vy": []} == {**value, "vx": [], "vy": []}


PROGRAM = """
import hashlib, pickle, sys
from pathlib import Path
from vigie_common.stream import Message
from vigie_tracking.core import TrackingCore
core, digest = TrackingCore(0), hashlib.sha256()
for r in pickle.loads(Path(sys.argv[1]).read_bytes()):
    for output in core.process(Message("detections", 0, 0, r["camera_id"], r["captured_at"] + 40, r)):
        digest.update(repr(sorted(output.value.items())).encode())
print(digest.hexdigest(), hashlib.sha256(core.snapshot()).hexdigest())
"""


@pytest.mark.parametrize(
    ("environment", "count"),
    [({"PYTHONHASHSEED": "1"}, 600), ({"PYTHONHASHSEED": "77"}, 600), ({"NUMBA_DISABLE_JIT": "1"}, 120)],
    ids=["a process", "another hash seed", "not compiled"],
)
def test_another_process_writes_the_same_bytes(town, tracked, tmp_path, environment, count):
    core, digest = TrackingCore(0), hashlib.sha256()
    for value in tracked(town[:count], core):
        if value is not None:
            digest.update(repr(sorted(value.items())).encode())
    expected = f"{digest.hexdigest()} {hashlib.sha256(core.snapshot()).hexdigest()}"
    (tmp_path / "town").write_bytes(pickle.dumps(town[:count]))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "town")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: b"", "shorter than its head"),
        (lambda s: b"XXXX" + s[4:], "starts with b'XXXX'"),
        (lambda s: s[:4] + b"\xff\x00" + s[6:], "format 255, this version reads"),
        (lambda s: s[:-1], "damaged"),
        (lambda s: s[:60], "damaged"),
        (lambda s: s + b"\0", "1 bytes too many"),
    ],
)
def test_a_damaged_snapshot_is_refused_and_changes_nothing(undisturbed, damage, message):
    core = TrackingCore(0)
    core.restore(undisturbed[1])
    with pytest.raises(VigieError, match=message):
        core.restore(damage(undisturbed[1]))
    assert core.snapshot() == undisturbed[1]


def test_a_change_of_the_layout_raises_the_format():
    layout = hashlib.sha256(repr((CAMERA.descr, TRACK.descr)).encode()).hexdigest()[:16]
    assert {snapshot.FORMAT: layout} == {3: "61146d6d8039be5c"}


def test_the_layout_has_no_padding():
    assert [d.itemsize for d in (CAMERA, TRACK)] == [sum(d[name].itemsize for name in d.names) for d in (CAMERA, TRACK)]
