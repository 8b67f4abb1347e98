"""What the demo shows: a live table on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_dev.stack import Stack
    from vigie_dev.tally import Tally

_RATE_OVER_S = 5.0
_LINE_EVERY_S = 5.0
_CPU = "process_cpu_seconds_total"
_STARTED = "process_start_time_seconds"


@dataclass(slots=True)
class Scene:
    """All that is shown: the stack, the counts, and what was measured of them."""

    stack: Stack
    tally: Tally
    begun: float = field(default_factory=time.monotonic)
    lags: dict[str, int] = field(default_factory=dict)
    """Records behind, by service."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Share of a core, by service."""
    _replaced: Counter[str] = field(default_factory=Counter)
    """Workers that their own parent replaced, by service, as far as two readings show it."""
    _seen: deque[tuple[float, int, int]] = field(default_factory=deque)
    _cpu_seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    _worker: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Times the stack had started the service again, and when its worker began, by service."""

    def rates(self) -> tuple[float, float]:
        """Frames and detections a second over the last seconds."""
        now = time.monotonic()
        self._seen.append((now, self.tally.frames, self.tally.detections))
        while now - self._seen[0][0] > _RATE_OVER_S:
            self._seen.popleft()
        then, frames, detections = self._seen[0]
        passed = max(now - then, 0.1)
        return (self.tally.frames - frames) / passed, (self.tally.detections - detections) / passed

    def restarts(self) -> Counter[str]:
        """How often each service was started again: by the stack, or its worker by its own parent."""
        again = {name: len(service.restarted_at) for name, service in self.stack.services.items()}
        return Counter(again) + self._replaced

    async def read_metrics(self) -> None:
        """Ask each service's /metrics what it uses; one that is being restarted is left out."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            for name, service in self.stack.services.items():
                launched = len(service.restarted_at)
                try:
                    async with session.get(f"http://127.0.0.1:{service.port}/metrics") as answer:
                        text = await answer.text()
                except (aiohttp.ClientError, TimeoutError):
                    self.cpu.pop(name, None)
                    continue
                if launched == len(service.restarted_at):
                    self.account(name, text, launched)

    def account(self, name: str, text: str, launched: int) -> None:
        """What a service's /metrics says of its worker: the processor it uses, and whether its parent replaced it.

        `launched` is how often the stack had started the service again when it answered.
        """
        now = time.monotonic()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == _CPU:
                    then, before = self._cpu_seconds.get(name, (now, sample.value))
                    if now > then and sample.value >= before:
                        self.cpu[name] = (sample.value - before) / (now - then)
                    self._cpu_seconds[name] = (now, sample.value)
                elif sample.name == _STARTED:
                    launches, began = self._worker.get(name, (launched, sample.value))
                    self._replaced[name] += launches == launched and began != sample.value
                    self._worker[name] = (launched, sample.value)


class Shown(Protocol):
    """Where it is shown."""

    def refresh(self) -> None:
        """Show how things stand now."""

    def say(self, line: str) -> None:
        """Show one event, which stays."""


@contextlib.contextmanager
def view(scene: Scene, *, live: bool) -> Iterator[Shown]:
    """A live table, or plain lines."""
    if not live:
        yield _Lines(scene)
        return
    console = Console()
    with Live(console=console, auto_refresh=False, transient=False) as display:
        yield _LiveTable(scene, display)


class _Lines:
    """For a log file: a line every few seconds, each event at once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._last = 0.0

    def refresh(self) -> None:
        """A line of counts, when the last one is old enough."""
        frames, detections = self._scene.rates()
        now = time.monotonic()
        if now - self._last < _LINE_EVERY_S:
            return
        self._last = now
        counts = self._scene.tally.summary()
        behind = sum(self._scene.lags.values())
        print(
            f"{now - self._scene.begun:5.0f} s  cameras {counts['cameras']}  frames {counts['frames']} "
            f"({frames:.1f}/s)  detections {counts['detections']} ({detections:.1f}/s)  tracks {counts['tracks']}  "
            f"alerts {counts['alerts']}  lag {behind}",
            flush=True,
        )

    def say(self, line: str) -> None:
        """The event."""
        print(f"  {line}", flush=True)


class _LiveTable:
    """For a terminal."""

    def __init__(self, scene: Scene, display: Live) -> None:
        self._scene = scene
        self._display = display

    def refresh(self) -> None:
        """Draw both tables anew."""
        self._display.update(Group(self._flow(), self._services()), refresh=True)

    def say(self, line: str) -> None:
        """The event, above the tables."""
        self._display.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _flow(self) -> Table:
        frames, detections = self._scene.rates()
        counts = self._scene.tally.summary()
        title = f"Vigie, {time.monotonic() - self._scene.begun:.0f} s"
        table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
        cells = {
            "cameras": str(counts["cameras"]),
            "frames": str(counts["frames"]),
            "f/s": f"{frames:.1f}",
            "detections": str(counts["detections"]),
            "d/s": f"{detections:.1f}",
            "tracks": str(counts["tracks"]),
            "events": str(counts["rule_events"]),
            "alerts": f"[bold green]{counts['alerts']}[/]",
            "lag": str(sum(self._scene.lags.values())),
            "shed": str(counts["shed"]),
            "dead": str(counts["dead_letters"]),
        }
        for name in cells:
            table.add_column(name, justify="right", header_style="cyan", no_wrap=True)
        table.add_row(*cells.values())
        return table

    def _services(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("service", "core", "lag", "restarts"):
            table.add_column(name, justify="left" if name == "service" else "right", style="dim")
        restarts = self._scene.restarts()
        for name in reversed(self._scene.stack.services):
            used = self._scene.cpu.get(name)
            behind = self._scene.lags.get(name)
            table.add_row(
                name,
                "" if used is None else f"{used:.0%}",
                "" if behind is None else str(behind),
                str(restarts[name]),
            )
        return table
