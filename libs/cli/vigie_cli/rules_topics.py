"""A bounded range of a camera topic, by event time: tracks and rule events as they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition

from vigie_cli.configuration_topics import answered, deployment_codec, topic_partitions
from vigie_cli.event_times import event_time, understood
from vigie_cli.options import WrongOptionError
from vigie_common.errors import BadInputError, PoisonRecordError
from vigie_common.kafka import consumer
from vigie_common.stream.reading import records_up_to
from vigie_common.topics import TopicNames, load_topics
from vigie_common.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from aiokafka import ConsumerRecord

    from vigie_common.settings import Settings

MOST: Final = 1_000_000
"""Records of one range; more is an hour of a city, and wants a narrower question."""

LATE_MS: Final = 600_000
"""A record is appended at most so long after its event time; what is later is not found."""


def time_range(begin: str | None, end: str | None, since: str, zone: str) -> tuple[int, int]:
    """Event times (ms) of `--from` and `--to`, local to the zone, or from as long ago as `--since` until now.

    Raises:
        WrongOptionError: one is no time, or they are the wrong way round.
    """
    now = time.time_ns() // 1_000_000
    back_ms = since_ms(since)
    to_ms = now if end is None else event_time("--to", end, zone)
    from_ms = to_ms - back_ms if begin is None else event_time("--from", begin, zone)
    if from_ms >= to_ms:
        raise WrongOptionError(f"--from {understood(from_ms, zone)} is not before --to {understood(to_ms, zone)}")
    return from_ms, to_ms


def since_ms(text: str) -> int:
    """How far back `--since` goes, ms.

    Raises:
        WrongOptionError: it is no duration, or none at all.
    """
    try:
        back_ms = round(parse_duration(text).value * 1000)
    except ValueError as wrong:
        raise WrongOptionError(f"--since {text}: {wrong}") from None
    if back_ms <= 0:
        raise WrongOptionError(f"--since {text}: goes back no time at all: write how far, such as 30m or 6h")
    return back_ms


async def read_range(
    settings: Settings, topic: str, field: str, span: tuple[int, int], cameras: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The same as `read_appended`, without the append times."""
    return [value for value, _ in await read_appended(settings, topic, field, span, cameras)]


async def read_appended(
    settings: Settings, topic: str, field: str, span: tuple[int, int], cameras: Collection[str] | None = None
) -> list[tuple[dict[str, Any], int]]:
    """Records whose event time lies in the range, with their append time (ms), partition by partition in order.

    Args:
        settings: where Kafka is.
        topic: logical name of a topic with one record a camera and event.
        field: of the event time.
        span: (from, to) in ms, both included.
        cameras: only these; None: all.

    Raises:
        BadInputError: there are more than `MOST`.
        DependencyError: Kafka does not answer, or has no topics.
    """
    name, schema = TopicNames(settings.topic_prefix).full(topic), load_topics()[topic].schema
    found: list[tuple[dict[str, Any], int]] = []
    async with answered(settings):
        partitions = (await topic_partitions(settings, [name]))[name]
        async with deployment_codec(settings) as codec:
            async for record in _appended(settings, partitions, span):
                if cameras is not None and (record.key or b"").decode("utf-8", "replace") not in cameras:
                    continue
                try:
                    value = codec.decode_as(schema, record.value)
                except PoisonRecordError:
                    continue
                if span[0] <= value[field] <= span[1]:
                    found.append((value, record.timestamp))
                if len(found) > MOST:
                    raise BadInputError(f"more than {MOST} records of {name}: narrow the range, or name --camera")
    return found


async def _appended(
    settings: Settings, partitions: list[TopicPartition], span: tuple[int, int]
) -> AsyncIterator[ConsumerRecord]:
    """The records that were appended in the range or a little later."""
    client: Any = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        starts = await client.offsets_for_times(dict.fromkeys(partitions, max(0, span[0])))
        stops = await client.offsets_for_times(dict.fromkeys(partitions, max(0, span[1] + LATE_MS)))
        wanted = {}
        for partition, start in starts.items():
            if start is not None:
                client.seek(partition, start.offset)
                stop = stops[partition]
                wanted[partition] = ends[partition] if stop is None else min(ends[partition], stop.offset)
        async for record in records_up_to(client, wanted):
            if record.offset < wanted[TopicPartition(record.topic, record.partition)]:
                yield record
    finally:
        await client.stop()
