"""As many cameras as the machine holds, by what is read of them: CPU and memory of the sampler a camera.

`python tests/bench/bench_cameras.py [cores]`, or `make bench ONLY=cameras` (`CORES=2`); the last line is JSON. For each
kind one sampler begins with a few cameras; what all of it costs, servers and broker included, tells how many fill
the machine; more are added in steps until they no longer get their rate, then some are taken away again, until the
kind's time is over. Held: at least 95 % of the images wanted came, none was given up and no camera went offline.
CPU and memory are the sampler's processes' alone: serving is not its work, but takes its share of the same cores.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from bench_sampler import camera_records, running_sampler, sampler_settings
from clips import MAIN, MAIN_KEYS, SNAPSHOT, SUB, Clip, cameras, http_cameras
from harness import Row, alone, counter, cpu_s, family, produce, row

from vigie_dev.kafka import KafkaBroker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from vigie_common.settings import Settings

FEW: Final = 4
MOST: Final = 240
FIRST: Final = 0.7
"""Part of the cameras thought to fill the machine that the second point takes: fixed costs weigh on the first."""

FILL: Final = 0.88
FAIR: Final = 0.6
"""Of the cores, what can be had beside others however many they take."""

STEP: Final = 1.15
HELD: Final = 0.95
"""Part of the wanted images that must have come."""

POINTS: Final = 4
KIND_S: Final = 52.0
"""Nothing is begun of a kind after so long."""

POINT_S: Final = 14.0
"""What a point takes; up to ten seconds more where cameras do not come online."""

ONLINE_S: Final = 15.0
WARM_S: Final = 4.0
"""Until key frames are known to suffice."""

SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What is read of a camera: its source, the clip, how often; for HTTP its pictures a second."""

    name: str
    clip: Clip
    fps: float = 2.0
    source: str = "rtsp"
    rate: float = 0.0

    def served(self, count: int) -> AbstractContextManager[list[str]]:
        """So many of them; their addresses."""
        if self.source == "rtsp":
            return cameras(self.clip, count)
        return http_cameras(self.clip, count, self.source, self.rate)


KINDS: Final = (
    Kind("main stream 1080p25, a key frame a second, 2 fps", MAIN),
    Kind("main stream, a key frame each sampling period, 2 fps", MAIN_KEYS),
    Kind("main stream, a key frame each sampling period, 1 fps", MAIN, 1.0),
    Kind("sub-stream 640×360 at 10 fps, 2 fps", SUB),
    Kind("MJPEG 1280×720 at 10 fps, 2 fps", SNAPSHOT, source="mjpeg", rate=10.0),
    Kind("snapshots 1280×720, 2 fps", SNAPSHOT, source="snapshot", rate=10.0),
)


@dataclass(frozen=True, slots=True)
class Point:
    """So many cameras at once: cores of the sampler, of all of it with servers and broker, of all others; memory."""

    cameras: int
    sampler_cores: float
    whole_cores: float
    others_cores: float
    memory_mb: float
    part: float
    """Of the images wanted, those that came."""
    lost: float
    """Records that say why there was no image."""

    @property
    def held(self) -> bool:
        """Whether every camera got its rate."""
        return self.part >= HELD and not self.lost


@dataclass(slots=True)
class Site:
    """One sampler, and the cameras that were added so far."""

    kind: Kind
    settings: Settings
    stack: ExitStack
    sampler: psutil.Process
    metrics: str
    count: int = field(default=0, init=False)
    addresses: list[str] = field(default_factory=list, init=False)

    def measure(self, count: int) -> Point:
        """Add cameras up to this number or remove those beyond it, let them come to rest, look at them for a while."""
        if count > self.count:
            self.addresses += self.stack.enter_context(self.kind.served(count - self.count))
        first, last = sorted((count, self.count))
        records = camera_records(self.addresses[first:last], self.kind.fps, self.kind.source, first)
        removed = count < self.count
        changes = ((camera_id, record | {"removed": removed}) for camera_id, record in records)
        asyncio.run(produce(self.settings, "cameras", changes))
        self.count = count
        deadline = time.monotonic() + ONLINE_S
        while self._counted("health_changes", 'state="online"') < count and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(WARM_S)
        first = self._look()
        time.sleep(SECONDS)
        period, own, whole, busy, images, lost = (b - a for a, b in zip(first, self._look(), strict=True))
        return Point(
            cameras=count,
            sampler_cores=own / period,
            whole_cores=whole / period,
            others_cores=max(0.0, busy - whole) / period,
            memory_mb=sum(process.memory_full_info().uss for process in family(self.sampler)) / 1e6,
            part=images / period / count / self.kind.fps,
            lost=lost,
        )

    def _look(self) -> tuple[float, ...]:
        """Time; CPU so far: the sampler, this process and all it started, the machine; images; records without one."""
        machine = psutil.cpu_times()
        busy = machine.user + machine.nice + machine.system
        lost = sum(self._counted("frames", f'status="{status}"') for status in ("offline", "shed"))
        images = self._counted("frames", 'status="ok"')
        return time.monotonic(), cpu_s(self.sampler), cpu_s(psutil.Process()), busy, images, lost

    def _counted(self, name: str, label: str) -> float:
        return counter(self.metrics, f"vigie_frame_sampler_{name}_total{{{label}}}")


def points(broker: KafkaBroker, kind: Kind, cores: float) -> Iterator[Point]:
    """Cameras of a kind, from a few to more than the machine holds, as far as the time goes."""
    begun = time.monotonic()
    with ExitStack() as stack:
        settings = sampler_settings(broker, f"cameras-{KINDS.index(kind)}.")
        sampler, metrics = stack.enter_context(running_sampler(settings))
        site = Site(kind, settings, stack, sampler, metrics)
        measured = [site.measure(FEW)]
        yield measured[0]
        while len(measured) < POINTS and time.monotonic() - begun + POINT_S < KIND_S:
            held = max((point.cameras for point in measured if point.held), default=0)
            beyond = min((point.cameras for point in measured if not point.held), default=None)
            wanted = _next(measured, cores) if beyond is None else (held + beyond) // 2
            if wanted in (held, beyond):
                return
            measured.append(site.measure(wanted))
            yield measured[-1]


def _next(measured: list[Point], cores: float) -> int:
    """How many to try next, from what the last ones cost."""
    last = measured[-1]
    free = max(FILL * cores - last.others_cores, FAIR * cores)
    if len(measured) == 1:
        return min(MOST, max(FEW + 1, int(FIRST * FEW * free / last.whole_cores)))
    before = measured[-2]
    each = (last.whole_cores - before.whole_cores) / (last.cameras - before.cameras)
    room = last.cameras + int((free - last.whole_cores) / each) if each > 0 else 0
    return min(MOST, max(room, round(STEP * last.cameras)))


def rows(cores: float | None = None) -> list[Row]:
    """By kind: how many were held at once, and what one of them costs."""
    cores = cores or float(os.environ.get("CORES") or os.cpu_count() or 1)
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as scratch, KafkaBroker(Path(scratch) / "kafka") as broker:
        for kind in KINDS:
            tried = []
            for point in points(broker, kind, cores):
                tried.append(point)
                print(
                    f"    {kind.name}: {point.cameras} cameras, {100 * point.part:.0f} % of the images, "
                    f"{point.sampler_cores:.2f} cores of {point.whole_cores:.2f}, others {point.others_cores:.2f}",
                    file=sys.stderr,
                )
            best = max((point for point in tried if point.held), key=lambda point: point.cameras, default=tried[0])
            beyond = min((point.cameras for point in tried if not point.held), default=None)
            made += [
                row(f"{kind.name}: held at once", best.cameras, "cameras"),
                *([] if beyond is None else [row(f"{kind.name}: no longer held", beyond, "cameras")]),
                row(f"{kind.name}: of the images wanted", best.part, "ratio", HELD, least=True),
                row(f"{kind.name}: cores in use, servers and broker too", best.whole_cores, "cores"),
                row(f"{kind.name}: sampler CPU a camera", 1000 * best.sampler_cores / best.cameras, "ms/s"),
                row(f"{kind.name}: sampler memory a camera", best.memory_mb / best.cameras, "MB"),
                row(f"{kind.name}: cores for 600 cameras", 600 * best.sampler_cores / best.cameras, "cores"),
            ]
    return made


if __name__ == "__main__":
    alone(rows)
