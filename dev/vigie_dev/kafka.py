"""A real Kafka broker (KRaft, one node) on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
from typing import TYPE_CHECKING

from vigie_common.errors import DependencyError
from vigie_dev.install import install_kafka
from vigie_dev.places import DEV
from vigie_dev.server import HOST, HeldServer, ServerProcess, free_ports, tail

if TYPE_CHECKING:
    from pathlib import Path

_CLUSTER = "4L6g3nShT-eMCtK--X86sw"
_FIX = "It needs 300 MB of memory and Java 17 or later (`java -version`); `make clean` removes damaged data."
_READY_WITHIN_S = 60.0
_PORT_ATTEMPTS = 3


def java() -> str:
    """The java program: JAVA_HOME's, else the one on PATH.

    Raises:
        DependencyError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if found is None:
        raise DependencyError(
            "java: not on PATH and JAVA_HOME is not set: install Java 17 or later "
            "(Debian, Ubuntu: sudo apt install openjdk-17-jre-headless; macOS: brew install openjdk@17)"
        )
    return found


class KafkaBroker(HeldServer):
    """A broker whose data lies in `folder`; `kill()` then `start()` comes back on the same data and port.

    Use it as a context manager, or call `start` and `stop`. `bootstrap` is "127.0.0.1:PORT".
    """

    def __init__(self, folder: Path, *, port: int | None = None, heap_mib: int = 384) -> None:
        self.folder = folder.resolve()
        self.log_path = self.folder / "broker.log"
        self._fixed_port = port
        self._heap_mib = heap_mib
        self._ports: tuple[int, int] | None = None
        self._server = ServerProcess("Kafka", self.log_path, stop_within_s=20.0)

    @property
    def port(self) -> int:
        """The client port; known once started."""
        if self._ports is None:
            raise DependencyError("Kafka: has no port before its first start: call start()")
        return self._ports[0]

    @property
    def bootstrap(self) -> str:
        """What a client's bootstrap setting takes."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id, while it runs."""
        return self._server.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._server.running

    def start(self) -> None:
        """Start and wait until the broker answers a metadata request with itself in it.

        Raises:
            DependencyError: it did not come up; with the end of its log.
        """
        jars = install_kafka()
        chosen = self._ports is not None
        for attempt in range(_PORT_ATTEMPTS):
            if not chosen:
                client, controller = free_ports(2)
                self._ports = (self._fixed_port or client, controller)
            try:
                self._start_once(jars)
            except DependencyError as error:
                # somebody took the port between our looking and its binding
                taken = "Address already in use" in str(error)
                if chosen or self._fixed_port or not taken or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                return

    def _start_once(self, jars: Path) -> None:
        properties = self._write_properties()
        data = self.folder / "data"
        if not (data / "meta.properties").exists():
            self._format(jars, properties)
        log4j = DEV / "kafka" / "log4j2.properties"
        self._server.start(
            [
                java(),
                f"-Xmx{self._heap_mib}m",
                "-Xms64m",
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                f"-Dlog4j2.configurationFile={log4j}",
                "-cp",
                f"{jars}/*",
                "kafka.Kafka",
                str(properties),
            ],
            environment=os.environ,
            folder=self.folder,
        )
        port = self.port
        self._server.wait_until(lambda: answers(port), within_s=_READY_WITHIN_S, fix=_FIX)

    def stop(self) -> None:
        """Stop cleanly."""
        self._server.stop()

    def kill(self) -> None:
        """Kill -9, as a power cut would; `start()` recovers."""
        self._server.kill()

    def _write_properties(self) -> Path:
        client, controller = self.port, (self._ports or (0, 0))[1]
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        own = {
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"PLAINTEXT://{HOST}:{client},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{client}",
            "log.dirs": self.folder / "data",
        }
        common = (DEV / "kafka" / "server.properties").read_text()
        properties.write_text(common + "".join(f"{name}={value}\n" for name, value in own.items()))
        return properties

    def _format(self, jars: Path, properties: Path) -> None:
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "-t",
            _CLUSTER,
            "-c",
            str(properties),
        ]
        with self.log_path.open("ab") as log:
            status = subprocess.run(
                [java(), "-Xmx96m", "-XX:+UseSerialGC", "-cp", f"{jars}/*", *tool],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_READY_WITHIN_S,
                check=False,
            ).returncode
        if status:
            raise DependencyError(
                f"Kafka: formatting {self.folder / 'data'} failed with status {status}. {_FIX}\n{tail(self.log_path)}"
            )


def answers(port: int) -> bool:
    """Whether a broker on this port answers Metadata (version 4, no topics) naming a broker and a controller.

    https://kafka.apache.org/protocol#The_Messages_Metadata. Raw: it can be asked from any thread or loop.
    """
    client_id = b"vigie-dev"
    header = struct.pack(">hhih", 3, 4, 1, len(client_id)) + client_id
    request = header + struct.pack(">ib", 0, 0)
    with (
        contextlib.suppress(OSError, struct.error),
        socket.create_connection((HOST, port), 0.5) as connection,
    ):
        connection.settimeout(2.0)
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack(">i", stream.read(4))
            response = stream.read(size)
        brokers = struct.unpack_from(">i", response, 8)[0]
        return bool(brokers >= 1)
    return False
