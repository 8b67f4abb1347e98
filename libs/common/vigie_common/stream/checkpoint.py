"""Checkpoints on a compacted topic: one record an input partition, on the partition of the same number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cramjam
import structlog
from aiokafka import TopicPartition

from vigie_common.errors import PoisonRecordError
from vigie_common.kafka import consumer
from vigie_common.stream.reading import records_up_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiokafka import ConsumerRecord

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

FORMAT: Final = 1
_RECENT: Final = 16
"""How many of the last records are looked at before all are."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after every input record below `next_offset`."""

    next_offset: int
    state: bytes

    def record(self, service: str) -> dict[str, object]:
        """As it is written."""
        packed = bytes(cramjam.zstd.compress(self.state, 1))
        return {"format": FORMAT, "service": service, "next_offset": self.next_offset, "state": packed}


async def last_checkpoints(
    settings: Settings, codec: Codec, topic: str, partitions: Iterable[int]
) -> Mapping[int, Checkpoint]:
    """The last usable checkpoint of each partition; a partition without one is left out.

    Args:
        settings: of the service.
        codec: to decode with.
        topic: name of the state topic on the broker.
        partitions: numbers.
    """
    wanted = [TopicPartition(topic, number) for number in partitions]
    if not wanted:
        return {}
    client = consumer(settings, fetch_min_bytes=1, fetch_max_wait_ms=50)
    await client.start()
    try:
        client.assign(wanted)
        begins = await client.beginning_offsets(wanted)
        ends = await client.end_offsets(wanted)
        found: dict[int, Checkpoint] = {}
        for reach in (_RECENT, None):
            left = {tp: ends[tp] for tp in wanted if tp.partition not in found and begins[tp] < ends[tp]}
            for tp, end in left.items():
                client.seek(tp, begins[tp] if reach is None else max(begins[tp], end - reach))
            async for record in records_up_to(client, left):
                checkpoint = _read(codec, record)
                if checkpoint is not None:
                    found[record.partition] = checkpoint
        return found
    finally:
        await client.stop()


def _read(codec: Codec, record: ConsumerRecord) -> Checkpoint | None:
    try:
        value = codec.decode_as("checkpoint", record.value)
        if value["format"] == FORMAT:
            return Checkpoint(value["next_offset"], bytes(cramjam.zstd.decompress(value["state"])))
        why = f"format {value['format']}, this version reads {FORMAT}"
    except (PoisonRecordError, cramjam.DecompressionError) as unusable:
        why = str(unusable)
    _log.warning("a checkpoint cannot be used", topic=record.topic, partition=record.partition, why=why)
    return None
