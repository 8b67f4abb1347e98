"""Dead letters of what is read again at every start: one of each is enough."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition

from vigie_common.dead_letters import TOPIC
from vigie_common.errors import PoisonRecordError
from vigie_common.kafka import consumer
from vigie_common.stream.reading import records_up_to
from vigie_common.topics import TopicNames, load_topics, partition_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings
    from vigie_common.stream.records import Output

LOOKED_BACK: Final = 1000
"""Offsets at the end of each partition of the dead letters that are looked through."""


async def untold(settings: Settings, codec: Codec, letters: Sequence[Output]) -> list[Output]:
    """Those of a service's dead letters that it has not written yet, as far as the last ones of the topic tell.

    Configuration is read from its beginning at every start, and with it what is wrong in it. Instances of a service
    that come upon a record at the same moment may each write its letter, under the same key.
    """
    if not letters:
        return []
    name, topic = TopicNames(settings.topic_prefix).full(TOPIC), load_topics()[TOPIC]
    partitions = [TopicPartition(name, number) for number in range(partition_count(topic, settings))]
    wanted = {letter.key.encode() for letter in letters}
    told: set[tuple[str, bytes]] = set()
    client = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        client.assign(partitions)
        begins, ends = await client.beginning_offsets(partitions), await client.end_offsets(partitions)
        for partition in partitions:
            client.seek(partition, max(begins[partition], ends[partition] - LOOKED_BACK))
        async for record in records_up_to(client, ends):
            if record.key in wanted:
                with contextlib.suppress(PoisonRecordError):
                    told.add((codec.decode_as(topic.schema, record.value)["service"], record.key))
    finally:
        await client.stop()
    return [letter for letter in letters if (letter.value["service"], letter.key.encode()) not in told]
