"""Recorded tracks beside a rule: a small CSV file, read as the records that the tracking service would write.

Columns `t_s,track_id,class,x1,y1,x2,y2` and optionally `score`; seconds from the recording's start, boxes 0..1 of the
image. Rows of one `t_s` are one frame, in whatever order they stand; each track has one row in it. The interval between
frames is the median step of the file; where nothing was there for longer, empty frames are filled in, before the first
row, between rows and for a while after the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from vigie_common.csv_rows import csv_rows
from vigie_common.errors import BadInputError
from vigie_common.taxonomy import CLASS_ORDINAL
from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vigie_common.records import Tracks

COLUMNS: Final = ("t_s", "track_id", "class", "x1", "y1", "x2", "y2")
_CORNERS: Final = COLUMNS[3:]

TAIL_S: Final = 45.0
"""Seconds without boxes after the last row: longer than any subject is waited for."""

WIDTH: Final = 1600
HEIGHT: Final = 900
"""Of the frames the boxes are scaled to, pixels."""

_SESSION: Final = "00000000-0000-7000-8000-000000000000"
_LONGEST_S: Final = 86_400.0
_MOST_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Box:
    """One row; corners 0..1."""

    track_id: int
    object_class: str
    corners: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, slots=True)
class Recording:
    """Frames of a recording."""

    interval_ms: int
    frames: tuple[tuple[int, tuple[Box, ...]], ...]
    """(ms from the start, boxes), in order."""

    def records(self, camera_id: str, start_ms: int) -> Iterator[Tracks]:
        """The tracks records, the recording starting at an event time."""
        seen: set[int] = set()
        for seq, (at, boxes) in enumerate(self.frames):
            now = {box.track_id for box in boxes}
            seen |= now
            yield {
                "camera_id": camera_id,
                "session": _SESSION,
                "seq": seq,
                "captured_at": start_ms + at,
                "watched_ms": 0,
                "clock": "recording",
                "status": "ok",
                "reason": None,
                "frame_ref": {"partition": 0, "offset": seq},
                "width": WIDTH,
                "height": HEIGHT,
                "source_width": WIDTH,
                "source_height": HEIGHT,
                "source_frame": None,
                "models": [{"name": "recorded", "version": "1"}],
                "models_missing": [],
                "x1": [box.corners[0] * WIDTH for box in boxes],
                "y1": [box.corners[1] * HEIGHT for box in boxes],
                "x2": [box.corners[2] * WIDTH for box in boxes],
                "y2": [box.corners[3] * HEIGHT for box in boxes],
                "score": [box.score for box in boxes],
                "object_class": [box.object_class for box in boxes],  # type: ignore[misc]  # checked when read
                "model_index": [0] * len(boxes),
                "track_id": [box.track_id for box in boxes],
                "vx": [0.0] * len(boxes),
                "vy": [0.0] * len(boxes),
                "ended_track_id": [],
                "ended_at": [],
                "ended_reason": [],
            }


def read_recording(path: Path) -> Recording:
    """The recording in a CSV file.

    Raises:
        BadInputError: names the file, the line, what is wrong and how to put it right.
    """
    frames: dict[int, dict[int, Box]] = {}
    lines: dict[tuple[int, int], str] = {}
    what = f"a CSV file of recorded tracks, {','.join(COLUMNS)} and, if need be, score"
    for number, (where, row) in enumerate(csv_rows(path, COLUMNS, what)):
        if number >= _MOST_ROWS:
            raise BadInputError(f"{path}: more than {_MOST_ROWS} rows: a test needs a short recording")
        at, box = _row(row, where)
        before = lines.setdefault((at, box.track_id), where)
        if before != where:
            raise BadInputError(
                f"{where}: track {box.track_id} is there at t_s {row['t_s']} already, in line "
                f"{before.rpartition(':')[2]}: one row for each track and time"
            )
        frames.setdefault(at, {})[box.track_id] = box
    if not frames:
        raise BadInputError(f"{path}: no rows: record at least one box")
    times = sorted(frames)
    steps = [b - a for a, b in pairwise(times)]
    interval = max(20, round(median(steps))) if steps else 200
    return Recording(interval, tuple(_filled({at: tuple(boxes.values()) for at, boxes in frames.items()}, interval)))


def _filled(frames: dict[int, tuple[Box, ...]], interval: int) -> Iterator[tuple[int, tuple[Box, ...]]]:
    """The frames with the empty ones that were not written down."""
    at = 0
    for time in sorted(frames):
        while at + interval / 2 < time:
            yield at, ()
            at += interval
        yield time, frames[time]
        at = time + interval
    for _ in range(int(TAIL_S * 1000 / interval) + 1):
        yield at, ()
        at += interval


def _row(row: dict[str, str], where: str) -> tuple[int, Box]:
    def number(name: str, low: float, high: float) -> float:
        text = row[name]
        try:
            value = float(text)
        except ValueError:
            raise BadInputError(f"{where}: {name} is {text!r}: write a number") from None
        if not low <= value <= high:
            fix = f"it must lie between {low:g} and {high:g}"
            if name in _CORNERS and (value < low or value > high):
                side = "width" if name.startswith("x") else "height"
                fix = f"boxes are in shares of the image, 0..1: divide pixels by its {side}"
            if name == "t_s":
                fix += ": write seconds from the recording's start"
            raise BadInputError(f"{where}: {name} is {text}: {fix}")
        return value

    name = row["class"]
    if name not in CLASS_ORDINAL:
        raise BadInputError(
            f"{where}: class is {name!r}: use one of {', '.join(CLASS_ORDINAL)}{nearest(name, CLASS_ORDINAL)}"
        )
    x1, y1, x2, y2 = (number(corner, -1.0, 2.0) for corner in _CORNERS)
    if x2 <= x1 or y2 <= y1:
        raise BadInputError(f"{where}: the box has no area: x1 < x2 and y1 < y2")
    score = number("score", 0.0, 1.0) if row.get("score") else 0.9
    at = round(number("t_s", 0.0, _LONGEST_S) * 1000)
    track_id = number("track_id", 0, 2**53)
    if not track_id.is_integer():
        raise BadInputError(f"{where}: track_id is {row['track_id']}: write a whole number")
    return at, Box(int(track_id), name, (x1, y1, x2, y2), score)
