from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from vigie_common.errors import DependencyError
from vigie_common.topics import load_topics
from vigie_dev.footage import Detector
from vigie_dev.server import ServerProcess
from vigie_dev.stack import SERVICES, Stack
from vigie_dev.tally import COUNTED

_RESTARTED_WITHIN_S = 1.5
"""1 s, and what this machine takes to start a process while others start too."""


def _service(demo, name):
    """The service's own process: not its workers, which have the same command line."""
    for process in demo.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.environ().get("VIGIE_INSTANCE_ID") == f"{name}-0":
                return process
    return None


@pytest.mark.timeout(280)
def test_the_demo_survives_the_loss_of_every_service_and_leaves_nothing_behind(tmp_path, wait_until):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "import vigie_dev.demo as demo\n"
        f"demo.run_folder = lambda: Path({str(tmp_path / 'run')!r})\n"
        f"demo.state_folder = lambda: Path({str(tmp_path)!r})\n"
        "from vigie_dev.__main__ import main\n"
        "sys.exit(main(['demo', '--model', 'hog']))\n"
    )
    said, complained = tmp_path / "said", tmp_path / "complained"

    def opened():
        return said.read_text().count("Presence on the crossing: person in crossing for")

    with (
        said.open("w") as out,
        complained.open("w") as err,
        subprocess.Popen([sys.executable, "-c", program], stdout=out, stderr=err) as demo,
    ):
        try:
            wait_until(lambda: opened() or demo.poll() is not None, 150)
            process = psutil.Process(demo.pid)
            for name in SERVICES:
                lost = _service(process, name)
                lost.kill()
                begun = time.monotonic()
                wait_until(lambda: _service(process, name) not in {None, lost}, 5)  # noqa: B023 - called at once
                assert time.monotonic() - begun < _RESTARTED_WITHIN_S
            before = opened()
            wait_until(lambda: opened() > before or demo.poll() is not None, 90)
            family = process.children(recursive=True)
            begun = time.monotonic()
            demo.send_signal(signal.SIGINT)
            assert demo.wait(40) == 0, complained.read_text()
            assert time.monotonic() - begun < 25
        finally:
            demo.terminate()
    assert [process for process in family if process.is_running()] == []
    assert complained.read_text() == ""
    last = json.loads(said.read_text().splitlines()[-1])
    assert last.keys() >= {
        *("seconds", "cameras", "frames", "detections", "tracks", "rule_events", "alerts", "shed", "dead_letters"),
    }
    assert (last["cameras"], last["dead_letters"], last["doubles"], last["restarts"]) == (1, 0, 0, len(SERVICES))
    assert min(last["frames"], last["detections"], last["tracks"], last["rule_events"]) > 0
    assert last["alerts"] > before
    assert list((tmp_path / "run" / "evidence").rglob("*.jpg"))


def test_a_folder_holds_one_stack_at_a_time(tmp_path):
    hold = (
        "import fcntl, time\n"
        f"lock = open({str(tmp_path / 'lock')!r}, 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    other = ServerProcess("other", tmp_path / "log")
    other.start([sys.executable, "-c", hold], environment=os.environ)
    other.wait_until(lambda: "held" in other.log.read_text(), within_s=10, fix="")
    kept = tmp_path / "kept"
    kept.write_text("data of the other")
    try:
        with (
            pytest.raises(DependencyError, match="another stack runs there: stop it first"),
            Stack(tmp_path, [Detector("hog", None)]).running(fresh=True),
        ):
            pass
    finally:
        other.stop()
    assert kept.read_text() == "data of the other"


def test_every_counted_topic_is_declared():
    assert set(COUNTED) <= load_topics().keys()
