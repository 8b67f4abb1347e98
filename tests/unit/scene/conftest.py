"""Scenes of a few lines, and a detector that looks at one kind of object only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_scene.kernels import detector
from vigie_scene.kernels import error_table as table
from vigie_scene.spec import Scene


@pytest.fixture(scope="session")
def scene():
    """Makes a scene of actors: scene(actors, seed=2, …)."""

    def make(actors=(), **fields):
        return Scene.model_validate({"scene": "test", "layout": "square", "actors": actors} | fields)

    return make


@dataclass
class Looked:
    found: np.ndarray  # (objects, frames) score, 0: missed
    box: np.ndarray  # (objects, frames, 4), nan: missed
    kind: np.ndarray  # (objects, frames) class of the first box
    boxes: np.ndarray  # (objects, frames) how many


@pytest.fixture(scope="session")
def look():
    """Looks at objects that all have the same box, time after time."""

    def run(
        *,
        objects=200,
        frames=100,
        dt=10.0,
        height=100.0,
        width=40.0,
        hidden=0.0,
        kind=ObjectClass.person,
        speed=1.0,
        lean=0.0,
        below=15.0,
        false=False,
        double=False,
        places=None,
        blind=0.0,
        seed=1,
    ):
        rng = np.random.default_rng(seed)
        rows = objects * frames
        box = np.tile([600.0, 300.0, 600.0 + width, 300.0 + height], (rows, 1))
        frame, row, found, score, seen = detector.detect(
            np.arange(frames + 1) * objects,
            np.arange(frames) * dt,
            np.full(frames, blind),
            np.tile(np.arange(objects, dtype=np.int32), frames),
            np.full(rows, int(kind)),
            box,
            np.full(rows, hidden),
            np.full(rows, speed),
            np.full(rows, lean),
            np.full(rows, float(below)),
            np.full(rows, false),
            np.arange(objects) * frames,
            rng.standard_normal((rows, detector.NORMALS)),
            rng.random((rows, detector.UNIFORMS)),
            np.full(objects, double),
            np.ascontiguousarray(table.open_misses(None) if places is None else places),
            np.array([1280.0, 720.0]),
        )
        scores, boxes = np.zeros((objects, frames)), np.full((objects, frames, 4), np.nan)
        kinds, counts = np.zeros((objects, frames), dtype=int), np.zeros((objects, frames), dtype=int)
        for f, r, b, s, k in zip(frame, row, found, score, seen, strict=True):
            o = r % objects
            counts[o, f] += 1
            if counts[o, f] == 1:
                scores[o, f], boxes[o, f], kinds[o, f] = s, b, k
        return Looked(scores, boxes, kinds, counts)

    return run
