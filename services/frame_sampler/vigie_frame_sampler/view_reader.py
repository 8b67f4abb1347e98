"""Reads what the samplers before knew of the cameras' views, from the camera-health topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiokafka import TopicPartition

from vigie_common.errors import VigieError
from vigie_common.stream.reading import all_records
from vigie_frame_sampler.view_watch import ViewMemory, memory_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiokafka import ConsumerRecord

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

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
        found: dict[str, ConsumerRecord] = {}
        async for record in all_records(self._settings, held):
            if record.key is not None:
                found[record.key.decode(errors="replace")] = record
        for camera_id, record in found.items():
            if camera_id not in known:
                self._learn(camera_id, record)

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
