"""As many cameras as the machine holds, by what is read of them: CPU and memory of the sampler a camera.

`python tests/bench/bench_cameras.py [cores]`, or `make bench ONLY=cameras`; the last line is JSON. A few of each
kind tell what one costs, its server and the broker included; then as many are sampled at once as fill the machine
(`cores`, default all of them, to nine tenths), and it counts whether every one of them gets its rate. All at 2 fps. The
CPU of the sampler's processes alone is given: serving the streams is not its work.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from bench_sampler import camera_records, sampling, wait_for_frames
from clips import MAIN, MAIN_KEYS, SNAPSHOT, STILL, SUB, Clip, cameras, http_cameras
from harness import Row, alone, counter, cpu_s, family, row

from vigie_dev.kafka import KafkaBroker

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

FPS: Final = 2.0
FEW: Final = 4
MOST: Final = 160
FILL: Final = 0.9
SECONDS: Final = 12.0
WHOLE: Final = 0.97
"""Part of the wanted images that must have come for a camera to count as held."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is read of a camera: its source, the clip, for HTTP its pictures a second; a motion gate's low rate."""

    name: str
    clip: Clip
    source: str = "rtsp"
    rate: float = 0.0
    still_fps: float | None = None

    def served(self, count: int) -> AbstractContextManager[list[str]]:
        """So many of them; their addresses."""
        if self.source == "rtsp":
            return cameras(self.clip, count)
        return http_cameras(self.clip, count, self.source, self.rate)


KINDS: Final = (
    Kind("main stream 1080p25", MAIN),
    Kind("main stream, a key frame each sampling period", MAIN_KEYS),
    Kind("main stream of a still scene, motion gate at 0.2 fps", STILL, still_fps=0.2),
    Kind("sub-stream 640×360 at 10 fps", SUB),
    Kind("MJPEG 1280×720 at 10 fps", SNAPSHOT, "mjpeg", 10.0),
    Kind("snapshots 1280×720", SNAPSHOT, "snapshot", 10.0),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: cameras, CPU milliseconds of the sampler a camera and second, of everything, memory, images."""

    cameras: int
    sampler_ms: float
    whole_ms: float
    memory_mb: float
    rate: float
    """Images a camera and second."""


def sampled(broker: KafkaBroker, kind: Kind, count: int, seconds: float) -> Cost:
    """Sample so many cameras of a kind for a while."""
    with ExitStack() as running:
        addresses = running.enter_context(kind.served(count))
        records = camera_records(addresses, FPS, kind.source, kind.still_fps)
        prefix = f"cameras-{KINDS.index(kind)}-{count}."
        sampler, metrics = running.enter_context(sampling(broker, prefix, records))
        wait_for_frames(metrics, 4 * FPS * count)
        whole = [psutil.Process()]  # with the servers and the broker as its children

        def spent() -> tuple[float, float, float, float]:
            images = counter(metrics, 'vigie_frame_sampler_frames_total{status="ok"}')
            return time.monotonic(), cpu_s(sampler), sum(map(cpu_s, whole)), images

        first = spent()
        time.sleep(seconds)
        period, own, everything, images = (b - a for a, b in zip(first, spent(), strict=True))
        memory = sum(process.memory_full_info().uss for process in family(sampler)) / 1e6
    each = 1000 / period / count
    return Cost(count, own * each, everything * each, memory / count, images / period / count)


def rows(cores: float | None = None) -> list[Row]:
    """By kind: what one camera costs, and how many were held at once."""
    cores = cores or float(os.environ.get("CORES") or os.cpu_count() or 1)
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as scratch, KafkaBroker(Path(scratch) / "kafka") as broker:
        for kind in KINDS:
            few = sampled(broker, kind, FEW, SECONDS / 2)
            room = min(MOST, max(FEW, int(1000 * FILL * cores / few.whole_ms)))
            many = sampled(broker, kind, room, SECONDS)
            wanted = FPS if kind.still_fps is None else kind.still_fps
            made += [
                row(f"{kind.name}: sampled at once", many.cameras, "cameras"),
                row(f"{kind.name}: of the images wanted", many.rate / wanted, "ratio", WHOLE, least=True),
                row(f"{kind.name}: sampler CPU a camera", many.sampler_ms, "ms/s"),
                row(f"{kind.name}: sampler memory a camera", many.memory_mb, "MB"),
                row(f"{kind.name}: cores for 600 cameras", 600 * many.sampler_ms / 1000, "cores"),
            ]
    return made


if __name__ == "__main__":
    alone(rows)
