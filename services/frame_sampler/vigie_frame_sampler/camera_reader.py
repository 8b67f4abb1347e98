"""Reads the cameras topic as a member of the group and keeps the pool at what it says.

Owning a partition is owning its cameras. Nothing is ever committed: whoever is assigned a partition reads all of it,
so a restart or a takeover knows what its predecessor knew.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from vigie_common.errors import BadInputError, PoisonRecordError
from vigie_common.kafka import consumer
from vigie_common.stream import Message, Output, reject
from vigie_common.stream.untold_letters import untold
from vigie_frame_sampler.ownership import Ownership, Version
from vigie_frame_sampler.plan import epoch_ms, plan_from_record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

    from vigie_common.process import Service
    from vigie_common.stream.transport import Receiver
    from vigie_frame_sampler.pool import CapturePool
    from vigie_frame_sampler.settings import FrameSamplerSettings
    from vigie_frame_sampler.view_reader import ViewReader

_POLL_MS: Final = 200
_QUIET_S: Final = 3.0
"""A partition that brings nothing for so long has been read: compaction may have taken its last records."""

_log = structlog.get_logger(__name__)


class CameraReader(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka publishes no types
    """Reads the assigned partitions of the cameras topic and keeps the pool at what they say."""

    def __init__(
        self,
        settings: FrameSamplerSettings,
        service: Service,
        receiver: Receiver,
        pool: CapturePool,
        ownership: Ownership,
        send: Callable[[Output], Awaitable[None]],
        views: ViewReader,
    ) -> None:
        self.service, self.receiver, self.pool, self.ownership, self.send = service, receiver, pool, ownership, send
        self.settings, self.views = settings, views
        self.assigned: set[TopicPartition] | None = None
        """A new assignment that the loop has not taken over yet."""
        self.heard_at = time.monotonic()
        self.consumer: AIOKafkaConsumer = consumer(
            settings, group=f"{settings.topic_prefix}{service.name}", fetch_min_bytes=1
        )

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing: an eager rebalance takes everything and gives most of it back; the captures go on."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Remember; the loop reads them from the beginning."""
        self.assigned = set(assigned)

    async def run(self, topic: str) -> None:
        """Read for ever."""
        self.consumer.subscribe([topic], listener=self)
        await self.consumer.start()
        due_ms: int | None = None
        while True:
            self.service.health.beat("cameras")
            fresh = await self._take_over()
            fresh |= await self._read()
            now_ms = time.time_ns() // 1_000_000
            if fresh or (due_ms is not None and due_ms <= now_ms):
                self._apply(now_ms)
                due_ms = self.ownership.next_change(now_ms)

    async def close(self) -> None:
        """Leave the group, so that another takes over at once."""
        await self.consumer.stop()

    async def _take_over(self) -> bool:
        if self.assigned is None:
            return False
        held, self.assigned = sorted(self.assigned), None
        ends = await self.consumer.end_offsets(held)
        await self.views.read([tp.partition for tp in held], known=set(self.pool.plans))
        if self._reassigned():
            return False  # again, while the broker was asked
        self.ownership.assign({tp.partition: ends[tp] for tp in held})
        if held:
            await self.consumer.seek_to_beginning(*held)
        self.heard_at = time.monotonic()
        self.service.health.ready("partitions", ok=True)
        _log.info("partitions assigned", partitions=[tp.partition for tp in held])
        return True

    async def _read(self) -> bool:
        """Whether something was learnt."""
        batches = await self.consumer.getmany(timeout_ms=_POLL_MS)
        letters = []
        for tp, records in batches.items():
            for record in records:
                if self.ownership.wants(tp.partition, record.offset):
                    letter = await self._learn(record)
                    if letter is not None:
                        letters.append(letter)
        for letter in await untold(self.settings, self.receiver.codec, letters):  # every rebalance reads it again
            await self.send(letter)
        if batches:
            self.heard_at = time.monotonic()
            return True
        return await self._settle()

    async def _settle(self) -> bool:
        """Nothing comes: partitions that are empty, or whose last records compaction took, have been read."""
        if self._reassigned():
            return False
        waiting = [p for p, log in self.ownership.logs.items() if not log.complete]
        if not waiting or time.monotonic() - self.heard_at < _QUIET_S:
            return False
        for partition in waiting:
            self.ownership.skip(partition, self.ownership.logs[partition].end)
        return True

    def _reassigned(self) -> bool:
        return self.assigned is not None

    async def _learn(self, record: ConsumerRecord) -> Output | None:
        """Take a record in; its dead letter, if it is no camera or cannot be captured as it says."""
        partition, offset = record.partition, record.offset
        if record.value is None and record.key is not None:
            camera_id = record.key.decode(errors="replace")
            self.ownership.add(partition, camera_id, Version(record.timestamp, offset, None))
            return None
        decoded = await self.receiver.decode(record)
        if isinstance(decoded, Message):
            try:
                camera_id, version = _version_of(decoded)
            except BadInputError as wrong:
                letter = reject(self.service.name, decoded, PoisonRecordError(str(wrong)))
            else:
                self.ownership.add(partition, camera_id, version)
                return None
        else:
            letter = decoded.output
        self.ownership.skip(partition, offset + 1)
        return letter

    def _apply(self, now_ms: int) -> None:
        change = self.ownership.changes(self.pool.plans, now_ms)
        for camera_id in change.release:
            self.pool.release(camera_id)
        for plan in change.capture:
            self.pool.capture(plan)
        if change.release or change.capture:
            _log.info(
                "cameras",
                owned=len(self.pool.plans),
                captured=[plan.camera_id for plan in change.capture],
                released=change.release,
            )


def _version_of(message: Message) -> tuple[str, Version]:
    """The camera's id and what its record says.

    Raises:
        BadInputError: it cannot be captured as it says.
    """
    record = message.value
    camera_id = str(record["camera_id"])
    if camera_id != message.key:
        raise BadInputError(f"camera {camera_id}: its record has the key {message.key!r}; the key must be the id")
    plan = None if record["removed"] else plan_from_record(record)
    return camera_id, Version(epoch_ms(record["effective_at"]) or 0, message.offset, plan)
