"""Partitions read up to their ends on a real broker, whatever the last offsets hold."""

import asyncio
import contextlib

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from vigie_common.kafka import admin, consumer, producer
from vigie_common.settings import Settings
from vigie_common.stream.reading import all_records, records_up_to
from vigie_dev.kafka import KafkaBroker

SOON_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "1",
    "min.cleanable.dirty.ratio": "0",
    "max.compaction.lag.ms": "1",
}


async def make(settings, name, partitions=1, **config):
    """A topic of this test's own: its partitions."""
    topic = settings.topic_prefix + name
    client = admin(settings)
    await client.start()
    try:
        created = await client.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
    finally:
        await client.close()
    assert [error for _, error, *_ in created.topic_errors] == [0]
    return [TopicPartition(topic, number) for number in range(partitions)]


async def send(settings, place, *values):
    async with producer(settings, linger_ms=0) as client:
        for value in values:
            await client.send_and_wait(place.topic, value, key=b"key", partition=place.partition)


async def transact(settings, place, value, *, abort=False):
    """One record in a transaction of its own."""
    async with producer(settings, linger_ms=0, transactional_id=f"{place.topic}-writer") as client:
        await client.begin_transaction()
        await client.send_and_wait(place.topic, value, key=b"key", partition=place.partition)
        await (client.abort_transaction() if abort else client.commit_transaction())


async def found(settings, partitions):
    async with asyncio.timeout(30):
        return sorted([(r.partition, r.offset, r.value) async for r in all_records(settings, partitions)])


@contextlib.asynccontextmanager
async def reader(settings, partitions):
    client = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        await client.seek_to_beginning(*partitions)
        yield client
    finally:
        await client.stop()


async def test_every_partition_is_read_to_its_end_and_an_empty_one_has_nothing(kafka_settings):
    settings = kafka_settings()
    first, empty, third = partitions = await make(settings, "some", 3)
    await send(settings, first, b"a", b"b")
    await send(settings, third, b"c")
    assert await found(settings, partitions) == [(0, 0, b"a"), (0, 1, b"b"), (2, 0, b"c")]
    assert await found(settings, [empty]) == []


async def test_what_a_fetch_brings_along_from_beyond_the_end_is_not_lost(kafka_settings):
    settings = kafka_settings()
    [place] = partitions = await make(settings, "longer")
    await send(settings, place, b"a", b"b", b"c")
    async with reader(settings, partitions) as client:
        values = [record.value async for record in records_up_to(client, {place: 2})]
        assert values[:2] == [b"a", b"b"]
        rest = [record.value async for record in records_up_to(client, await client.end_offsets(partitions))]
        assert values + rest == [b"a", b"b", b"c"]


async def test_a_log_that_ends_in_the_mark_of_a_transaction_is_read_to_its_end(kafka_settings):
    settings = kafka_settings()
    [place] = partitions = await make(settings, "transactions")
    await transact(settings, place, b"a")
    assert await found(settings, partitions) == [(0, 0, b"a")]
    async with reader(settings, partitions) as client:
        assert await client.end_offsets(partitions) == {place: 2}


async def test_a_compacted_log_whose_last_records_are_gone_is_read_to_its_end(kafka_settings, wait_until):
    """Compaction takes the records of aborted transactions; only their marks are left at the end."""
    settings = kafka_settings()
    [place] = partitions = await make(settings, "compacted", **SOON_COMPACTED)
    await transact(settings, place, b"stays")
    for value in (b"goes", b"goes too"):
        await transact(settings, place, value, abort=True)

    async def compacted():
        return await found(settings, partitions) == [(0, 0, b"stays")]

    await wait_until(compacted, 60)
    async with reader(settings, partitions) as client:
        assert await client.end_offsets(partitions) == {place: 6}


@pytest.mark.timeout(120)
async def test_a_log_whose_last_offsets_are_gone_altogether_is_read_as_far_as_it_goes(tmp_path):
    """What a broker and compaction leave when it died between the beginning of a segment and its first record."""
    with KafkaBroker(tmp_path / "kafka") as broker:
        settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="gone.")
        first, second = partitions = await make(settings, "tail", 2, **{"cleanup.policy": "compact"})
        await send(settings, first, b"a", b"b")
        await send(settings, second, b"c")
        await asyncio.to_thread(broker.stop)
        for suffix in ("log", "index", "timeindex"):
            (tmp_path / f"kafka/data/{first.topic}-0/{10:020}.{suffix}").touch()
        await asyncio.to_thread(broker.start)
        async with reader(settings, partitions) as client:
            assert await client.end_offsets(partitions) == {first: 10, second: 1}
        assert await found(settings, partitions) == [(0, 0, b"a"), (0, 1, b"b"), (1, 0, b"c")]


@pytest.mark.timeout(120)
async def test_a_broker_that_falls_silent_is_not_taken_for_the_end_and_read_on_when_it_is_back(tmp_path):
    with KafkaBroker(tmp_path / "kafka") as broker:
        settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="silent.")
        [place] = partitions = await make(settings, "tail")
        await send(settings, place, b"a")
        async with reader(settings, partitions) as client:
            assert [r.value async for r in records_up_to(client, {place: 1})] == [b"a"]
            await asyncio.to_thread(broker.kill)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    assert [r async for r in records_up_to(client, {place: 2})] == []
            await asyncio.to_thread(broker.start)
            await send(settings, place, b"b")
            async with asyncio.timeout(30):
                assert [r.value async for r in records_up_to(client, {place: 2})] == [b"b"]
