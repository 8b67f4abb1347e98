"""A real Triton inference server on loopback, from its wheel, without Docker."""

from __future__ import annotations

import os
import sysconfig
from typing import TYPE_CHECKING

from vigie_common.errors import ConfigurationError, DependencyError
from vigie_dev.install import install_triton, triton_server
from vigie_dev.server import HOST, HeldServer, ServerProcess, free_ports, http_ok

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FIX = "Read the log's first error: a model that does not load names its file there."
_READY_WITHIN_S = 120.0
_PORT_ATTEMPTS = 3
_HOLD_MEMORY = str(256 << 20)
"""Keeps decoded images' memory in the process: halves the cost of a decode."""


class TritonServer(HeldServer):
    """A server over a model repository folder, serving `models`, which lie in it.

    `grpc_url` and `http_url` are "127.0.0.1:PORT". `kill()` then `start()` comes back on the same ports.
    """

    def __init__(self, repository: Path, models: Sequence[str], folder: Path) -> None:
        self.repository = repository.resolve()
        self.models = tuple(models)
        self.log_path = folder.resolve() / "triton.log"
        self._ports: list[int] = []
        self._server = ServerProcess("Triton", self.log_path, stop_within_s=15.0)

    def _port(self, index: int) -> int:
        if not self._ports:
            raise DependencyError("Triton: has no port before its first start: call start()")
        return self._ports[index]

    @property
    def http_url(self) -> str:
        """Address of the HTTP API, without a scheme."""
        return f"{HOST}:{self._port(0)}"

    @property
    def grpc_url(self) -> str:
        """Address of the gRPC API, as VIGIE_TRITON_URL takes it."""
        return f"{HOST}:{self._port(1)}"

    @property
    def pid(self) -> int | None:
        """The server's process id, while it runs."""
        return self._server.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._server.running

    def start(self) -> None:
        """Start and wait until the server and each model say that they are ready.

        Raises:
            ConfigurationError: a model is not in the repository.
            DependencyError: it did not come up; with the end of its log.
        """
        for model in self.models:
            if not (self.repository / model / "config.pbtxt").exists():
                lies = ", ".join(sorted(path.parent.name for path in self.repository.glob("*/config.pbtxt"))) or "none"
                raise ConfigurationError(f"Triton: model {model!r} is not in {self.repository} (there: {lies})")
        environment = install_triton()
        chosen = bool(self._ports)
        for attempt in range(_PORT_ATTEMPTS):
            if not chosen:
                self._ports = free_ports(3)
            try:
                self._start_once(environment)
            except DependencyError as error:
                # somebody took a port between our looking and its binding
                taken = "already in use" in str(error) or "Address already" in str(error)
                if chosen or not taken or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                return

    def _start_once(self, environment: Path) -> None:
        server = triton_server(environment)
        http, grpc, metrics = self._ports
        self._server.start(
            [
                str(server / "bin" / "tritonserver"),
                f"--model-repository={self.repository}",
                f"--backend-directory={server / 'backends'}",
                "--model-control-mode=explicit",
                *(f"--load-model={model}" for model in self.models),
                f"--http-address={HOST}",
                f"--http-port={http}",
                f"--grpc-address={HOST}",
                f"--grpc-port={grpc}",
                f"--metrics-address={HOST}",
                f"--metrics-port={metrics}",
                "--log-verbose=0",
            ],
            environment=_environment(environment),
        )
        paths = ["/v2/health/ready", *(f"/v2/models/{model}/ready" for model in self.models)]
        self._server.wait_until(lambda: all(http_ok(http, path) for path in paths), within_s=_READY_WITHIN_S, fix=_FIX)

    def stop(self) -> None:
        """Stop cleanly, its Python stubs included."""
        self._server.stop()

    def kill(self) -> None:
        """Kill -9; `start()` comes back."""
        self._server.kill()


def _environment(folder: Path) -> dict[str, str]:
    """The variables with which the server's Python backend finds its own interpreter and packages."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIGIE_"))}
    libraries = sysconfig.get_config_var("LIBDIR")
    return {
        **inherited,
        "VIRTUAL_ENV": str(folder),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, [libraries, os.environ.get("LD_LIBRARY_PATH")])),
        "MALLOC_TRIM_THRESHOLD_": _HOLD_MEMORY,
        "MALLOC_MMAP_THRESHOLD_": _HOLD_MEMORY,
    }
