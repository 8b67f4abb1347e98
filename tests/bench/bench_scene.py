"""Speed of the load generator: camera-frames a second that one core makes, detections as arrays.

`python tests/bench/bench_scene.py`; the last line is JSON. Many cameras of 10 objects at 5 fps, each its own street:
building, simulating, looking and detecting are all counted. CPU time of this thread, best of three passes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from vigie_scene.export import detection_records
from vigie_scene.film import film
from vigie_scene.library import library_scene
from vigie_scene.load import takes

if TYPE_CHECKING:
    from collections.abc import Callable

CAMERAS = 20
PASSES = 3


def best_rate(make: Callable[[], int]) -> float:
    """Camera-frames a CPU second of the quickest pass."""
    rates = []
    for _ in range(PASSES):
        began = time.thread_time()
        frames = make()
        rates.append(frames / (time.thread_time() - began))
    return round(max(rates))


def arrays(objects: int) -> Callable[[], int]:
    """Detections as arrays."""
    return lambda: sum(len(take.times_ms) for take in takes(CAMERAS, objects))


def records(objects: int) -> Callable[[], int]:
    """Detections records, without Avro."""
    return lambda: sum(1 for take in takes(CAMERAS, objects) for _ in detection_records(take, "cam"))


def rows() -> list[dict[str, object]]:
    """Every figure."""
    for _ in takes(1):  # compiles
        pass
    jam = library_scene("congestion-happens")

    def row(name: str, make: Callable[[], int], target: float | None = None) -> dict[str, object]:
        value = best_rate(make)
        met = None if target is None else value >= target
        return {"name": name, "value": value, "unit": "camera-frames/s", "target": target, "met": met}

    return [
        row("scenes as arrays, 10 objects", arrays(10), 20_000),
        row("scenes as arrays, 50 objects", arrays(50)),
        row("scenes as detections records, 10 objects", records(10)),
        row("a traffic jam as arrays", lambda: len(film(jam).times_ms)),
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": rows()}, ensure_ascii=False) + "\n")
