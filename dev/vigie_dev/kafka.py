"""A real Kafka broker (KRaft, one node) on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
from dataclasses import dataclass
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
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


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


@dataclass(frozen=True, slots=True)
class Secured:
    """A second listener that speaks SASL_SSL with SCRAM-SHA-512 and knows one user."""

    user: str
    password: str
    keystore: Path
    """PEM: the broker's key (PKCS 8), then its certificate."""


class KafkaBroker(HeldServer):
    """A broker whose data lies in `folder`; `kill()` then `start()` comes back on the same data and port.

    Use it as a context manager, or call `start` and `stop`. `bootstrap` is "127.0.0.1:PORT".
    """

    def __init__(
        self, folder: Path, *, port: int | None = None, heap_mib: int = 384, secured: Secured | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.log_path = self.folder / "broker.log"
        self._fixed_port = port
        self._heap_mib = heap_mib
        self._secured = secured
        self._ports: tuple[int, int, int] | None = None
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
    def secured_bootstrap(self) -> str:
        """The same of the listener that asks for a password."""
        if self._secured is None or self._ports is None:
            raise DependencyError("Kafka: has no secured listener: give `secured`, and call start()")
        return f"{HOST}:{self._ports[2]}"

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
                client, controller, secured = free_ports(3)
                self._ports = (self._fixed_port or client, controller, secured)
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
        client, controller, secured = self._ports or (0, 0, 0)
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        own: dict[str, str | Path] = {
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"PLAINTEXT://{HOST}:{client},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{client}",
            "log.dirs": self.folder / "data",
        }
        if self._secured is not None:
            for name in ("listeners", "advertised.listeners"):
                own[name] = f"{own[name]},SASL_SSL://{HOST}:{secured}"
            own |= {
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
                "listener.name.sasl_ssl.ssl.keystore.type": "PEM",
                "listener.name.sasl_ssl.ssl.keystore.location": self._secured.keystore,
                "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512",
                "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": _SCRAM,
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
        if self._secured is not None:
            known = f"SCRAM-SHA-512=[name={self._secured.user},password={self._secured.password}]"
            tool += ["--add-scram", known]
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
