"""The frame sampler's parts on Kafka: camera records in, the pool of captures, frames and health out."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError

from vigie_common.errors import ConfigurationError
from vigie_common.stream.startup import StoppedError, await_codec, await_topics, start_producer, until_stopped
from vigie_common.stream.transport import Receiver, Sender
from vigie_common.topics import TopicNames
from vigie_frame_sampler.camera_reader import CameraReader
from vigie_frame_sampler.pool import CapturePool
from vigie_frame_sampler.publisher import Publisher
from vigie_frame_sampler.view_reader import ViewReader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiokafka import AIOKafkaProducer

    from vigie_common.process import Service
    from vigie_frame_sampler.settings import FrameSamplerSettings

INPUT: Final = "cameras"
VIEWS: Final = "camera-health"
OUTPUTS: Final = ("frames", "camera-health")

_POOL_S: Final = 4.0
_CLOSE_S: Final = 2.0

_log = structlog.get_logger(__name__)


async def serve(settings: FrameSamplerSettings, service: Service) -> None:
    """Sample the cameras of the partitions that the group gives this instance, until told to stop.

    Raises:
        ConfigurationError: the camera topics are not co-partitioned.
        KafkaError: a record could not be sent; the next worker begins anew.
    """
    try:
        await await_topics(settings, service, (INPUT, *OUTPUTS, "dead-letters"))
        codec = await await_codec(settings, service)
    except StoppedError:
        return
    names = TopicNames(settings.topic_prefix)
    # JPEG does not compress: the frames go as they are
    producer = await start_producer(settings, compression_type=None)
    failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(error: BaseException) -> None:
        if not failure.done():
            failure.set_exception(error)

    publisher = Publisher(Sender(producer, names, codec, fail), service, settings.instance_id or socket.gethostname())
    pool = CapturePool(settings, publisher.publish, fail, publisher.views)
    views = ViewReader(settings, names.full(VIEWS), codec, publisher.views)
    cameras = CameraReader(
        settings, service, Receiver(service.name, names, codec), pool, publisher.ownership, publisher.send, views
    )
    try:
        await _check_partitions(producer, [names.full(topic) for topic in (INPUT, *OUTPUTS)])
        reading = asyncio.create_task(cameras.run(names.full(INPUT)))
        reading.add_done_callback(lambda task: _forward(task, fail))
        await until_stopped(service, failure)
        reading.cancel()
    finally:
        await _close(pool.close(_POOL_S), _POOL_S + 1.5)
        await _close(cameras.close(), _CLOSE_S)
        await _close(producer.stop(), _CLOSE_S)


def _forward(task: asyncio.Task[None], fail: Callable[[BaseException], None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        fail(error)


async def _check_partitions(producer: AIOKafkaProducer, topics: Iterable[str]) -> None:
    """A camera's records must lie in the same partition of every topic."""
    counts = {topic: len(await producer.partitions_for(topic)) for topic in topics}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{topic} {count}" for topic, count in counts.items())
        raise ConfigurationError(
            f"camera topics must have the same number of partitions, found {found}: "
            "move the deployment to a new VIGIE_TOPIC_PREFIX and run `vigie topics create`"
        )


async def _close(closing: Awaitable[Any], within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await closing
    except (TimeoutError, KafkaError) as slow:
        _log.warning("closing", error=repr(slow))
