"""`make bench`: every figure in one run, side by side; the last line is JSON. ONLY=name,... measures these alone."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = Path(__file__).parent
CHECKOUT: Final = HERE.parents[1]
DEMO_S: Final = "45"

STEPS: Final = {
    "tracker": ("the tracker's core", "bench_tracker"),
    "peers": ("the tracker beside others", "bench_peers"),
    "rules": ("the rule engine's core", "bench_rules"),
    "scene": ("simulated scenes", "bench_scene"),
    "sampler": ("one sampler beside ffmpeg", "bench_sampler"),
    "cameras": ("as many cameras as the machine holds, by what is read of them", "bench_cameras"),
    "services": ("services on a real broker", "services"),
    "city": ("600 cameras at their real pace for five minutes; SECONDS=60 for one", "bench_city"),
    "statistics": ("the statistics core", "bench_statistics"),
    "history": ("the history of a year of 60 cameras in PostgreSQL", "bench_history"),
    "demo": ("the demo", "run"),
}
"""By the name that ONLY takes: what is measured, and the module whose `rows()` does it."""


def rows() -> list[dict[str, Any]]:
    """From an image to the published alert, in the demo."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("VIGIE_") or key == "VIGIE_CACHE"
    }
    done = subprocess.run(
        [sys.executable, "-m", "vigie_dev", "demo"],
        env=environment | {"DURATION": DEMO_S},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the demo failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    return [
        {
            "name": f"demo: image to published alert, {name}",
            "value": summary[key],
            "unit": "ms",
            "target": None,
            "met": None,
        }
        for name, key in (("median", "alert_latency_ms_p50"), ("95 %", "alert_latency_ms_p95"))
    ]


def chosen() -> list[str]:
    """The steps that ONLY names; all of them without it."""
    names = [name.strip() for name in os.environ.get("ONLY", "").split(",") if name.strip()]
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        sys.exit(f"ONLY={','.join(unknown)}: there is no such benchmark; choose from {', '.join(STEPS)}")
    return names or list(STEPS)


def table(measured: Sequence[dict[str, Any]]) -> Table:
    """The rows for people."""
    drawn = Table("what", "value", "unit", "target", "met")
    for row in measured:
        met = {True: "yes", False: "no", None: ""}[row["met"]]
        target = "" if row["target"] is None else f"{row['target']:g}"
        drawn.add_row(row["name"], f"{row['value']:g}", row["unit"], target, met)
    return drawn


def main() -> None:
    """Run all, print a table, then the JSON line; `--record` puts the run into docs/benchmarks.md too."""
    names, load = chosen(), os.getloadavg()[0]
    record = "--record" in sys.argv[1:]
    if record and names != list(STEPS):
        sys.exit("RECORD=1 keeps whole runs: leave ONLY out")
    sys.path.insert(0, str(HERE))
    importlib.import_module("harness").end_tidily()
    console = Console(stderr=True)
    measured: list[dict[str, Any]] = []
    for number, name in enumerate(names, 1):
        what, module = STEPS[name]
        console.print(f"{number}/{len(names)} {name}: {what} …")
        begun = time.monotonic()
        measured += importlib.import_module(module).rows()
        console.print(f"    {time.monotonic() - begun:.0f} s")
    measured = [row if row["target"] is not None else {**row, "met": None} for row in measured]
    Console().print(table(measured))
    if record:
        importlib.import_module("page").record(measured, load)
    print(json.dumps({"rows": measured}, ensure_ascii=False))


if __name__ == "__main__":
    main()
