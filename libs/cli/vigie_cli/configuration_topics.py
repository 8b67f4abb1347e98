"""The topics as commands meet them: what was published last of each key, and publishing more."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from vigie_cli.local_stack import stack_words
from vigie_common.codec import Codec
from vigie_common.errors import DependencyError, PoisonRecordError
from vigie_common.kafka import admin, consumer, producer, unreachable
from vigie_common.registry import open_codec
from vigie_common.stream.reading import all_records, records_up_to
from vigie_common.topics import TopicNames, load_topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiokafka import ConsumerRecord

    from vigie_common.errors import VigieError
    from vigie_common.settings import Settings

_ANSWER_S: Final = 60.0
_TAIL: Final = 64
"""Records of a partition that are looked at first for the newest; four times as many the next time."""


@asynccontextmanager
async def answered(settings: Settings) -> AsyncIterator[None]:
    """Within a bounded time.

    Raises:
        DependencyError: Kafka does not answer.
    """
    try:
        async with asyncio.timeout(_ANSWER_S):
            yield
    except (KafkaError, OSError) as down:  # a timeout is an OSError
        raise await silent_kafka(settings, down) from down


async def silent_kafka(settings: Settings, error: BaseException) -> VigieError:
    """What to tell when Kafka does not answer, also of the local stack of this folder."""
    told = await unreachable(settings, error)
    words = stack_words(settings.kafka_bootstrap)
    return DependencyError(f"{told}{words}") if words and isinstance(told, DependencyError) else told


async def topic_partitions(settings: Settings, topics: list[str]) -> dict[str, list[TopicPartition]]:
    """The partitions of each topic.

    Raises:
        DependencyError: a topic is not there.
    """
    client: Any = admin(settings)
    try:
        await client.start()
        described = await client.describe_topics(topics)
    finally:
        await client.close()
    found = {
        topic["topic"]: [TopicPartition(topic["topic"], p["partition"]) for p in topic["partitions"]]
        for topic in described
        if not topic["error_code"]
    }
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise DependencyError(f"topics {', '.join(missing)} do not exist: run `vigie topics create`")
    return found


@asynccontextmanager
async def deployment_codec(settings: Settings) -> AsyncIterator[Codec]:
    """The deployment's codec: with its registry's ids where it has one."""
    codec = await open_codec(settings)
    try:
        yield codec
    finally:
        if codec.registry is not None:
            await codec.registry.close()


async def last_records(
    settings: Settings, partitions: list[TopicPartition], codec: Codec, schema: str
) -> dict[str, tuple[dict[str, Any], int]]:
    """The last record of each key in a whole topic, with its append time (ms); what is no such record is left out."""
    last: dict[str, tuple[dict[str, Any], int]] = {}
    async for record in all_records(settings, partitions):
        try:
            value = codec.decode_as(schema, record.value)
        except PoisonRecordError:
            continue
        last[(record.key or b"").decode("utf-8", "replace")] = value, record.timestamp
    return last


async def last_of(settings: Settings, topic: str) -> dict[str, tuple[dict[str, Any], int]]:
    """The same of a topic by its logical name, with connections of its own.

    Raises:
        DependencyError: Kafka does not answer, or has no such topic.
    """
    name = TopicNames(settings.topic_prefix).full(topic)
    async with answered(settings):
        partitions = await topic_partitions(settings, [name])
        async with deployment_codec(settings) as codec:
            return await last_records(settings, partitions[name], codec, load_topics()[topic].schema)


async def newest_records(
    settings: Settings,
    partitions: list[TopicPartition],
    keys: Mapping[int, set[str]],
    codec: Codec,
    schema: str,
    wanted: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> dict[str, dict[str, Any]]:
    """The newest record of each key, read from the ends backwards until all are found or nothing is left.

    Args:
        settings: where Kafka is.
        partitions: of one topic.
        keys: by the number of the partition that holds them.
        codec: of the deployment.
        schema: what is no such record is passed over.
        wanted: records of which this is not true are passed over too.
    """
    found: dict[str, dict[str, Any]] = {}
    client: Any = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        begins, ends = await client.beginning_offsets(partitions), await client.end_offsets(partitions)
        for partition in partitions:
            missing, end, size = set(keys.get(partition.partition, ())), ends[partition], _TAIL
            while missing and begins[partition] < end:
                start = max(begins[partition], end - size)
                newest: dict[str, dict[str, Any]] = {}
                async for record in _between(client, partition, start, end):
                    name = (record.key or b"").decode("utf-8", "replace")
                    if name not in missing:
                        continue
                    try:
                        value = codec.decode_as(schema, record.value)
                    except PoisonRecordError:
                        continue
                    if wanted(value):
                        newest[name] = value
                found |= newest
                missing -= newest.keys()
                end, size = start, size * 4
    finally:
        await client.stop()
    return found


async def record_at(
    settings: Settings, partition: TopicPartition, offset: int, codec: Codec, schema: str
) -> dict[str, Any] | None:
    """The record at one offset; None: it is no longer there, or no such record."""
    client: Any = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign([partition])
        begins, ends = await client.beginning_offsets([partition]), await client.end_offsets([partition])
        if not begins[partition] <= offset < ends[partition]:
            return None
        async for record in _between(client, partition, offset, offset + 1):
            if record.offset == offset:
                return codec.decode_as(schema, record.value)
    except PoisonRecordError:
        return None
    finally:
        await client.stop()
    return None


async def _between(client: Any, partition: TopicPartition, start: int, end: int) -> AsyncIterator[ConsumerRecord]:
    """The records of a partition from one offset up to another."""
    client.seek(partition, start)
    async for record in records_up_to(client, {partition: end}):
        if record.offset < end:
            yield record


async def publish(
    settings: Settings, names: TopicNames, codec: Codec, records: list[tuple[str, str, dict[str, Any]]]
) -> None:
    """Write records (topic, key, value); all are in the log when this returns."""
    if not records:
        return
    client: Any = producer(settings)
    await client.start()
    try:
        for sent in [
            await client.send(names.full(topic), codec.encode(load_topics()[topic].schema, value), key=key.encode())
            for topic, key, value in records
        ]:
            await sent
    finally:
        await client.stop()
