"""The parent that watches and the worker that may die, as real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SERVICE = Path(__file__).parent / "dying_service.py"


class Dying:
    def __init__(self, folder, what):
        self.pids_path, self.log_path = folder / "pids", folder / "log"
        self.pids_path.touch()
        with self.log_path.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, SERVICE, what, self.pids_path],
                env=os.environ | {"VIGIE_LOG_FORMAT": "json"},
                stdout=log,
                stderr=log,
            )

    @property
    def pids(self):
        return [int(pid) for pid in self.pids_path.read_text().split()]

    @property
    def log(self):
        return self.log_path.read_text()


@pytest.fixture
def start_dying(tmp_path):
    running = []

    def start(what):
        running.append(Dying(tmp_path, what))
        return running[-1]

    yield start
    for process in running:
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.wait(10)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_worker_that_is_killed_has_a_successor_within_a_second(start_dying, wait_until):
    service = start_dying("work")
    wait_until(lambda: len(service.pids) == 1)
    os.kill(service.pids[0], signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: len(service.pids) == 2)
    assert time.monotonic() - killed < 1.0


def test_a_worker_that_crashes_has_a_successor_and_says_why(start_dying, wait_until):
    service = start_dying("once")
    wait_until(lambda: len(service.pids) == 2)
    assert "an unforeseen state" in service.log


@pytest.mark.parametrize("what", ["wrong", "wrong in a task group"])
def test_a_configuration_error_ends_the_parent_too_with_78_and_the_message(start_dying, what):
    service = start_dying(what)
    assert service.popen.wait(20) == 78
    assert "VIGIE_LIMIT = 0: must be above 0" in service.log
    assert len(service.pids) == 1


def test_a_wrong_setting_ends_it_with_78_before_any_worker(start_dying, monkeypatch):
    monkeypatch.setenv("VIGIE_HTTP_PORT", "many")
    service = start_dying("work")
    assert service.popen.wait(20) == 78
    assert "VIGIE_HTTP_PORT" in service.log
    assert service.pids == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_reaches_the_worker_and_the_status_is_0(start_dying, wait_until, sent):
    service = start_dying("work")
    wait_until(lambda: len(service.pids) == 1)
    service.popen.send_signal(sent)
    assert service.popen.wait(5) == 0
    assert '"stopped"' in service.log
    assert not is_running(service.pids[0])


def test_a_stop_signal_just_after_a_fork_is_not_lost(start_dying, wait_until):
    """The new worker has the parent's handlers, or Python's, until it has its own."""
    service = start_dying("work")
    wait_until(lambda: len(service.pids) == 1)
    os.kill(service.pids[0], signal.SIGKILL)
    children = Path(f"/proc/{service.popen.pid}/task/{service.popen.pid}/children")
    wait_until(lambda: children.read_text().split() not in ([], [str(service.pids[0])]))
    service.popen.terminate()
    assert service.popen.wait(5) == 0


def test_the_worker_dies_with_a_killed_parent(start_dying, wait_until):
    service = start_dying("work")
    wait_until(lambda: len(service.pids) == 1)
    service.popen.kill()
    service.popen.wait(10)
    wait_until(lambda: not is_running(service.pids[0]), 2)


def test_a_worker_that_does_not_stop_is_killed_after_the_bound(start_dying, wait_until):
    service = start_dying("deaf")
    wait_until(lambda: len(service.pids) == 1)
    asked = time.monotonic()
    service.popen.terminate()
    service.popen.wait(5)
    assert 1.0 <= time.monotonic() - asked < 2.0
    assert "did not stop in time" in service.log
    assert not is_running(service.pids[0])


def test_a_worker_that_crashes_again_and_again_is_given_up_with_70(start_dying):
    service = start_dying("crash")
    assert service.popen.wait(30) == 70
    assert len(service.pids) == 20
    assert "giving up" in service.log
