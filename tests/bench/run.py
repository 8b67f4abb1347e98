"""`make bench`: every figure in one run, side by side; the last line is JSON. ONLY=name,... measures these alone.

Each step is a process of its own with a deadline. One that fails or hangs is ended with all it has started, said at
the end, and makes the exit status 1; the others' rows stand.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE: Final = Path(__file__).parent
CHECKOUT: Final = HERE.parents[1]
DEMO_S: Final = "45"
DEADLINE: Final = 2.0
"""A step may take so many times its usual time, …"""
SPARE_S: Final = 120.0
"""… and so much more: caches that are cold, downloads, a busy machine."""
END_S: Final = 30.0
"""Time to end tidily."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is measured, by which module's `rows()`, and its usual seconds on two cores with warm caches."""

    what: str
    module: str
    usual_s: float

    @property
    def deadline_s(self) -> float:
        """When it is ended."""
        return DEADLINE * self.usual_s + SPARE_S


def steps() -> dict[str, Step]:
    """By the name that ONLY takes, in the order of the run."""
    city_s = float(os.environ.get("SECONDS") or 300)
    return {
        "tracker": Step("the tracker's core", "bench_tracker", 15),
        "peers": Step("the tracker beside others", "bench_peers", 100),
        "rules": Step("the rule engine's core", "bench_rules", 20),
        "scene": Step("simulated scenes", "bench_scene", 15),
        "sampler": Step("one sampler beside ffmpeg", "bench_sampler", 170),
        "cameras": Step("as many cameras as the machine holds, by what is read of them", "bench_cameras", 305),
        "services": Step("services on a real broker", "services", 160),
        "city": Step(f"600 cameras at their real pace for {city_s:g} s (SECONDS)", "bench_city", city_s + 150),
        "statistics": Step("the statistics core", "bench_statistics", 5),
        "history": Step("the history of a year of 60 cameras in PostgreSQL", "bench_history", 40),
        "demo": Step("the demo", "run", 80),
    }


def rows() -> list[dict[str, Any]]:
    """From an image to the published alert, in the demo."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("VIGIE_") or key == "VIGIE_CACHE"
    }
    demo = subprocess.Popen(
        [sys.executable, "-m", "vigie_dev", "demo"],
        env=environment | {"DURATION": DEMO_S},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said, complained = demo.communicate()
    finally:
        if demo.poll() is None:
            demo.terminate()  # it ends its services
            demo.communicate(timeout=END_S)
    if demo.returncode:
        raise RuntimeError(f"the demo failed:\n{said[-2000:]}\n{complained[-2000:]}")
    summary = json.loads(said.strip().splitlines()[-1])
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


def chosen(known: Mapping[str, Step]) -> list[str]:
    """The steps that ONLY names; all of them without it."""
    names = [name.strip() for name in os.environ.get("ONLY", "").split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"ONLY={','.join(unknown)}: there is no such benchmark; choose from {', '.join(known)}")
    return names or list(known)


def table(measured: Sequence[dict[str, Any]]) -> Table:
    """The rows for people."""
    drawn = Table("what", "value", "unit", "target", "met")
    for row in measured:
        met = {True: "yes", False: "no", None: ""}[row["met"]]
        target = "" if row["target"] is None else f"{row['target']:g}"
        drawn.add_row(row["name"], f"{row['value']:g}", row["unit"], target, met)
    return drawn


class StepFailedError(Exception):
    """A step gave no rows; the message says why."""


def rows_of(command: Sequence[str], deadline_s: float, console: Console) -> list[dict[str, Any]]:
    """The rows of one step: what this command writes to the file that is its last argument.

    Raises:
        StepFailedError: it failed, or was not over in time.
    """
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        answer = Path(folder) / "rows.json"
        whole = [*command, str(answer)]
        # in a session of its own: a Ctrl-C is for this process, which then ends the step tidily
        process = subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        last: deque[str] = deque(maxlen=20)
        reader = threading.Thread(target=_show, args=(process, last, console), daemon=True)
        reader.start()
        try:
            code = process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise StepFailedError(f"not over within {deadline_s:.0f} s{_tail(last)}") from None
        finally:
            _end(process)
            reader.join(END_S)
        if code:
            raise StepFailedError(f"exit status {code}{_tail(last)}")
        measured: list[dict[str, Any]] = json.loads(answer.read_text(encoding="utf-8"))
    if not measured:
        raise StepFailedError("it gave no rows")
    return [row if row["target"] is not None else {**row, "met": None} for row in measured]


def _show(process: subprocess.Popen[bytes], last: deque[str], console: Console) -> None:
    assert process.stdout is not None  # it was asked for with PIPE
    with process.stdout as said:
        for line in said:
            text = line.decode(errors="replace").rstrip()
            last.append(text)
            console.print(f"    {text.strip()}", style="dim", markup=False, highlight=False, soft_wrap=True)


def _tail(last: deque[str]) -> str:
    return "".join(f"\n    {line}" for line in last)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a step that still runs, and whatever it leaves behind."""
    started = [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    started += [other for other in psutil.process_iter() if _session(other) == process.pid]
    for left in psutil.wait_procs(started, timeout=5.0)[1]:
        left.kill()


def _session(process: psutil.Process) -> int | None:
    """The session a process belongs to."""
    try:
        return os.getsid(process.pid)
    except OSError:  # gone, or another's
        return None


def step_alone(name: str, answer: Path) -> None:
    """What the process of a step does: measure, and leave the rows in a file."""
    sys.path.insert(0, str(HERE))
    importlib.import_module("harness").end_tidily()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")  # clients warn of every election of a new broker
    measured = importlib.import_module(steps()[name].module).rows()
    answer.write_text(json.dumps(measured, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    """Run all, print a table, then the JSON line; `--record` puts the run into the docs too."""
    if sys.argv[1:2] == ["--step"]:
        step_alone(sys.argv[2], Path(sys.argv[3]))
        return
    known = steps()
    names, load = chosen(known), os.getloadavg()[0]
    record = "--record" in sys.argv[1:]
    if record and names != list(known):
        sys.exit("RECORD=1 keeps whole runs: leave ONLY out")
    sys.path.insert(0, str(HERE))
    importlib.import_module("harness").end_tidily()
    console = Console(stderr=True)
    measured: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    left_s, run_begun = sum(known[name].usual_s for name in names), time.monotonic()
    for number, name in enumerate(names, 1):
        step = known[name]
        console.print(
            f"{number}/{len(names)} {name}: {step.what}; about {step.usual_s:.0f} s, "
            f"at most {step.deadline_s:.0f} s; {left_s / 60:.0f} min to the end …",
            highlight=False,
            soft_wrap=True,
        )
        begun = time.monotonic()
        try:
            measured += rows_of([sys.executable, str(HERE / "run.py"), "--step", name], step.deadline_s, console)
        except StepFailedError as failure:
            failed[name] = str(failure).splitlines()[0]
            console.print(f"    {name} FAILED: {failure}", style="red", markup=False, highlight=False, soft_wrap=True)
        console.print(f"    {time.monotonic() - begun:.0f} s", highlight=False, soft_wrap=True)
        left_s -= step.usual_s
    Console().print(table(measured))
    if record:
        importlib.import_module("page").record(measured, failed, load, (time.monotonic() - run_begun) / 60)
    print(json.dumps({"rows": measured, "failed": failed}, ensure_ascii=False))
    if failed:
        console.print(
            "; ".join(f"{name} failed ({why})" for name, why in failed.items())
            + f". Try it alone: make bench ONLY={','.join(failed)}",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
