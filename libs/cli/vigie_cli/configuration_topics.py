"""The configuration topics as `vigie apply` meets them: what was published last, and publishing more."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.errors import DependencyError, PoisonRecordError
from vigie_common.kafka import admin, consumer, producer
from vigie_common.registry import open_codec
from vigie_common.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vigie_common.settings import Settings
    from vigie_common.topics import TopicNames


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
) -> dict[str, dict[str, Any]]:
    """The last record of each key in a whole topic; what is no such record is passed over."""
    last: dict[str, dict[str, Any]] = {}
    async for record in _whole_topic(settings, partitions):
        try:
            last[(record.key or b"").decode("utf-8", "replace")] = codec.decode_as(schema, record.value)
        except PoisonRecordError:
            continue
    return last


async def _whole_topic(settings: Settings, partitions: list[TopicPartition]) -> AsyncIterator[Any]:
    """Every record of a topic up to where it ends now; partition by partition in order."""
    client: Any = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        begins = await client.beginning_offsets(partitions)
        waiting = {p for p in partitions if begins[p] < ends[p]}
        while waiting:
            for records in (await client.getmany(*waiting, timeout_ms=200)).values():
                for record in records:
                    yield record
            # a compacted or transactional log ends in offsets without records: only the position tells
            waiting = {p for p in waiting if await client.position(p) < ends[p]}
    finally:
        await client.stop()


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
