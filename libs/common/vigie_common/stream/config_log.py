"""Reads the configuration topics into a `Timeline`, and knows how far it has read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from prometheus_client import Gauge

from vigie_common.kafka import consumer
from vigie_common.stream.configuration import KNOWN_AFTER_MS, Timeline
from vigie_common.stream.reading import records_up_to
from vigie_common.stream.records import ConfigVersion, Message, Output
from vigie_common.stream.transport import Receiver, Rejection
from vigie_common.stream.untold_letters import untold
from vigie_common.topics import load_topics, partition_count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from vigie_common.process import Service
    from vigie_common.settings import Settings

_REFRESH_S: Final = 1.0
_READ = Gauge("vigie_configuration_versions", "Configuration records read", ["topic"])


class ConfigLog:
    """The configuration topics, followed from their beginning.

    A record that was appended at time A may be judged once every configuration record appended up to
    A - `KNOWN_AFTER_MS` has been read. Having read to an end that was asked for after a record with append time A
    came in proves that for A, since both times are the broker's.
    """

    def __init__(
        self,
        settings: Settings,
        receiver: Receiver,
        topics: Sequence[str],
        rejected: Callable[[Output], Awaitable[None]],
    ) -> None:
        self.timeline = Timeline()
        self._settings = settings
        self._receiver = receiver
        self._rejected = rejected
        self._topics = tuple(topics)
        self._consumer = consumer(settings, fetch_min_bytes=1)
        self._partitions = [
            TopicPartition(receiver.names.full(topic), number)
            for topic in topics
            for number in range(partition_count(load_topics()[topic], settings))
        ]
        self._seen = 0
        self._complete = 0
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()

    async def start(self) -> None:
        """Read everything that is there."""
        if self._topics:
            await self._consumer.start()
            self._consumer.assign(self._partitions)
            await self._consumer.seek_to_beginning(*self._partitions)
            await self._refresh()

    async def stop(self) -> None:
        """Let the connection go."""
        await self._consumer.stop()

    def is_complete_for(self, appended_at: int) -> bool:
        """Whether a record with this append time may be judged; else wait with `complete_for`."""
        self._seen = max(self._seen, appended_at)
        return not self._topics or appended_at - KNOWN_AFTER_MS <= self._complete

    async def complete_for(self, appended_at: int) -> None:
        """Return once a record with this append time may be judged."""
        if self.is_complete_for(appended_at):
            return
        self._wanted.set()
        async with self._changed:
            await self._changed.wait_for(lambda: appended_at - KNOWN_AFTER_MS <= self._complete)

    async def follow(self, service: Service) -> None:
        """Go on reading, for ever."""
        while self._topics:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_S):
                    await self._wanted.wait()
            self._wanted.clear()
            await self._refresh()
            service.health.beat("configuration")
        await asyncio.Event().wait()

    async def _refresh(self) -> None:
        """Read up to the end as it is now."""
        reached = self._seen
        ends = await self._consumer.end_offsets(self._partitions)
        letters = []
        async for record in records_up_to(self._consumer, ends):
            if record.value is None:
                continue  # a tombstone only lets Kafka forget; removal is a record too
            message = await self._receiver.decode(record)
            if isinstance(message, Rejection):
                letters.append(message.output)
            else:
                self._take(message)
        async with self._changed:
            self._complete = max(self._complete, reached)
            self._changed.notify_all()
        for letter in await untold(self._settings, self._receiver.codec, letters):
            await self._rejected(letter)

    def _take(self, message: Message) -> None:
        version = ConfigVersion(
            message.key, message.value["effective_at"], message.offset, message.appended_at, message.value
        )
        self.timeline.add(message.topic, version)
        _READ.labels(message.topic).inc()
