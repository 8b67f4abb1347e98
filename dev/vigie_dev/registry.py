"""A real schema registry (Apicurio, Confluent-compatible API) on loopback, for the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vigie_dev.install import install_registry
from vigie_dev.kafka import java
from vigie_dev.server import HOST, HeldServer, ServerProcess, free_ports, http_ok

if TYPE_CHECKING:
    from pathlib import Path

_READY_WITHIN_S = 60.0
_FIX = "It needs 300 MB of memory and Java 17 or later (`java -version`)."
_API = "/apis/ccompat/v7"


class SchemaRegistry(HeldServer):
    """`url` is the base of the Confluent-compatible API, version 7."""

    def __init__(self, folder: Path) -> None:
        self.log_path = folder.resolve() / "registry.log"
        self._port = 0
        self._server = ServerProcess("Schema registry", self.log_path)

    @property
    def url(self) -> str:
        """As VIGIE_SCHEMA_REGISTRY_URL takes it."""
        return f"http://{HOST}:{self._port}{_API}"

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Start and wait until it lists its subjects."""
        programs = install_registry()
        self._port, management = free_ports(2)
        (runner,) = programs.glob("*-runner.jar")
        self._server.start(
            [
                java(),
                "-Xmx320m",
                "-XX:+UseSerialGC",
                f"-Dquarkus.http.host={HOST}",
                f"-Dquarkus.http.port={self._port}",
                f"-Dquarkus.management.host={HOST}",
                f"-Dquarkus.management.port={management}",
                "-jar",
                str(runner),
            ],
            environment=os.environ,
            folder=programs,
        )
        self._server.wait_until(lambda: http_ok(self._port, f"{_API}/subjects"), within_s=_READY_WITHIN_S, fix=_FIX)

    def stop(self) -> None:
        """Stop cleanly."""
        self._server.stop()
