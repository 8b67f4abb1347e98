"""A real PostgreSQL server on loopback, for the tests: temporary, without root or an installation."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vigie_common.errors import DependencyError
from vigie_dev.install import install_postgres
from vigie_dev.server import HOST, ServerProcess, free_ports

if TYPE_CHECKING:
    from types import TracebackType

_READY_WITHIN_S = 30.0
_FIX = "Look at the end of its log; `make clean` and `make setup` fetch its binaries again."
_UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server when we are root, which it refuses: the first of these that exists."""


class PostgresServer:
    """A server with an empty database; its data vanish when it stops.

    `url` is what a client takes: postgresql://vigie@127.0.0.1:PORT/postgres. Anyone on this
    machine may connect.
    """

    def __init__(self) -> None:
        self._home: Path | None = None
        self._port = 0
        self._user = _unprivileged_user() if os.getuid() == 0 else None
        self._server: ServerProcess | None = None
        self._programs = self._data = Path()

    @property
    def url(self) -> str:
        """The address of the database, with its user."""
        return f"postgresql://vigie@{HOST}:{self._port}/postgres"

    @property
    def pid(self) -> int | None:
        """The server's process id, while it runs."""
        return self._server.pid if self._server is not None else None

    def start(self) -> None:
        """Make a database cluster, start the server, wait until it accepts a connection."""
        installed = install_postgres()
        self._home = Path(tempfile.mkdtemp(prefix="vigie-postgres-"))
        if self._user is None:
            programs = installed
        else:
            # root's cache is closed to the server's user
            programs = self._home / "programs"
            shutil.copytree(installed, programs, symlinks=True)
            self._home.chmod(0o755)
        data = self._home / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(data, *self._user)
        self._initialise(programs, data)
        (self._port,) = free_ports(1)
        # SIGINT: a fast shutdown, which does not wait for clients to leave
        self._server = ServerProcess(
            "PostgreSQL", self._home / "postgres.log", stop_signal=signal.SIGINT, user=self._user
        )
        self._launch(programs, data)

    def _launch(self, programs: Path, data: Path) -> None:
        server = self._server
        if server is None:
            raise DependencyError("PostgreSQL: it was never started: call start()")
        self._programs, self._data = programs, data
        options = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off"}
        server.start(
            [
                str(programs / "bin" / "postgres"),
                *("-D", str(data)),
                *("-p", str(self._port)),
                *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
            ],
            environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
            folder=data,
        )
        server.wait_until(self._accepts, within_s=_READY_WITHIN_S, fix=_FIX)

    def halt(self) -> None:
        """Stop the server and keep its data, as an outage does."""
        if self._server is not None:
            self._server.stop()

    def resume(self) -> None:
        """Start it again on the same port and data."""
        self._launch(self._programs, self._data)

    def stop(self) -> None:
        """Stop and remove its folder."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _initialise(self, programs: Path, data: Path) -> None:
        uid, gid = self._user or (None, None)
        done = subprocess.run(
            [
                str(programs / "bin" / "initdb"),
                "-D",
                str(data),
                "-U",
                "vigie",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
            cwd=data,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_READY_WITHIN_S,
            check=False,
            user=uid,
            group=gid,
            extra_groups=None if self._user is None else (),
        )
        if done.returncode:
            raise DependencyError(f"PostgreSQL: initdb failed with {done.returncode}. {_FIX}\n{done.stderr}")

    def _accepts(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _unprivileged_user() -> tuple[int, int]:
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise DependencyError(
        f"PostgreSQL: refuses to run as root, and there is no user {' or '.join(_UNPRIVILEGED)}: "
        "run the tests as a normal user, or add one (`useradd --system postgres`)"
    )
