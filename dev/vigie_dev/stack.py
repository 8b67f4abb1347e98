"""The whole of Vigie on one machine: Kafka, Triton and every service, started, kept running and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from vigie_common.catalogue import load_catalogue
from vigie_common.errors import EXIT_CONFIGURATION, DependencyError
from vigie_common.settings import Settings
from vigie_common.topics import create_topics
from vigie_dev.kafka import KafkaBroker
from vigie_dev.server import ServerProcess, free_ports, http_ok, tail
from vigie_dev.triton import TritonServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vigie_dev.footage import Detector

SERVICES: Final = ("statistics_history", "statistics", "alert", "rule_engine", "tracking", "inference", "frame_sampler")
"""In the order of their start: who reads stands ready before who writes."""

_PROGRAMS: Final = {"statistics_history": ("vigie_statistics", "history")}
"""What a service is started as, where that is not the module of its name."""

PARTITIONS: Final = 12
_READY_WITHIN_S: Final = 180.0
_STOP_WITHIN_S: Final = 12.0
_STEP_S: Final = 2.0
"""How long a service may take to stop before the next one is asked too."""
_LOOK_EVERY_S: Final = 0.1
_RESTARTS: Final = 10
_RESTART_WINDOW_S: Final = 60.0


@dataclass(slots=True)
class RunningService:
    """One service of the stack."""

    name: str
    process: ServerProcess
    port: int
    environment: Mapping[str, str]
    restarted_at: list[float] = field(default_factory=list)
    """Monotonic seconds of each restart after an unexpected end."""


class Stack:
    """Every part with its data below `folder`: `kafka`, `triton`, `models`, `logs`, `evidence`, and both databases.

    Args:
        folder: where it all lies; one stack at a time.
        detectors: the models that Triton serves.
        say: told about each stage.
    """

    def __init__(
        self,
        folder: Path,
        detectors: Sequence[Detector],
        *,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder.resolve()
        self.evidence = self.folder / "evidence"
        self._exported = self.folder / "environment"
        """The settings, for shells to take over."""
        self.kafka = KafkaBroker(self.folder / "kafka")
        self.services: dict[str, RunningService] = {}
        self.failure: DependencyError | None = None
        """Why the stack cannot go on, once a service has ended for good."""
        self._detectors = detectors
        self._say = say
        self._triton: TritonServer | None = None
        self._watching: threading.Thread | None = None
        self._stopping = threading.Event()
        self._changing = threading.Lock()

    @property
    def triton(self) -> TritonServer:
        """The inference server, once started."""
        if self._triton is None:
            raise DependencyError("Triton: the stack has not started it: call start_servers()")
        return self._triton

    @property
    def settings(self) -> Settings:
        """What a client of this stack's Kafka takes."""
        return Settings(kafka_bootstrap=self.kafka.bootstrap, topic_partitions=PARTITIONS)

    def environment(self) -> dict[str, str]:
        """The `VIGIE_*` variables of this stack, for services and for the `vigie` command."""
        return {
            "VIGIE_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "VIGIE_TRITON_URL": self.triton.grpc_url,
            "VIGIE_TOPIC_PARTITIONS": str(PARTITIONS),
            "VIGIE_ALERT_DATABASE_URL": f"sqlite:///{self.folder / 'alerts.db'}",
            "VIGIE_ALERT_EVIDENCE_DIR": str(self.evidence),
            "VIGIE_STATISTICS_DATABASE_URL": f"sqlite:///{self.folder / 'statistics.db'}",
        }

    @contextlib.contextmanager
    def running(self, configure: Callable[[], None] = lambda: None, *, fresh: bool = False) -> Iterator[Self]:
        """Hold the folder, run everything, stop it at the end.

        Args:
            configure: called when Kafka and Triton answer and before the services start.
            fresh: remove what an earlier run left in the folder.

        Raises:
            DependencyError: another stack holds the folder: on the same data they would damage each other.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as taken:
                raise DependencyError(f"{self.folder}: another stack runs there: stop it first (Ctrl-C)") from taken
            if fresh:
                self._clear()
            self._exported.unlink(missing_ok=True)  # of the last time: its servers are gone
            try:
                self.start_servers()
                configure()
                self.start_services()
                yield self
            finally:
                with _uninterrupted():
                    self.stop()

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()

    def start_servers(self) -> None:
        """Kafka with every topic, and Triton with the detectors.

        Raises:
            DependencyError: a server does not come up.
        """
        from vigie_inference.repository import build_repository

        begun = time.monotonic()
        self.kafka.start()
        self._say(f"Kafka    {self.kafka.bootstrap}  {time.monotonic() - begun:.1f} s")
        begun = time.monotonic()
        created = asyncio.run(create_topics(self.settings))
        self._say(f"topics   {len(created)}  {time.monotonic() - begun:.1f} s")
        begun = time.monotonic()
        names = [detector.name for detector in self._detectors]
        files = {detector.name: detector.file for detector in self._detectors if detector.file is not None}
        repository = self.folder / "models"
        build_repository(load_catalogue(), names, files, repository)
        self._triton = TritonServer(repository, names, self.folder / "triton")
        self._triton.start()
        self._say(f"Triton   {self._triton.grpc_url}  {', '.join(names)}  {time.monotonic() - begun:.1f} s")
        exports = (f"export {name}={shlex.quote(value)}\n" for name, value in self.environment().items())
        self._exported.write_text("".join(exports))

    def start_services(self) -> None:
        """Every service, each awaited on its own `/ready`; from then on whoever ends is started again.

        Raises:
            DependencyError: one ended, or is not ready in time; with the end of its log.
        """
        inherited = {n: value for n, value in os.environ.items() if not n.startswith("VIGIE_") or n == "VIGIE_CACHE"}
        for name, port in zip(SERVICES, free_ports(len(SERVICES)), strict=True):
            own = {
                "VIGIE_HTTP_PORT": str(port),
                "VIGIE_INSTANCE_ID": f"{name}-0",
                "VIGIE_LOG_FORMAT": "console",
            }
            self.services[name] = RunningService(
                name,
                ServerProcess(name, self.folder / "logs" / f"{name}.log", stop_within_s=_STOP_WITHIN_S),
                port,
                {**inherited, **self.environment(), **own},
            )
        begun = time.monotonic()
        for names in (SERVICES[:-1], SERVICES[-1:]):  # no frame waits for a reader that is still starting
            for name in names:
                self._launch(self.services[name])
            for name in names:
                port = self.services[name].port
                self.services[name].process.wait_until(
                    lambda port=port: http_ok(port, "/ready"),  # type: ignore[misc] # bound now, not at the call
                    within_s=_READY_WITHIN_S,
                    fix=f"Ask it why: curl http://127.0.0.1:{port}/ready while it runs.",
                )
                self._say(f"service  {name}  http://127.0.0.1:{port}  {time.monotonic() - begun:.1f} s")
        self._stopping.clear()
        self._watching = threading.Thread(target=self._watch, name="vigie-dev-stack", daemon=True)
        self._watching.start()

    def kill(self, name: str) -> None:
        """Kill -9 one service, as a power cut would; the stack starts it again."""
        with self._changing:
            self.services[name].process.kill()

    def stop_services(self) -> None:
        """Stop the services in the reverse order, within a bounded time; what they read is committed."""
        self._stopping.set()
        if self._watching is not None:
            self._watching.join()
            self._watching = None
        deadline = time.monotonic() + _STOP_WITHIN_S
        backwards = [service.process for service in reversed(self.services.values())]
        for process in backwards:
            process.signal(signal.SIGTERM)
            process.ended_within(min(_STEP_S, max(0.0, deadline - time.monotonic())))
        for process in backwards:
            if not process.ended_within(max(0.0, deadline - time.monotonic())):
                self._say(f"{process.name} did not stop in {_STOP_WITHIN_S:.0f} s and was killed: {process.log}")
                process.kill()
            process.stop()

    def stop(self) -> None:
        """Stop everything in the reverse order, within a bounded time."""
        self.stop_services()
        if self._triton is not None:
            self._triton.stop()
        self.kafka.stop()

    def _launch(self, service: RunningService) -> None:
        command = [sys.executable, "-m", *_PROGRAMS.get(service.name, (f"vigie_{service.name}",))]
        service.process.start(command, environment=service.environment, folder=self.folder)

    def _watch(self) -> None:
        """Start again who has ended; give up on who cannot run."""
        while not self._stopping.wait(_LOOK_EVERY_S):
            with self._changing:
                for service in self.services.values():
                    if not service.process.running and self.failure is None:
                        self._restart(service)

    def _restart(self, service: RunningService) -> None:
        now = time.monotonic()
        recent = [at for at in service.restarted_at if now - at < _RESTART_WINDOW_S]
        status = service.process.exit_status
        log = service.process.log
        if status == EXIT_CONFIGURATION or len(recent) >= _RESTARTS:
            why = "its configuration is wrong" if status == EXIT_CONFIGURATION else "it ends again and again"
            self.failure = DependencyError(f"{service.name}: {why} (status {status}). The end of {log}:\n{tail(log)}")
            return
        service.restarted_at.append(now)
        self._launch(service)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Inside, a second Ctrl-C does not break off what the first one began; it is bounded in time anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
