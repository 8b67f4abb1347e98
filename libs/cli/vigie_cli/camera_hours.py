"""Camera-hours side by side: one process a core, with progress, and none that outlives the command."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part], processes: int) -> Iterator[Result]:
    """What `work` makes of each camera-hour, in their order.

    Args:
        work: a function of a module, for processes that import it anew.
        parts: what each call takes.
        processes: how many at once.
    """
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_the_command) as pool:
        results = pool.map(work, parts)
        yield from track(results, f"{len(parts)} camera-hours", len(parts), console=Console(stderr=True))


def _end_with_the_command() -> None:
    """A worker of a command that was killed would wait for ever for its next part."""
    Thread(target=_wait_for_the_command, daemon=True).start()


def _wait_for_the_command() -> None:
    command = parent_process()
    if command is not None:
        command.join()
        os._exit(1)
