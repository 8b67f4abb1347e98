"""The process of a service: a parent that only watches, and a worker that may die at any time.

A worker that meets what it cannot handle ends (crash-only); its parent forks another within a second, from
the modules that it has already loaded. Only a configuration error ends both: starting again cannot help.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

import structlog
import uvloop

from vigie_common.errors import EXIT_CONFIGURATION, ConfigurationError, VigieError
from vigie_common.known_settings import unknown_variables
from vigie_common.log import configure_logging
from vigie_common.settings import AnySettings, Settings, read_settings
from vigie_common.telemetry import Health, serve_http

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_EXIT_CRASH: Final = 70
_RESTART_S: Final = 0.5
_STOP_S: Final = 9.5
_CRASHES: Final = 20
_CRASH_WINDOW_S: Final = 120.0
_PR_SET_PDEATHSIG: Final = 1
_GARBAGE: Final = (50_000, 20, 20)
"""Objects between two looks for cycles: records have none, and come by the thousand."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Service:
    """What the process gives to a service's `serve`."""

    name: str
    health: Health = field(default_factory=Health)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set on SIGTERM or SIGINT: finish what is in flight, commit, return."""


def run(
    name: str, settings_class: type[AnySettings], serve: Callable[[AnySettings, Service], Awaitable[None]]
) -> NoReturn:
    """Run a service until it is told to stop. Never returns.

    Exit status: 0 stopped as told; 78 wrong configuration; 70 the worker crashes again and again.
    """
    try:
        settings = read_settings(settings_class)
    except ConfigurationError as wrong:
        sys.stderr.write(f"vigie {name}: {wrong}\n")
        sys.exit(EXIT_CONFIGURATION)
    configure_logging(settings, name)
    for unknown in unknown_variables(os.environ):
        _log.warning(unknown)
    sys.exit(_watch(name, lambda: _work(name, settings, serve)))


def _watch(name: str, work: Callable[[], int]) -> int:
    """Fork workers, one after another, until one ends on purpose."""
    gc.collect()
    gc.freeze()  # what the modules hold stays: no worker looks through it again for garbage
    gc.set_threshold(*_GARBAGE)
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: told.append(caught))
    crashes: list[float] = []
    while not told:
        parent = os.getpid()
        worker = os.fork()
        if worker == 0:
            _die_with(parent)
            status = _worker_status(work)
            sys.stderr.flush()
            os._exit(status)
        status = _wait(worker, told)
        if told or status == 0:
            return 0
        if status == EXIT_CONFIGURATION:
            return EXIT_CONFIGURATION
        now = time.monotonic()
        crashes = [at for at in crashes if now - at < _CRASH_WINDOW_S] + [now]
        if len(crashes) >= _CRASHES:
            _log.error("the worker keeps crashing: giving up", service=name, crashes=len(crashes))
            return _EXIT_CRASH
        _log.warning("the worker ended: starting another", service=name, status=status, crashes=len(crashes))
        time.sleep(_RESTART_S)
    return 0


def _wait(worker: int, told: list[int]) -> int:
    """The worker's exit status; one that does not stop in time is killed."""
    deadline = None
    while True:
        pid, status = os.waitpid(worker, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if told:
            deadline = deadline or time.monotonic() + _STOP_S
            late = time.monotonic() > deadline
            if late:
                _log.error("the worker did not stop in time: killing it", seconds=_STOP_S)
            # again and again: a worker that has only just been forked may not listen yet
            os.kill(worker, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.05)


def _worker_status(work: Callable[[], int]) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        return work()
    except BaseException:  # noqa: BLE001 - the one place where a worker ends; logged, and its parent starts another
        _log.exception("the worker crashed")
        return _EXIT_CRASH


def _work(name: str, settings: AnySettings, serve: Callable[[AnySettings, Service], Awaitable[None]]) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status = runner.run(_serve(name, settings, serve))
        # aiokafka's tasks may swallow the runner's cancellation and hang it: all is flushed, the process ends here
        sys.stderr.flush()
        os._exit(status)


async def _serve(name: str, settings: AnySettings, serve: Callable[[AnySettings, Service], Awaitable[None]]) -> int:
    """The worker's exit status."""
    service = Service(name)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stopping.set)
    try:
        port = await _listen(settings, service)
        _log.info("worker started", http=f"{settings.http_host}:{port}", pid=os.getpid())
        await serve(settings, service)
    except BaseException as raised:  # noqa: BLE001 - the one place where a worker ends; its parent starts another
        return _status_after(raised)
    _log.info("stopped")
    return 0


def _status_after(error: BaseException) -> int:
    """The exit status of a worker that ends by this error, which is told once."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]  # a task group wraps what one of its tasks raised
    if isinstance(error, ConfigurationError):
        _log.error("configuration", error=str(error))
        return EXIT_CONFIGURATION
    if isinstance(error, VigieError):  # it says what is wrong and what to do: where it arose helps nobody
        _log.error("the worker ends", error=str(error))
    else:
        _log.error("the worker crashed", exc_info=error)
    return _EXIT_CRASH


async def _listen(settings: Settings, service: Service) -> int:
    try:
        _, port = await serve_http(service.health, settings.http_host, settings.http_port)
    except OSError as taken:
        raise ConfigurationError(
            f"{settings.http_host}:{settings.http_port} cannot be listened on ({taken.strerror}): "
            "set VIGIE_HTTP_PORT to a free port, or to 0 for any"
        ) from taken
    return port


def _die_with(parent: int) -> None:
    """The kernel kills this process when its parent dies, even by SIGKILL (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(_EXIT_CRASH)
