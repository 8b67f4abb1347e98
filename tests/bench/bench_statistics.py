"""Speed and memory of the statistics core: rule events and coverage of a city's hour, no broker.

`python tests/bench/bench_statistics.py`; the last line is JSON. CPU time of this thread; batches of 500 records,
encoded and decoded as in the service. Memory: stored rows of all windows, their keys and Python's overhead.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vigie_statistics.core import take_coverage, take_event
from vigie_statistics.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator

CAMERAS, LINES, CLASSES, MINUTES, BATCH = 20, 4, ("person", "bicycle", "car", "bus", "truck"), 60, 500
START = 1_780_002_000_000
NOW = 1_790_000_000_000


def _event(kind: str, camera: str, at: int, number: int) -> dict[str, Any]:
    line = f"line-{number % LINES}"
    return {
        "kind": kind, "id": f"{camera}:{at}:{number}", "episode_id": "", "site": "town", "camera_id": camera, "at": at,
        "started_at": at, "ended_at": None, "ended_reason": None, "mode": "shadow", "scope_kind": "line", "scope": line,
        "rule": {"id": "count", "status": "stable", "template": "count_line", "classes": list(CLASSES)},
        "subject": str(number), "direction": ("in", "out")[number % 2], "direction_label": "", "facts": {},
        "objects": [{"object_class": CLASSES[number // 2 % len(CLASSES)]}], "open_episodes": [], "minute": at,
    }  # fmt: skip


def records() -> Iterator[tuple[Any, dict[str, Any]]]:
    """A town's hour: per camera-minute 10 crossings, an affirmation and its coverage."""
    for minute in range(MINUTES):
        at = START + 60_000 * minute
        for n in range(CAMERAS):
            camera = f"cam-{n}"
            for number in range(10):
                yield take_event, _event("COUNT", camera, at + 5000 * number, number + 10 * minute)
            yield take_event, _event("AFFIRM", camera, at, 0)
            coverage = {"camera_id": camera, "site": "town", "minute": at, "camera_version": "c", "bundle_digest": "b"}
            seen = {"frames": 120, "watched_s": 60.0, "offline_s": 0.0, "rules": ["count"]}
            yield take_coverage, coverage | seen


def rows() -> list[dict[str, object]]:
    """Every figure."""
    zone, log, stored = ZoneInfo("Europe/Paris"), list(records()), {}
    published = 0
    began = time.thread_time()
    for first in range(0, len(log), BATCH):
        pages = Pages(0, stored.get)
        for offset, (take, value) in enumerate(log[first : first + BATCH], first):
            take(pages, value, offset, NOW, zone)
        published += len(pages.figures())
        for written in (pages.window_rows(1), pages.camera_rows(1), pages.partition_row(1)):
            stored.update({key: row for key, row in written.items() if row is not None})
    spent = time.thread_time() - began
    held = sum(sys.getsizeof(key) + sys.getsizeof(row) for key, row in stored.items()) + sys.getsizeof(stored)
    series = CAMERAS * LINES * len(CLASSES) * 2

    def row(name: str, value: float, unit: str) -> dict[str, object]:
        return {"name": name, "value": round(value), "unit": unit, "target": None, "met": None}

    return [
        row("statistics core", len(log) / spent, "events/s"),
        row("figures published by an event", 100 * published / len(log), "%"),
        row("an hour's rows of 10,000 series", held / series * 10_000 / (1 << 20), "MiB"),
    ]


if __name__ == "__main__":
    print(json.dumps(rows()))
