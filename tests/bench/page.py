"""`docs/benchmarks.md`: the last recorded run as a table, and a line of history for each run."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_BEGIN: Final = "<!-- last run -->"
_END: Final = "<!-- end of last run -->"

HISTORY: Final = (
    "tracker step, 10 objects",
    "tracking: CPU over the null service",
    "rule_engine: CPU over the null service",
    "frame_sampler: CPU a frame",
    "inference: rate over the bare client",
    "demo: image to published alert, median",
)
"""The rows whose course over time is kept."""


def record(rows: list[dict[str, Any]], load: float) -> None:
    """Put a run into the page. `load`: load average of the machine before it began."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    after = rest.split(_END)[1]
    today = datetime.now(UTC).date().isoformat()
    lines = [
        f"{today}, {platform.machine()}, {_cores()} cores shared with others, load {load:.1f} before the run.",
        "",
        "| what | value | unit | target | met |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    values = {row["name"]: row for row in rows}
    past = "| " + " | ".join([today, *(f"{values[name]['value']:g}" for name in HISTORY)]) + " |\n"
    PAGE.write_text(f"{before}{_BEGIN}\n" + "\n".join(lines) + f"\n{_END}{after}{past}", encoding="utf-8")


def _line(row: dict[str, Any]) -> str:
    met = {True: "yes", False: "**no**", None: ""}[row["met"]]
    target = "" if row["target"] is None else f"{row['target']:g}"
    return f"| {row['name']} | {row['value']:g} | {row['unit']} | {target} | {met} |"


def _cores() -> int:
    return os.cpu_count() or 0
