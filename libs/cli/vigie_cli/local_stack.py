"""What the local stacks of this folder have to do with an address where nothing answers."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Final

_STACK: Final = "make stack"
_FOLDERS: Final = {_STACK: Path(".vigie/stack"), "make demo": Path(".vigie/run")}
"""By the command that runs a stack there: `environment` holds its settings, for shells; it holds `lock`."""


def stack_words(address: str) -> str:
    """What to add to a message that nothing answers at an address, from `; ` on; empty where no stack lies here."""
    written = {command: found for command, folder in _FOLDERS.items() if (found := _settings(folder)) is not None}
    running = [command for command in written if _runs(_FOLDERS[command])]
    for command, settings in written.items():
        if any(line.endswith(f"={address}") for line in settings):
            ended = f"; it was of `{command}`, which has ended: run that again, then {_source(command)} again"
            return "" if command in running else ended
    if running:
        return f"; the stack of this folder is another: {_source(running[0])}"
    begin = f"; the stack of this folder has ended: run `{_STACK}` again, then {_source(_STACK)}"
    return begin if _STACK in written else ""


def _settings(folder: Path) -> list[str] | None:
    """The lines of a stack's settings; None: there are none."""
    try:
        return (folder / "environment").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None


def _source(command: str) -> str:
    return f"source {_FOLDERS[command] / 'environment'}"


def _runs(folder: Path) -> bool:
    """Whether a stack holds its folder: the lock goes with its process, however that ends."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
