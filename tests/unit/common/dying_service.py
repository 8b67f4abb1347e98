"""A service that does what the test wants of it: `dying_service.py crash|wrong|work|deaf|once FILE`.

Every worker appends its process id to FILE.
"""

import asyncio
import os
import sys
from pathlib import Path

from vigie_common import process
from vigie_common.errors import ConfigurationError
from vigie_common.settings import Settings


def signed(pids):
    """How many workers there have been, with this one."""
    with pids.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return len(pids.read_text().split())


async def wrong():
    raise ConfigurationError("VIGIE_LIMIT = 0: must be above 0")


async def serve(settings, service):
    what, ordinal = sys.argv[1], signed(Path(sys.argv[2]))
    if what == "wrong":
        await wrong()
    if what == "wrong in a task group":
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wrong())
    if what == "crash" or (what == "once" and ordinal == 1):
        raise RuntimeError("an unforeseen state")
    await service.stopping.wait()
    if what == "deaf":
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "deaf":
        process._STOP_S = 1.0
    if sys.argv[1] == "crash":
        process._RESTART_S = 0.01
    process.run("dying", Settings, serve)
