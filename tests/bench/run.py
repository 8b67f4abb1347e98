"""`make bench`: every figure in one run, side by side; the last line is JSON."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
DEMO_S = "45"


def demo_latency() -> list[dict[str, Any]]:
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


def main() -> None:
    """Run all, print a table, then the JSON line; `--record` puts the run into docs/benchmarks.md too."""
    load = os.getloadavg()[0]
    sys.path.insert(0, str(HERE))
    console = Console(stderr=True)
    rows: list[dict[str, Any]] = []
    for name, step in (
        ("tracker core", lambda: importlib.import_module("bench_tracker").rows()),
        ("rule core", lambda: importlib.import_module("bench_rules").rows()),
        ("simulated scenes", lambda: importlib.import_module("bench_scene").rows()),
        ("services on a real broker", lambda: importlib.import_module("services").rows()),
        ("demo", demo_latency),
    ):
        console.print(f"measuring: {name} …")
        rows += [row if row["target"] is not None else {**row, "met": None} for row in step()]
    table = Table("what", "value", "unit", "target", "met")
    for row in rows:
        met = {True: "yes", False: "no", None: ""}[row["met"]]
        table.add_row(
            row["name"], f"{row['value']:g}", row["unit"], "" if row["target"] is None else f"{row['target']:g}", met
        )
    Console().print(table)
    if "--record" in sys.argv[1:]:
        importlib.import_module("page").record(rows, load)
    print(json.dumps({"rows": rows}, ensure_ascii=False))


if __name__ == "__main__":
    main()
