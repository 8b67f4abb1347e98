"""Speed of the tracker: the compiled step alone, called frame by frame and in batches, and the whole core.

`python tests/bench/bench_tracker.py`; the last line is JSON. Each figure is the best of several passes over 300
frames at 5 fps of objects that move and shake; CPU time of this thread, so that other work on the machine counts less.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from vigie_common.stream import Message
from vigie_common.taxonomy import CLASS_NAMES
from vigie_tracking.core import TrackingCore, warm_up
from vigie_tracking.layout import CAMERA, ENDED, FOUND, FRAME, TRACK, Array
from vigie_tracking.parameters import Parameters
from vigie_tracking.step import step, step_many
from vigie_tracking.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = 300
PASSES = 15
WIDTH, HEIGHT = 1280, 720


def scene(objects: int) -> list[Array]:
    """FRAMES blocks (6, objects) of boxes, 0.2 s apart."""
    rng = np.random.default_rng(objects)
    at = rng.uniform(0, 1, (objects, 2)) * [WIDTH, HEIGHT]
    speed = rng.normal(0, 25, (objects, 2))
    blocks = []
    for k in range(FRAMES):
        x, y = (at + 0.2 * k * speed + rng.normal(0, 1, (objects, 2))).T
        blocks.append(np.array([x - 15, y - 35, x + 15, y + 35, np.full(objects, 0.8), np.ones(objects)]))
    return blocks


def best_us(run: Callable[[], object], frames: int = FRAMES) -> float:
    """CPU microseconds a frame of the quickest pass."""
    times = []
    for _ in range(PASSES):
        began = time.thread_time()
        run()
        times.append(time.thread_time() - began)
    return round(1e6 * min(times) / frames, 2)


def single_steps(objects: int) -> float:
    """The compiled step, called from Python for each frame."""
    blocks, parameters, work = scene(objects), Parameters().packed(), Workspace.of(128).arrays

    def run() -> None:
        cameras, tracks = np.zeros(1, CAMERA), np.zeros((1, 128), TRACK)
        cameras["looked_at"] = -1
        for k, block in enumerate(blocks):
            step(cameras, tracks, 0, block, k, 200 * k, 1, WIDTH, HEIGHT, 0, parameters, *work)

    return best_us(run)


def batched_steps(objects: int) -> float:
    """The compiled step over a batch: the algorithm alone."""
    blocks, parameters, work = scene(objects), Parameters().packed(), Workspace.of(128).arrays
    frames = np.zeros(FRAMES, FRAME)
    frames["seq"] = np.arange(FRAMES)
    frames["now"] = 200 * frames["seq"]
    frames["ok"], frames["width"], frames["height"], frames["boxes"] = 1, WIDTH, HEIGHT, objects
    flat = np.concatenate([block.ravel() for block in blocks])
    found, ended = np.zeros(FRAMES * objects + 128, FOUND), np.zeros(FRAMES * objects + 128, ENDED)

    def run() -> None:
        cameras, tracks = np.zeros(1, CAMERA), np.zeros((1, 128), TRACK)
        cameras["looked_at"] = -1
        step_many(cameras, tracks, frames, flat, parameters, *work[:3], found, ended)

    return best_us(run)


def messages(objects: int, camera: str) -> list[Message]:
    """The scene as decoded records."""
    made = []
    for k, block in enumerate(scene(objects)):
        x1, y1, x2, y2, score, classes = block.tolist()
        record: dict[str, Any] = {
            "camera_id": camera,
            "session": "01937d00-0000-7000-8000-000000000001",
            "seq": k,
            "captured_at": 200 * k,
            "clock": "stream",
            "status": "ok",
            "reason": None,
            "frame_ref": {"partition": 0, "offset": k},
            "width": WIDTH,
            "height": HEIGHT,
            "source_width": WIDTH,
            "source_height": HEIGHT,
            "source_frame": None,
            "models": [],
            "x1": x1,
            "y1": y1,
            "x2": x2,
            "y2": y2,
            "score": score,
            "object_class": [CLASS_NAMES[int(c)] for c in classes],
            "model_index": [0] * objects,
        }
        made.append(Message("detections", 0, k, camera, 200 * k, record))
    return made


def whole_core(objects: int) -> float:
    """TrackingCore.process: record in, record out, without Avro."""
    records = messages(objects, "cam")

    def run() -> None:
        core = TrackingCore(0)
        for message in records:
            core.process(message)

    return best_us(run)


def snapshots() -> tuple[float, float]:
    """Milliseconds and megabytes of the snapshot of 600 cameras of 10 objects."""
    core = TrackingCore(0)
    for n in range(600):
        for message in messages(10, f"cam-{n}")[:1]:
            core.process(message)
    return best_us(core.snapshot, frames=1) / 1000, round(len(core.snapshot()) / 1e6, 2)


def row(name: str, value: float, unit: str, target: float | None = None) -> dict[str, object]:
    """One row of `make bench`."""
    return {"name": name, "value": value, "unit": unit, "target": target, "met": target is None or value <= target}


def rows() -> list[dict[str, object]]:
    """Every figure."""
    warm_up()
    took, size = snapshots()
    return [
        row("tracker step, 10 objects", single_steps(10), "µs/frame", 5.0),
        row("tracker step, 50 objects", single_steps(50), "µs/frame"),
        row("tracker step in a batch, 10 objects", batched_steps(10), "µs/frame"),
        row("tracker step in a batch, 50 objects", batched_steps(50), "µs/frame"),
        row("tracking core, 10 objects", whole_core(10), "µs/frame"),
        row("tracking core, 50 objects", whole_core(50), "µs/frame"),
        row("tracking snapshot, 600 cameras", took, "ms"),
        row("tracking snapshot, 600 cameras, size", size, "MB"),
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": rows()}, ensure_ascii=False) + "\n")
