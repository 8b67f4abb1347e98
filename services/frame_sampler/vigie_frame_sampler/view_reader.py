"""Reads what the samplers before knew of the cameras' views, from the camera-health topic."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import TopicPartition

from vigie_common.errors import VigieError
from vigie_common.kafka import consumer
from vigie_frame_sampler.view_watch import ViewMemory, memory_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

_POLL_MS: Final = 200
_QUIET: Final = 15
"""Polls without a record after which a partition has been read: compaction may have taken its last ones."""

_log = structlog.get_logger(__name__)


class ViewReader:
    """The last health record of each camera of some partitions, read when they are assigned.

    Args:
        settings: how to reach Kafka.
        topic: full name of camera-health.
        codec: of its records.
        views: by camera; filled in.
    """

    def __init__(self, settings: Settings, topic: str, codec: Codec, views: dict[str, ViewMemory]) -> None:
        self._settings, self._topic, self._codec, self._views = settings, topic, codec, views

    async def read(self, partitions: Sequence[int], known: Collection[str]) -> None:
        """Read these partitions to their ends, before a camera of theirs is judged.

        known: cameras that this sampler captures already; it knows more of them than the topic.
        """
        held = [TopicPartition(self._topic, partition) for partition in partitions]
        if not held:
            return
        client = consumer(self._settings, fetch_min_bytes=1)
        await client.start()
        try:
            client.assign(held)
            found = await self._last_records(client, held)
        finally:
            await client.stop()
        for camera_id, record in found.items():
            if camera_id not in known:
                self._learn(camera_id, record)

    async def _last_records(
        self, client: AIOKafkaConsumer, held: Sequence[TopicPartition]
    ) -> dict[str, ConsumerRecord]:
        ends = await client.end_offsets(held)
        await client.seek_to_beginning(*held)
        found: dict[str, ConsumerRecord] = {}
        quiet = 0
        while quiet < _QUIET:
            positions = await asyncio.gather(*(client.position(tp) for tp in held))
            if all(position >= ends[tp] for tp, position in zip(held, positions, strict=True)):
                break
            batches = await client.getmany(timeout_ms=_POLL_MS)
            quiet = 0 if batches else quiet + 1
            for records in batches.values():
                for record in records:
                    if record.key is not None:
                        found[record.key.decode(errors="replace")] = record
        return found

    def _learn(self, camera_id: str, record: ConsumerRecord) -> None:
        if record.value is None:
            self._views.pop(camera_id, None)
            return
        try:
            value = self._codec.decode(record.value)[1]
        except VigieError as broken:
            # the view is learnt anew; the record itself is this service's own and nobody else's to repair
            _log.warning("health record cannot be read: the view is learnt anew", camera=camera_id, error=str(broken))
            return
        self._views[camera_id] = memory_of(value["view"])
