"""`make bench`: a step that fails leaves the others standing, and the docs keep a whole run."""

import importlib
import sys
import time
from pathlib import Path

import psutil
import pytest
from rich.console import Console

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch):
    """The modules of tests/bench by name."""
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module


def runs(pid):
    """Whether a process still does anything."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_step_that_hangs_is_ended_with_all_it_has_started(bench, tmp_path, wait_until):
    run, said = bench("run"), tmp_path / "pid"
    code = (
        "import subprocess, sys, time; "
        f"child = subprocess.Popen(['sleep', '600']); open({str(said)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    begun = time.monotonic()
    with pytest.raises(run.StepFailedError, match="not over within 2 s"):
        run.rows_of([sys.executable, "-c", code], 2.0, Console(quiet=True))
    assert time.monotonic() - begun < 40
    wait_until(lambda: not runs(int(said.read_text())), 20)


def test_a_step_that_fails_says_its_last_lines(bench):
    run = bench("run")
    with pytest.raises(run.StepFailedError, match=r"(?s)exit status 1.*the broker is gone"):
        run.rows_of([sys.executable, "-c", "raise SystemExit('the broker is gone')"], 30.0, Console(quiet=True))


def test_a_recorded_run_keeps_its_rows_its_failures_and_a_line_of_history(bench, tmp_path):
    page = bench("page")
    (tmp_path / "how-to").mkdir()
    for name in (page.BENCHMARKS, page.SITE):
        (tmp_path / name).write_text((page.DOCS / name).read_text(encoding="utf-8"), encoding="utf-8")
    kind = next(iter(page.NETWORK))
    rows = [
        {"name": "tracker step, 10 objects", "value": 2.5, "unit": "µs/frame", "target": 5.0, "met": True},
        {"name": f"{kind}: held at once", "value": 31, "unit": "cameras", "target": None, "met": None},
    ]
    before = (tmp_path / page.BENCHMARKS).read_text(encoding="utf-8").splitlines()
    page.record(rows, {"city": "not over within 870 s"}, 0.4, 21.6, tmp_path)
    text = (tmp_path / page.BENCHMARKS).read_text(encoding="utf-8")
    after = text.splitlines()
    assert "| tracker step, 10 objects | 2.5 | µs/frame | 5 | yes |" in after
    assert "city failed: not over within 870 s. Its rows are missing." in after
    assert [line for line in before if line.startswith("## ")] == [line for line in after if line.startswith("## ")]
    past = text.split(page.PAST[0])[1].split(page.PAST[1])[0].strip().splitlines()
    assert {line.count("|") for line in past} == {len(page.HISTORY) + 2}
    assert past[-1].split("|")[2:4] == [" 2.5 ", " – "]
    assert f"| {kind} | – | – | – | 31 | – | 3 Mbit/s |" in (tmp_path / page.SITE).read_text(encoding="utf-8")
