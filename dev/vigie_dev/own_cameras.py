"""`make stack`: Kafka, Triton and every service, without footage: for cameras of one's own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

from vigie_dev.footage import HOG, find_detector
from vigie_dev.places import CHECKOUT, state_folder
from vigie_dev.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LOOK_EVERY_S: Final = 0.5


def run(model: str, *, fresh: bool) -> int:
    """Run until interrupted; 0 when every service held out.

    HOG, which needs no file, is served beside the chosen model. What was applied the last time is in force again,
    unless `fresh`.

    Raises:
        VigieError: it could not run; says what to do.
    """
    for name in [name for name in os.environ if name.startswith("VIGIE_") and name != "VIGIE_CACHE"]:
        print(f"  {name} is set in this shell and left out: the stack has its own")
        del os.environ[name]
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says what it tries again while leaders are elected
    detectors = list(dict.fromkeys([find_detector(model), HOG]))
    stack = Stack(state_folder() / "stack", detectors, say=lambda line: print(f"  {line}", flush=True))
    stopped = threading.Event()
    print("servers and services", flush=True)
    with stack.running(fresh=fresh):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        _hint(stack, [detector.name for detector in detectors])
        while not stopped.wait(_LOOK_EVERY_S) and stack.failure is None:
            pass
        print("stopping", flush=True)
    if stack.failure is not None:
        print(f"\n{stack.failure}", file=sys.stderr)
        return 1
    return 0


def _hint(stack: Stack, models: Sequence[str]) -> None:
    folder = _short(stack.folder)
    named = " or ".join(f"`models: [{model}]`" for model in models)
    print(
        f"running; in another terminal:\n"
        f"  source {folder / 'environment'}\n"
        f"  .venv/bin/vigie cameras apply FOLDER      camera files with {named}\n"
        f"  .venv/bin/vigie cameras list --watch      their health\n"
        f"  .venv/bin/vigie apply FOLDER              rules and authorisations too\n"
        f"  .venv/bin/vigie alerts tail               what they find\n"
        f"logs: {folder / 'logs'}   evidence images: {_short(stack.evidence)}   Ctrl-C stops",
        flush=True,
    )


def _short(path: Path) -> Path:
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path
