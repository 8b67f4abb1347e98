"""The city's cameras, a process of its own: detections at their real pace until it is stopped or the time is over.

`python city_load.py BOOTSTRAP PREFIX PARTITIONS CAMERAS FPS SECONDS`; the last line is JSON. Every record is sent at
its `captured_at`, cameras evenly spread over the sampling period. A record's `frame_ref` is its own place in the topic
(this process is the only one to write there), so that what comes of it can be traced back to it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import zlib
from typing import TYPE_CHECKING, Final

from vigie_common.codec import Codec
from vigie_common.kafka import producer
from vigie_common.settings import Settings
from vigie_common.topics import TopicNames
from vigie_scene.load import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.records import Detections

OBJECTS: Final = 10
"""In each image, all the time."""

LEAD_S: Final = 1.0
_TURN: Final = 50
"""Records between two looks at the clock."""


def partition_of(camera_id: str, partitions: int) -> int:
    """Where a camera's records go: any fixed choice would do."""
    return zlib.crc32(camera_id.encode()) % partitions


def due(cameras: int, fps: float, seconds: float, start_ms: int) -> Iterator[Detections]:
    """The records, each with the time at which it is to be sent."""
    period_ms = 1000 / fps
    for number, record in enumerate(records(cameras, OBJECTS, seconds=seconds, fps=fps, start_ms=start_ms)):
        frame, camera = divmod(number, cameras)
        record["captured_at"] = start_ms + round(period_ms * (frame + camera / cameras))
        yield record


async def send(settings: Settings, cameras: int, fps: float, seconds: float) -> dict[str, float]:
    """How many records were sent, the largest delay against their time, and what that cost."""
    codec, topic = Codec.pinned(), TopicNames(settings.topic_prefix).full("detections")
    written = [0] * settings.topic_partitions
    made = due(cameras, fps, seconds, 0)
    first = next(made)  # everything is simulated before the first record
    late_ms, start_ms = 0.0, time.time_ns() // 1_000_000 + round(1000 * LEAD_S)
    async with producer(settings, compression_type=None) as client:
        for number, record in enumerate(_all(first, made)):
            record["captured_at"] += start_ms
            if number % _TURN == 0:
                wait_ms = record["captured_at"] - time.time() * 1000
                late_ms = max(late_ms, -wait_ms)
                await asyncio.sleep(max(0.0, wait_ms / 1000))
            partition = partition_of(record["camera_id"], settings.topic_partitions)
            record["frame_ref"] = {"partition": partition, "offset": written[partition]}
            written[partition] += 1
            await client.send(
                topic, codec.encode("detections", record), key=record["camera_id"].encode(), partition=partition
            )
    return {"sent": sum(written), "late_ms": late_ms, "cpu_s": time.process_time()}


def _all(first: Detections, rest: Iterator[Detections]) -> Iterator[Detections]:
    yield first
    yield from rest


def main() -> None:
    """Send until the time is over."""
    bootstrap, prefix, partitions, cameras, fps, seconds = sys.argv[1:]
    settings = Settings(kafka_bootstrap=bootstrap, topic_prefix=prefix, topic_partitions=int(partitions))
    print(json.dumps(asyncio.run(send(settings, int(cameras), float(fps), float(seconds)))), flush=True)


if __name__ == "__main__":
    main()
