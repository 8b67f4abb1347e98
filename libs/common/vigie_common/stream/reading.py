"""Partitions read up to where they end: by the consumer's position, since the last offsets may hold no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.kafka import consumer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

    from vigie_common.settings import Settings

_POLL_MS: Final = 200
_QUIET: Final = 15
"""Polls without anything new after which what the broker answered meanwhile counts."""


async def all_records(settings: Settings, partitions: Sequence[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
    """Every record of these partitions up to where they end now, each partition in order."""
    client = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        await client.seek_to_beginning(*partitions)
        async for record in records_up_to(client, ends):
            yield record
    finally:
        await client.stop()


async def records_up_to(client: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncIterator[ConsumerRecord]:
    """Records from where the consumer stands up to these ends, each partition in order.

    Those that a fetch brings along from beyond an end are given too: the consumer's position has passed them.
    The marks of transactions take offsets, and so does what compaction has removed. The position passes those too,
    but for one case: after a broker has died just when it had begun a segment, compaction may leave offsets behind
    which nothing follows, and no fetch gets past them. The broker then answers that the log goes on to the end, with
    nothing in it.

    Args:
        client: of which these partitions are assigned.
        ends: by partition, the offset after the last one.
    """
    stood: Mapping[TopicPartition, int] = {}
    answered: Mapping[TopicPartition, int | None] = {}
    quiet = 0
    while behind := {tp: at for tp, end in ends.items() if (at := await client.position(tp)) < end}:
        if behind != stood:
            stood, answered, quiet = behind, {tp: client.last_poll_timestamp(tp) for tp in behind}, 0
        elif quiet >= _QUIET and all(
            client.last_poll_timestamp(tp) != answered[tp] and client.highwater(tp) >= ends[tp] for tp in behind
        ):
            return
        for records in (await client.getmany(*behind, timeout_ms=_POLL_MS)).values():
            for record in records:
                yield record
        quiet += 1
