"""Work on camera-hours: results in order, and no process that outlives the command."""

import subprocess
import sys
from operator import neg

import psutil

from vigie_cli.camera_hours import side_by_side

KILLED = """
import time
from vigie_cli.camera_hours import side_by_side
if __name__ == "__main__":
    list(side_by_side(time.sleep, [600, 600], 2))
"""


def test_results_come_in_the_order_of_the_parts():
    assert list(side_by_side(neg, [3, 1, 2], 2)) == [-3, -1, -2]


def test_a_command_that_is_killed_leaves_no_process_behind(tmp_path, wait_until):
    script = tmp_path / "sleeps.py"
    script.write_text(KILLED)
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL) as command:
        parent = psutil.Process(command.pid)
        workers = wait_until(lambda: len(found := parent.children(recursive=True)) >= 3 and found, 30)
        command.kill()
    wait_until(lambda: not any(worker.is_running() for worker in workers), 30)
