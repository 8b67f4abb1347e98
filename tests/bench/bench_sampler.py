"""What sampling one camera costs, beside an ffmpeg process that does the same work at the same time.

`python tests/bench/bench_sampler.py [seconds]`; the last line is JSON. Cameras are simulated over RTSP on loopback:
1080p at 25 pictures a second, 3 Mbit/s, a key frame a second. The sampler is the whole service, with its frames on a
real broker; each ffmpeg process decodes, takes the rate, scales to 960 pixels and encodes JPEG, with one thread, and
throws the result away. Both look at the same cameras at the same time, so that what else the machine does is in both.
On a machine with too little left for both, who falls behind looks cheap: the part of the images that came tells. The
bare decode is libavcodec's alone, at the same time, fed from memory up to the last wanted picture of each group.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import psutil

sys.path.insert(0, str(Path(__file__).parent))
import street
from clips import MAIN, cameras, ffmpeg
from harness import Row, alone, counter, cpu_s, produce, row, service

from vigie_common.settings import Settings
from vigie_common.topics import create_topics
from vigie_dev.kafka import KafkaBroker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

CAMERAS: Final = 4
SECONDS: Final = 20.0
RATES: Final = (1.0, 2.0, 5.0)
CHEAP_FPS: Final = 2.0
OF_FFMPEG: Final = 0.55
OF_BARE_DECODE: Final = 1.4
WHOLE: Final = 0.95


def camera_records(
    addresses: Sequence[str], fps: float, kind: str = "rtsp", first: int = 0
) -> Iterator[tuple[str, Any]]:
    """Camera records by id, of cameras at these addresses, numbered from `first`."""
    for number, address in enumerate(addresses, first):
        record = street.camera_record(f"cam-{number:03d}")
        record["source"] = record["source"] | {"kind": kind, "uri": address}
        record["sampling"] = {"fps": fps, "still_fps": None, "width": street.WIDTH}
        yield record["camera_id"], record


def sampler_settings(broker: KafkaBroker, prefix: str) -> Settings:
    """Settings of a sampler with topics of its own, which are there."""
    settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix=prefix, topic_partitions=4)
    asyncio.run(create_topics(settings))
    return settings


def running_sampler(settings: Settings, **variables: str) -> AbstractContextManager[tuple[psutil.Process, str]]:
    """A sampler; its process and the address of its metrics."""
    return service(settings, ["-m", "vigie_frame_sampler"], **variables)


@contextmanager
def ffmpegs(addresses: Sequence[str], fps: float, width: int) -> Iterator[list[psutil.Process]]:
    """An ffmpeg process a camera, doing what the sampler does."""
    began = [
        subprocess.Popen(
            [
                *(ffmpeg(), "-nostdin", "-loglevel", "fatal", "-threads", "1", "-filter_threads", "1"),
                *("-rtsp_transport", "tcp", "-i", address, "-an", "-vf", f"fps={fps:g},scale={width}:-2:flags=area"),
                *("-c:v", "mjpeg", "-q:v", "3", "-threads", "1", "-f", "mjpeg", "-y", "/dev/null"),
            ]
        )
        for address in addresses
    ]
    try:
        yield [psutil.Process(process.pid) for process in began]
        if any(process.poll() is not None for process in began):
            raise RuntimeError("an ffmpeg process has ended while it was measured")
    finally:
        for process in began:
            process.terminate()
        for process in began:
            process.wait(20)


def wait_for_frames(address: str, frames: float, deadline_s: float = 60.0) -> None:
    """Wait until a sampler has given so many images."""
    deadline = time.monotonic() + deadline_s
    while counter(address, 'vigie_frame_sampler_frames_total{status="ok"}') < frames:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {frames:g} frames within {deadline_s:g} s")
        time.sleep(0.1)


def bare_decode_ms(fps: float, seconds: float) -> float:
    """CPU milliseconds a second that libavcodec alone needs for the wanted pictures, at their real pace."""
    with av.open(str(MAIN.path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        context = stream.codec_context
        context.thread_count = 1
        groups = _needed(packets, fps)
        begun, spent, rounds = time.monotonic(), 0.0, 0
        while (passed := time.monotonic() - begun) < seconds:
            began = time.thread_time()
            for packet in groups[rounds % len(groups)]:
                context.decode(packet)
            spent += time.thread_time() - began
            rounds += 1
            time.sleep(max(0.0, rounds / fps - passed))
    return 1000 * spent * fps / rounds


def _needed(packets: Sequence[Any], fps: float) -> list[list[Any]]:
    """For each wanted picture the packets that have to be decoded since the one before, none of groups it skips."""
    step, needed, waiting = MAIN.rate / fps, [], []
    wanted = {round(n * step) for n in range(round(MAIN.seconds * fps))}
    for number, packet in enumerate(packets):
        waiting = [packet] if packet.is_keyframe else [*waiting, packet]
        if number in wanted:
            needed.append(waiting)
            waiting = []
    return needed


def side_by_side(
    broker: KafkaBroker, fps: float, seconds: float, **variables: str
) -> tuple[float, float, float, float]:
    """CPU ms a camera and second: of the sampler, of ffmpeg, of the bare decode; the part of the images that came."""
    with ExitStack() as running:
        addresses = running.enter_context(cameras(MAIN, CAMERAS))
        settings = sampler_settings(broker, f"sampler-{fps:g}-{len(variables)}.")
        asyncio.run(produce(settings, "cameras", camera_records(addresses, fps)))
        sampler, metrics = running.enter_context(running_sampler(settings, **variables))
        others = running.enter_context(ffmpegs(addresses, fps, street.WIDTH))
        wait_for_frames(metrics, 5 * fps * CAMERAS)

        def spent() -> tuple[float, float, float, float]:
            images = counter(metrics, 'vigie_frame_sampler_frames_total{status="ok"}')
            return time.monotonic(), cpu_s(sampler), sum(map(cpu_s, others)), images

        first = spent()
        bare = bare_decode_ms(fps, seconds)
        last = spent()
    period, own, other, images = (b - a for a, b in zip(first, last, strict=True))
    part = images / period / CAMERAS / fps
    return 1000 * own / period / CAMERAS, 1000 * other / period / CAMERAS, bare, part


def rows(seconds: float = SECONDS) -> list[Row]:
    """By sampling rate: the sampler, ffmpeg, the bare decode, and the ratios."""
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as scratch, KafkaBroker(Path(scratch) / "kafka") as broker:
        for fps in RATES:
            what = f"1080p25 H.264 at {fps:g} fps"
            own, other, bare, part = side_by_side(broker, fps, seconds)
            target = fps == 2.0
            made += [
                row(f"{what}: sampler, CPU a camera-second", own, "ms"),
                row(f"{what}: ffmpeg process, CPU a camera-second", other, "ms"),
                row(f"{what}: bare decode of the needed pictures", bare, "ms"),
                row(f"{what}: sampler over ffmpeg", own / other, "ratio", OF_FFMPEG if target else None),
                row(f"{what}: sampler over bare decode", own / bare, "ratio", OF_BARE_DECODE if target else None),
                row(f"{what}: cameras per core", 1000 / own, "cameras"),
                row(f"{what}: of the images wanted, those that came", part, "ratio", WHOLE, least=True),
            ]
        own, other, _, _ = side_by_side(broker, CHEAP_FPS, seconds, VIGIE_CAPTURE_LOOP_FILTER="false")
        what = f"1080p25 H.264 at {CHEAP_FPS:g} fps without the loop filter"
        made += [
            row(f"{what}: sampler, CPU a camera-second", own, "ms"),
            row(f"{what}: sampler over ffmpeg with it", own / other, "ratio"),
        ]
    return made


if __name__ == "__main__":
    alone(rows)
