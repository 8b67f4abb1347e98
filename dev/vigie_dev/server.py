"""One process of the local stack: started, awaited by a real call, stopped by its id, never left behind."""

from __future__ import annotations

import contextlib
import http
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vigie_common.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

_LEASH = Path(__file__).with_name("leash.py")
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vigie-dev-starter")
"""Every command is started from this one thread, because it gets its death signal when the thread ends."""

HOST = "127.0.0.1"
_POLL_S = 0.05
_TAIL_LINES = 15


def free_ports(count: int) -> list[int]:
    """`count` loopback TCP ports that nothing listens on at this moment."""
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(count):
            listener = held.enter_context(socket.socket())
            listener.bind((HOST, 0))
            ports.append(int(listener.getsockname()[1]))
        return ports


def http_ok(port: int, path: str) -> bool:
    """Whether GET `path` on a loopback port answers 200. Never through a proxy."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2.0)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log, indented, or a sentence saying that there are none."""
    if not path.exists() or not path.stat().st_size:
        return f"  ({path} is empty)"
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 200 * lines))
        text = log.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


class ServerProcess:
    """A command that runs until it is stopped, with its output in a log file.

    Args:
        name: what a person calls it, for messages.
        log: where standard output and error go (appended).
        stop_signal: what asks it to end cleanly.
        stop_within_s: how long it may take before it is killed.
        user: (uid, gid) to run as, or None for ours.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_within_s: float = 10.0,
        user: tuple[int, int] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._stop_within_s = stop_within_s
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """How it ended (negative: by that signal), or None."""
        return self._process.poll() if self._process is not None else None

    def start(self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None) -> None:
        """Start the command; nothing is awaited."""
        if self.running:
            raise DependencyError(f"{self.name}: already running as process {self.pid}: stop it first")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        user = "-" if self._user is None else f"{self._user[0]}:{self._user[1]}"
        leashed = [sys.executable, "-SE", str(_LEASH), str(os.getpid()), user, *command]

        def launch() -> subprocess.Popen[bytes]:
            with self.log.open("ab") as log:
                return subprocess.Popen(
                    leashed,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    cwd=folder,
                    start_new_session=True,
                )

        self._process = _STARTER.submit(launch).result()

    def wait_until(self, ready: Callable[[], bool], *, within_s: float, fix: str) -> None:
        """Return when `ready()` is true.

        Raises:
            DependencyError: it ended, or was not ready in time; with the end of its log and the fix.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            status = self.exit_status
            if status is not None:
                raise DependencyError(
                    f"{self.name}: ended with status {status} before it was ready. {fix}\n"
                    f"The end of {self.log}:\n{tail(self.log)}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise DependencyError(
                    f"{self.name}: not ready after {within_s:.0f} s, so it was stopped. {fix}\n"
                    f"The end of {self.log}:\n{tail(self.log)}"
                )
            time.sleep(_POLL_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def ended_within(self, seconds: float) -> bool:
        """Whether it has ended, after waiting for at most this long."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ask it to end, wait for a bounded time, then kill it and what it started."""
        if self._process is None:
            return
        self.signal(self._stop_signal)
        if not self.ended_within(self._stop_within_s):
            self._process.kill()
            self._process.wait()
        self._end_group(self._process.pid)
        self._process = None

    def kill(self) -> None:
        """Kill -9, as a power cut would, what it started included, and wait until it is gone."""
        if self._process is None:
            return
        self._process.kill()
        self._end_group(self._process.pid)
        self._process.wait()
        self._process = None

    @staticmethod
    def _end_group(leader: int) -> None:
        """Kill what is left of its session, which is its own: only what it started is in there."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


class HeldServer(ABC):
    """A server that runs as long as it is held: `with KafkaBroker(folder) as broker:`."""

    @abstractmethod
    def start(self) -> None:
        """Start and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """Stop cleanly."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
