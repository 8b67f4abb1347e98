"""Random streams of random cameras under every template: whatever tracks do, the book of episodes is kept right."""

import hashlib
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from vigie_common.identity import episode_id, event_id
from vigie_common.records import EndReason
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.layers.episodes import OPEN
from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.layers.subjects import LOST_HIDDEN, LOST_TRACKED

sys.path.insert(0, str(Path(__file__).parent))

from any_stream import RECORDS, Stream  # it lies beside this file

SEEDS = 16
REASONS = set(get_args(EndReason)) - {"unknown"}


class Book:
    """The episodes that were told, and what must be true of each event."""

    def __init__(self):
        self.open, self.told, self.opened, self.rewound = {}, set(), {}, 0

    def take(self, outputs):
        for event in (o.value for o in outputs if o.topic == "rule-events"):
            kind, key, camera = event["kind"], event["episode_id"], event["camera_id"]
            if kind == "AFFIRM":
                assert event["open_episodes"] == sorted(k for k, e in self.open.items() if e["camera_id"] == camera)
                continue
            assert event["id"] == event_id(key, event["ordinal"])
            again = self.rewound if event["minute"] is not None else 0  # who lives a minute again counts it again
            assert (event["id"], again) not in self.told
            self.told.add((event["id"], again))
            if kind in {"OPEN", "COUNT"}:
                rule = event["rule"]
                place = (event["scope"], event["subject"], event["started_at"])
                assert key == episode_id("nimes", camera, rule["id"], rule["version"], *place)
                assert event["ordinal"] == 0
                assert event["started_at"] <= event["at"]
                self.opened.setdefault(rule["template"], []).append(event)
                if kind == "OPEN":
                    self.open[key] = event
                continue
            before = self.open.pop(key)
            assert (event["ordinal"], event["started_at"]) == (before["ordinal"] + 1, before["started_at"])
            assert event["at"] >= before["at"]
            if kind == "UPDATE":
                self.open[key] = event
            else:
                assert event["ended_reason"] in REASONS
                assert event["started_at"] <= event["ended_at"] <= event["at"]
                if event["started_at"] == event["at"]:  # it was an instant, which may be told again
                    self.told -= {(event_id(key, ordinal), 0) for ordinal in range(event["ordinal"] + 1)}


def check_camera(state, record, before):
    """The camera's episodes are those of its cells, and what it keeps is no more than what it says."""
    kept, n = state.kept, state.n
    open_cells = [*kept.cells[:, :n][kept.cells[:, :n]["phase"] >= OPEN], *kept.wholes[kept.wholes["phase"] >= OPEN]]
    assert sorted(int(cell["episode"]) for cell in open_cells) == sorted(state.episodes)
    assert n <= len(state.subjects) <= MOST_SUBJECTS
    assert not kept.cells[:, n:]["phase"].any()
    assert state.over == []
    assert set(state.windows) <= set(state.row_keys)
    if before is not None and before[0] < record["session"]:
        assert len(state.sessions) <= before[1] + 1
    if record["models"] and state.at == record["captured_at"]:
        clocks = (state.watched, state.steady)
        assert all(clocks[int(s["steady"])] - s["seen_w"] <= LOST_HIDDEN + LOST_TRACKED for s in state.subjects[:n])


def shown(outputs):
    """Outputs as they are compared."""
    return repr([o.value for o in outputs])


def play(stream, cuts=frozenset()):
    """Everything a core says of a stream, step by step, and the book of it; checked as it goes."""
    core, book, said, before = RuleCore(0), Book(), [], {}
    for index, (message, view) in enumerate(stream.records):
        if index in cuts:
            state, core = core.snapshot(), RuleCore(0)
            core.restore(state)
            assert core.snapshot() == state
        camera = message.value["camera_id"]
        at = core._cameras[camera].at if camera in core._cameras else 0
        outputs = core.process(message, view)
        book.take(outputs)
        book.rewound += camera in core._cameras and core._cameras[camera].at < at
        said.append(shown(outputs))
        if view.value("cameras", camera).value["removed"]:
            assert camera not in core._cameras
        else:
            check_camera(core._cameras[camera], message.value, before.get(camera))
            before[camera] = (core._cameras[camera].last.session, core._cameras[camera].n)
        open_now = {e.opened["episode_id"] for s in core._cameras.values() for e in s.episodes.values()}
        assert open_now == set(book.open)
    end = core.snapshot()
    outputs = core.finish()
    book.take(outputs)
    assert (book.open, core.open_episodes) == ({}, 0)
    return [*said, shown(outputs), end], book


@pytest.fixture(scope="session")
def stream(street, rule, camera, bundle, authorisation, calibration, t0):
    make = {"rule": rule, "camera": camera, "bundle": bundle, "authorisation": authorisation}
    return lambda seed: Stream(seed, street, make | {"calibration": calibration}, t0)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_episode_opens_and_closes_once_and_a_restart_at_any_record_changes_nothing(stream, seed):
    chance = random.Random(seed)
    cuts = {chance.randrange(RECORDS) for _ in range(12)}
    whole, _ = play(stream(seed))
    cut, _ = play(stream(seed), cuts)
    assert next((i for i, (a, b) in enumerate(zip(whole, cut, strict=True)) if a != b), None) is None


def test_the_streams_bring_episodes_and_counts_of_nearly_every_template(stream):
    told = {template for seed in range(8) for template in play(stream(seed))[1].opened}
    assert set(TEMPLATES) - told <= {"congestion", "crowd_movement", "fall", "person_down", "wrong_way"}


INTERPRETED = """
import hashlib, pickle, sys
from pathlib import Path
from vigie_rule_engine.core import RuleCore
core, digest = RuleCore(0), hashlib.sha256()
for message, view in pickle.loads(Path(sys.argv[1]).read_bytes()):
    digest.update(repr([o.value for o in core.process(message, view)]).encode())
print(digest.hexdigest(), hashlib.sha256(core.snapshot()).hexdigest())
"""


@pytest.mark.parametrize("seed", range(2))
def test_compiled_code_says_what_the_same_code_says_interpreted(stream, tmp_path, seed):
    core, digest = RuleCore(0), hashlib.sha256()
    records = stream(seed).records
    for message, view in records:
        digest.update(shown(core.process(message, view)).encode())
    (tmp_path / "records").write_bytes(pickle.dumps(records))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INTERPRETED, str(tmp_path / "records")],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [digest.hexdigest(), hashlib.sha256(core.snapshot()).hexdigest()], done.stderr
