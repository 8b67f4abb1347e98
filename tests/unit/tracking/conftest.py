"""Detections records, and simple streets whose truth is known."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
import pytest

from vigie_common.stream import Message
from vigie_tracking.core import TrackingCore

FIRST_SESSION = "01937d00-0000-7000-8000-000000000001"
NOON = 1_764_000_000_000


@pytest.fixture(scope="session")
def detections():
    """Makes a detections record of boxes [(x1, y1, x2, y2), …]."""

    def make(seq, at_ms, boxes=(), *, classes="person", scores=0.8, session=FIRST_SESSION, camera="cam", **fields):
        count = len(boxes)
        columns = list(zip(*boxes, strict=True)) if count else [(), (), (), ()]
        return {
            "camera_id": camera,
            "session": session,
            "seq": seq,
            "captured_at": NOON + at_ms,
            "clock": "stream",
            "watched_ms": 0,
            "status": "ok",
            "reason": None,
            "frame_ref": {"partition": 0, "offset": seq},
            "width": 1280,
            "height": 720,
            "source_width": 1920,
            "source_height": 1080,
            "source_frame": None,
            "models": [{"name": "yolox-nano", "version": "1"}],
            "models_missing": [],
            **{
                name: [float(v) for v in column] for name, column in zip(("x1", "y1", "x2", "y2"), columns, strict=True)
            },
            "score": [scores] * count if isinstance(scores, float) else list(scores),
            "object_class": [classes] * count if isinstance(classes, str) else list(classes),
            "model_index": [0] * count,
            **fields,
        }

    return make


@pytest.fixture(scope="session")
def tracked():
    """Puts records through a core; gives the tracks record of each, None where there is none."""

    def run(records, core=None):
        core = core or TrackingCore(0)
        values = []
        for record in records:
            outputs = core.process(
                Message("detections", 0, 0, record["camera_id"], record["captured_at"] + 40, record), None
            )
            values.append(outputs[0].value if outputs else None)
        return values

    return run


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody on a straight line at a steady pace."""

    x: float
    y: float
    vx: float
    vy: float
    height: float = 100.0

    def box(self, at_s):
        cx, foot = self.x + self.vx * at_s, self.y + self.vy * at_s
        return np.array([cx - 0.2 * self.height, foot - self.height, cx + 0.2 * self.height, foot])


@dataclass(frozen=True, slots=True)
class Street:
    """Records of a scene, and who each box is."""

    records: list
    owners: list

    def ids_of(self, tracks):
        """The track ids that each walker was given, in the order of their appearance."""
        ids = {}
        for value, owners, record in zip(tracks, self.owners, self.records, strict=True):
            for x1, track_id in zip(value["x1"], value["track_id"], strict=True):
                walker = owners[record["x1"].index(x1)]
                known = ids.setdefault(walker, [])
                if track_id not in known:
                    known.append(track_id)
        return ids


@pytest.fixture(scope="session")
def walker():
    return Walker


@pytest.fixture(scope="session")
def street(detections):
    """Films walkers: boxes shake by `jitter` heights, are missed at the rate `misses`, hidden by who stands nearer."""

    def film(walkers, fps, seconds, *, seed=0, jitter=0.04, misses=0.0, hidden_above=0.5):
        rng = np.random.default_rng(seed)
        records, owners = [], []
        for seq in range(int(seconds * fps)):
            at_s = seq / fps
            boxes, whose = [], []
            for k, one in enumerate(walkers):
                box = one.box(at_s)
                nearer = [w.box(at_s) for w in walkers if w.y + w.vy * at_s > one.y + one.vy * at_s]
                hidden = max((_hidden_share(box, other) for other in nearer), default=0.0)
                noise = rng.normal(0.0, jitter * one.height, 4) * [0.5, 0.5, 0.5, 0.5]
                if rng.random() >= misses and hidden <= hidden_above:
                    boxes.append(tuple(np.float32(box + noise)))
                    whose.append(k)
            records.append(detections(seq, round(at_s * 1000), boxes))
            owners.append(whose)
        return Street(records, owners)

    return film


def _hidden_share(box, other):
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(width, 0.0) * max(height, 0.0) / ((box[2] - box[0]) * (box[3] - box[1]))


@pytest.fixture(scope="session")
def next_session():
    """A session id that sorts after FIRST_SESSION; a greater number, a later session."""
    return lambda number: str(uuid.UUID(int=uuid.UUID(FIRST_SESSION).int + number))
