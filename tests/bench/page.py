"""The docs' figures: the last recorded run as a table with a line of history, and what each kind of camera costs."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DOCS: Final = Path(__file__).parents[2] / "docs"
BENCHMARKS: Final = "benchmarks.md"
SITE: Final = "how-to/size-a-site.md"
RUN: Final = ("<!-- last run -->", "<!-- end of last run -->")
PAST: Final = ("<!-- history -->", "<!-- end of history -->")
CAMERAS: Final = ("<!-- cameras -->", "<!-- end of cameras -->")

HISTORY: Final = {
    "tracker step, µs": "tracker step, 10 objects",
    "tracking / null": "tracking: CPU over the null service",
    "rule_engine / null": "rule_engine: CPU over the null service",
    "sampler CPU a frame, µs": "frame_sampler: CPU a frame",
    "inference / bare client": "inference: rate over the bare client",
    "demo, image to alert, ms": "demo: image to published alert, median",
    "sampler / ffmpeg at 2 fps": "1080p25 H.264 at 2 fps: sampler over ffmpeg",
    "city, cores of three services": "city: the three services together, CPU",
}
"""The rows whose course over time is kept, by the column's title. New ones go to the end."""

COSTS: Final = (
    ("sampler CPU a camera, ms a second", "sampler CPU a camera"),
    ("cores for 600 cameras", "cores for 600 cameras"),
    ("sampler memory a camera, MB", "sampler memory a camera"),
    ("held at once", "held at once"),
    ("no longer held", "no longer held"),
)
"""Of each kind of camera: the column's title, and what its row is called behind the kind's name."""

NETWORK: Final = {
    "main stream 1080p25, a key frame a second, 2 fps": "3 Mbit/s",
    "main stream, a key frame each sampling period, 2 fps": "3.3 Mbit/s",
    "main stream, a key frame each sampling period, 1 fps": "3 Mbit/s",
    "sub-stream 640×360 at 10 fps, 2 fps": "0.4 Mbit/s",
    "MJPEG 1280×720 at 10 fps, 2 fps": "ten pictures a second",
    "snapshots 1280×720, 2 fps": "two pictures a second",
}
"""The kinds of cameras of `bench_cameras`, and what they send."""


def record(
    rows: Sequence[dict[str, Any]], failed: Mapping[str, str], load: float, minutes: float, docs: Path = DOCS
) -> None:
    """Put a run into the docs.

    Args:
        rows: what was measured.
        failed: steps that gave no rows, and why.
        load: load average of the machine before it began.
        minutes: how long it took.
        docs: their folder.
    """
    today = datetime.now(UTC).date().isoformat()
    values = {row["name"]: row["value"] for row in rows}
    machine = f"{today}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before the run"
    missing = [f"\n{name} failed: {why}. Its rows are missing." for name, why in failed.items()]
    page = docs / BENCHMARKS
    text = _between(
        page.read_text(encoding="utf-8"),
        RUN,
        [
            f"{machine}; {minutes:.0f} minutes.",
            *missing,
            "",
            "| what | value | unit | target | met |",
            "|---|---|---|---|---|",
            *map(_line, rows),
        ],
    )
    before = text.split(PAST[0])[1].split(PAST[1])[0].strip().splitlines()[2:]
    columns = len(HISTORY) + 1
    past = [[cell.strip() for cell in line.strip("| ").split("|")] for line in before]
    past.append([today, *(_number(values.get(name)) for name in HISTORY.values())])
    padded = [_cells([*cells, *["–"] * (columns - len(cells))]) for cells in past]
    page.write_text(
        _between(text, PAST, [_cells(["date", *HISTORY]), "|" + "---|" * columns, *padded]), encoding="utf-8"
    )
    if not any("cameras" in name for name in failed):
        _record_cameras(docs / SITE, values, machine)


def _record_cameras(page: Path, values: Mapping[str, float], machine: str) -> None:
    head = ["what is read, images a second", *(title for title, _ in COSTS), "network a camera"]
    lines = [
        _cells([kind, *(_number(values.get(f"{kind}: {name}"), digits=3) for _, name in COSTS), network])
        for kind, network in NETWORK.items()
    ]
    table = [f"{machine}, `make bench ONLY=cameras`.", "", _cells(head), "|" + "---|" * len(head), *lines]
    page.write_text(_between(page.read_text(encoding="utf-8"), CAMERAS, table), encoding="utf-8")


def _between(text: str, marks: tuple[str, str], lines: Iterable[str]) -> str:
    """The text with these lines between its two marks."""
    before, rest = text.split(marks[0])
    after = rest.split(marks[1])[1]
    return f"{before}{marks[0]}\n" + "\n".join(lines) + f"\n{marks[1]}{after}"


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _line(row: dict[str, Any]) -> str:
    met = {True: "yes", False: "**no**", None: ""}[row["met"]]
    target = "" if row["target"] is None else f"{row['target']:g}"
    return f"| {row['name']} | {row['value']:g} | {row['unit']} | {target} | {met} |"


def _number(value: float | None, digits: int = 6) -> str:
    return "–" if value is None else f"{value:.{digits}g}"
