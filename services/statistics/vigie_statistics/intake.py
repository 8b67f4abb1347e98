"""From batches of Kafka records to rows and figures in the log, in the order that makes a restart invisible.

1. Decode; wait until the cameras' configuration is read far enough. 2. In one step without waiting: check that the
partition is this worker's and the offsets follow its rows, fold, and note what must be written. 3. Write dead letters,
window rows and figures, and wait for the broker. 4. Then the cameras' rows. 5. Then the partition's row: whatever lies
below its offsets is in the log. Where any of it fails the worker ends, and the next one begins at that row.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import structlog
from faust.types import TP

from vigie_common.errors import DependencyError, PoisonRecordError
from vigie_common.stream.metrics import CONSUMED, PRODUCED
from vigie_common.stream.records import Message, Output
from vigie_common.stream.transport import Rejection, reject
from vigie_common.topics import load_topics
from vigie_statistics.core import sweep, take_coverage, take_event
from vigie_statistics.faust_app import STATE_TOPIC
from vigie_statistics.pages import Pages
from vigie_statistics.rows import INPUTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

    from aiokafka import AIOKafkaProducer

    from vigie_common.stream.config_log import ConfigLog
    from vigie_common.stream.transport import Receiver
    from vigie_statistics.faust_app import StatisticsApp

_log = structlog.get_logger(__name__)
_TAKERS: Final = {"rule-events": take_event, "coverage": take_coverage}
UTC: Final = "UTC"


@dataclass(slots=True)
class Record:
    """What decoding needs of a Kafka record, under aiokafka's names."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class Changes:
    """What one partition's share of a batch writes."""

    partition: int
    outputs: list[Output] = field(default_factory=list)
    windows: Mapping[str, bytes | None] = field(default_factory=dict)
    cameras: Mapping[str, bytes | None] = field(default_factory=dict)
    last: Mapping[str, bytes | None] = field(default_factory=dict)


@dataclass(slots=True)
class Intake:
    """Takes batches in.

    Args:
        app: owner of the rows.
        producer: idempotent, acknowledged by all replicas.
        receiver: decodes.
        configuration: the cameras, for their sites' time zones.
        session_s: a worker that stood still for so long has lost its partitions, and may not know it yet.
    """

    app: StatisticsApp
    producer: AIOKafkaProducer
    receiver: Receiver
    configuration: ConfigLog
    session_s: float

    async def take(self, records: Sequence[Record]) -> None:
        """Take a batch of any partitions in; returns once all of it is in the log.

        Raises:
            DependencyError: records are missing between the rows and the batch: the worker must start again.
            KafkaError: a write failed, likewise.
        """
        decoded = [await self.receiver.decode(record) for record in records]
        await self.configuration.complete_for(max(record.timestamp for record in records))
        by_partition: dict[int, list[tuple[Record, Message | Rejection]]] = {}
        for record, message in zip(records, decoded, strict=True):
            by_partition.setdefault(record.partition, []).append((record, message))
        for partition, share in by_partition.items():
            folded_at = time.monotonic()
            changes = self._fold(partition, share)
            if changes is not None:
                await self._write(changes, folded_at)
        for record in records:
            CONSUMED.labels(self.receiver.names.logical(record.topic)).inc()

    def _fold(self, partition: int, share: Iterable[tuple[Record, Message | Rejection]]) -> Changes | None:
        """What the records of one partition change; nothing if it is not this worker's. Waits for nothing."""
        epoch = self.app.consumer_generation_id
        changes = Changes(partition)
        pages = Pages(partition, self.app.rows.row)
        taken = 0
        for record, message in share:
            if not self.app.owns(_tp(record)):
                return None
            topic = self.receiver.names.logical(record.topic)
            source = INPUTS.index(topic)
            due = pages.partition.next[source]
            if record.offset < due:
                continue
            if record.offset > due >= 0:
                self._missing(record, due)
            pages.partition.next[source] = record.offset + 1
            taken += 1
            if isinstance(message, Rejection):
                changes.outputs.append(message.output)
                continue
            try:
                _TAKERS[topic](pages, message.value, record.offset, record.timestamp, self._zone(message))
            except PoisonRecordError as poison:
                changes.outputs.append(reject(self.receiver.service, message, poison))
            sweep(pages, record.timestamp)
        if not taken:
            return None
        for figure in pages.figures():
            key = f"{figure['series']}@{figure['start']}"
            changes.outputs.append(Output("statistics", key, figure))
        changes.windows = pages.window_rows(epoch)
        changes.cameras, changes.last = pages.camera_rows(epoch), pages.partition_row(epoch)
        return changes

    def _missing(self, record: Record, due: int) -> None:
        """Records between the rows and this one were not given.

        Raises:
            DependencyError: they are still in the log.
        """
        if self.app.earliest.get(_tp(record), 0) > due:
            _log.error(
                "records were deleted before they were counted",
                topic=record.topic,
                partition=record.partition,
                first=due,
                last=record.offset - 1,
            )
            return
        raise DependencyError(
            f"{record.topic} {record.partition}: record {record.offset} came where {due} was due: starting again there"
        )

    def _zone(self, message: Message) -> ZoneInfo:
        """Time zone of a record's camera, by the configuration in force; UTC for a camera that nobody declared."""
        at = message.value.get("at") or message.value.get("minute") or 0
        version = self.configuration.timeline.at("cameras", message.key, at, message.appended_at)
        return ZoneInfo(UTC if version is None else version.value["time_zone"])

    async def _write(self, changes: Changes, folded_at: float) -> None:
        """Send in order of dependence, each step acknowledged before the next.

        Raises:
            DependencyError: it took longer than the session: another worker may have the partition by now.
        """
        sent = [await self._send_output(output) for output in changes.outputs]
        await asyncio.gather(*sent, *[await self._send_row(changes.partition, *row) for row in changes.windows.items()])
        self.app.rows.put(changes.partition, changes.windows)
        for rows in (changes.cameras, changes.last):
            stood_s = time.monotonic() - folded_at
            if stood_s > self.session_s:
                raise DependencyError(
                    f"writing partition {changes.partition} took {stood_s:.1f} s, longer than the session of "
                    f"{self.session_s:g} s: another worker may have it: starting again from the rows"
                )
            await asyncio.gather(*[await self._send_row(changes.partition, *row) for row in rows.items()])
            self.app.rows.put(changes.partition, rows)

    async def _send_output(self, output: Output) -> Awaitable[Any]:
        value = self.receiver.codec.encode(load_topics()[output.topic].schema, output.value)
        PRODUCED.labels(output.topic).inc()
        future: Awaitable[Any] = await self.producer.send(
            self.receiver.names.full(output.topic), value, key=output.key.encode()
        )
        return future

    async def _send_row(self, partition: int, key: str, row: bytes | None) -> Awaitable[Any]:
        topic = self.receiver.names.full(STATE_TOPIC)
        future: Awaitable[Any] = await self.producer.send(
            topic, self.app.rows.encode(row), key=key.encode(), partition=partition
        )
        return future


def _tp(record: Record) -> TP:
    return TP(record.topic, record.partition)
