"""Frames by claim check: the record at (partition, offset) of `frames`, read by a plain seek, with no group."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from vigie_common.errors import PoisonRecordError
from vigie_common.kafka import consumer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import AIOKafkaConsumer

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

READERS: Final = 2
"""Frames fetched at the same time."""
READ_S: Final = 2.0
"""A frame that does not come within this is asked for again later."""


class FrameReader:
    """A few consumers, each used by one read at a time."""

    def __init__(self, settings: Settings, topic: str, codec: Codec) -> None:
        self._settings = settings
        self._topic = topic
        self._codec = codec
        self._idle: asyncio.Queue[AIOKafkaConsumer] = asyncio.Queue()
        self._all: list[AIOKafkaConsumer] = []

    async def start(self) -> None:
        """Connect."""
        for _ in range(READERS):
            client = consumer(
                self._settings,
                auto_offset_reset="none",
                fetch_min_bytes=1,
                # a broker gives at least one whole record, however small this is: no frames beyond the wanted one
                max_partition_fetch_bytes=1,
            )
            await client.start()
            self._all.append(client)
            self._idle.put_nowait(client)

    async def stop(self) -> None:
        """Disconnect."""
        for client in self._all:
            await client.stop()

    async def read(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """The frame that brought a rule event; None when it is gone, or another lies in its place.

        Raises:
            TimeoutError: it did not come in time.
            aiokafka.errors.KafkaError: the broker does not answer.
        """
        async with asyncio.timeout(READ_S):
            client = await self._idle.get()
            try:
                record = await self._record(client, event["frame_ref"])
            finally:
                client.unsubscribe()
                self._idle.put_nowait(client)
        if record is None:
            return None
        try:
            frame = self._codec.decode_as("frame", record)
        except PoisonRecordError:
            return None
        same = all(frame[name] == event[name] for name in ("camera_id", "session", "seq"))
        return frame if same else None

    async def _record(self, client: AIOKafkaConsumer, ref: Mapping[str, int]) -> bytes | None:
        place = TopicPartition(self._topic, ref["partition"])
        client.assign([place])
        client.seek(place, ref["offset"])
        try:
            record = await client.getone(place)
        except OffsetOutOfRangeError:
            return None
        return record.value if record.offset == ref["offset"] else None
