"""Between Kafka's bytes and a core's records: decoding with dead letters, and encoded sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from vigie_common.dead_letters import dead_letter
from vigie_common.errors import PoisonRecordError, UnknownSchemaError
from vigie_common.stream.metrics import DEAD_LETTERS, PRODUCED
from vigie_common.stream.records import Message, Output
from vigie_common.topics import load_topics

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from aiokafka import AIOKafkaProducer, ConsumerRecord
    from prometheus_client import Counter

    from vigie_common.codec import Codec
    from vigie_common.topics import TopicNames

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be processed, and the dead letter it becomes."""

    offset: int
    output: Output


def reject(service: str, message: Message, error: PoisonRecordError) -> Output:
    """The dead letter of a record that was decoded but cannot be processed. Its value is left out."""
    DEAD_LETTERS.labels(message.topic, type(error).__name__).inc()
    _log.warning(
        "dead letter",
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        error=str(error),
    )
    return dead_letter(
        service,
        message.topic,
        message.partition,
        message.offset,
        message.key.encode(),
        None,
        message.appended_at,
        error,
    )


@dataclass(slots=True)
class Receiver:
    """Decodes what a consumer brings."""

    service: str
    names: TopicNames
    codec: Codec
    known: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Logical name and schema, by the name on the broker."""

    async def decode(self, record: ConsumerRecord) -> Message | Rejection:
        """The message, or the dead letter of a record that is none."""
        try:
            return self.message(record)
        except UnknownSchemaError as unknown:
            if await self.codec.learn(record.value):
                return await self.decode(record)
            return self.rejection(record, unknown)
        except PoisonRecordError as poison:
            return self.rejection(record, poison)

    def message(self, record: ConsumerRecord) -> Message:
        """The message.

        Raises:
            PoisonRecordError: it is none.
        """
        known = self.known.get(record.topic)
        if known is None:
            logical = self.names.logical(record.topic)
            known = self.known[record.topic] = (logical, load_topics()[logical].schema)
        topic, schema = known
        value = self.codec.decode_as(schema, record.value)
        try:
            key = (record.key or b"").decode()
        except UnicodeDecodeError:
            raise PoisonRecordError(f"the key {record.key!r} is no UTF-8 text") from None
        return Message(topic, record.partition, record.offset, key, record.timestamp, value, tuple(record.headers))

    def rejection(self, record: ConsumerRecord, error: PoisonRecordError) -> Rejection:
        """The dead letter of a record that could not be decoded."""
        topic = self.names.logical(record.topic)
        DEAD_LETTERS.labels(topic, type(error).__name__).inc()
        _log.warning("dead letter", topic=topic, partition=record.partition, offset=record.offset, error=str(error))
        return Rejection(
            record.offset,
            dead_letter(
                self.service,
                topic,
                record.partition,
                record.offset,
                record.key,
                record.value,
                record.timestamp,
                error,
            ),
        )


@dataclass(slots=True)
class Sender:
    """Encodes and sends outputs; a send that fails ends the worker."""

    producer: AIOKafkaProducer
    names: TopicNames
    codec: Codec
    failed: Callable[[BaseException], None]
    counters: dict[str, Counter] = field(default_factory=dict)
    """A metric's child by topic: looking it up costs more than counting."""

    async def send(self, output: Output, source: Message | None, acknowledged: Callable[[], None]) -> None:
        """Hand one output to the producer; calls back once it is in the log."""
        value, headers = self.encoded(output, source)
        future: Future[Any] = await self.producer.send(
            self.names.full(output.topic),
            value,
            key=output.key.encode(),
            partition=self.partition(output, source),
            headers=headers,
        )

        def done(finished: Future[Any]) -> None:
            if finished.cancelled():
                return
            error = finished.exception()
            if error is None:
                acknowledged()
            else:
                self.failed(error)

        future.add_done_callback(done)
        self.produced(output.topic, 1)

    def partition(self, output: Output, source: Message | None) -> int | None:
        """Where it goes: what it says itself, on a camera topic the source's, else what its key chooses (None)."""
        if output.partition is None and source is not None and load_topics()[output.topic].key == "camera_id":
            return source.partition
        return output.partition

    def encoded(self, output: Output, source: Message | None) -> tuple[bytes, list[tuple[str, bytes]]]:
        """Its value and its headers."""
        headers = output.headers or (_trace(source) if source is not None else ())
        return self.codec.encode(load_topics()[output.topic].schema, output.value), list(headers)

    def produced(self, topic: str, records: int) -> None:
        """Count what has been handed to the producer."""
        counter = self.counters.get(topic)
        if counter is None:
            counter = self.counters[topic] = PRODUCED.labels(topic)
        counter.inc(records)


def _trace(source: Message) -> tuple[tuple[str, bytes], ...]:
    """The W3C trace context goes along from record to record."""
    return tuple(header for header in source.headers if header[0] == "traceparent") if source.headers else ()
