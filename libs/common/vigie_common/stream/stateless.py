"""The stateless stream loop: consume → process → produce → commit.

Partitions are handled side by side, the records of one in order: nothing more is taken from a partition while a
batch of it is in the handler's hands, so what is in flight is bounded. Its offset is committed once its outputs
are in the log.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from vigie_common.kafka import consumer
from vigie_common.registry import open_codec
from vigie_common.stream.progress import Progress
from vigie_common.stream.records import Done, Message
from vigie_common.stream.startup import StoppedError, await_topics, start_producer, until_stopped
from vigie_common.stream.stateful import AGE, COMMIT_S, LAG, SECONDS
from vigie_common.stream.transport import CONSUMED, Receiver, Rejection, Sender
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.settings import Settings
    from vigie_common.stream.records import Handler, Output

_POLL_S: Final = 0.05
_REVOKE_S: Final = 5.0
_SETTLE_S: Final = 2.0
_STOP_S: Final = 9.0

_log = structlog.get_logger(__name__)

IN_HAND = Gauge("vigie_partitions_in_hand", "Partitions whose batch is being handled")


@dataclass(slots=True)
class _Partition:
    tp: TopicPartition
    progress: Progress | None = None
    task: asyncio.Task[None] | None = None
    committed: int | None = None


async def run_stateless(
    settings: Settings,
    service: Service,
    *,
    topics: Sequence[str],
    handler: Handler,
    outputs: Sequence[str],
    max_records: int = 200,
) -> None:
    """Run the loop until the service is stopped.

    Args:
        settings: of the service.
        service: its health and its stop signal.
        topics: inputs, logical names.
        handler: the service's logic.
        outputs: topics it writes to, logical names.
        max_records: at most this many records are fetched at once.

    Raises:
        VigieError, KafkaError: the worker must end; the next one takes up at the committed offsets.
    """
    try:
        await await_topics(settings, service, (*topics, *outputs))
        codec = await open_codec(settings)
    except StoppedError:
        return
    await _Worker(settings, service, codec, topics, handler, max_records).run()


class _Worker(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka publishes no types
    def __init__(
        self,
        settings: Settings,
        service: Service,
        codec: Codec,
        topics: Sequence[str],
        handler: Handler,
        max_records: int,
    ) -> None:
        self.settings, self.service, self.codec, self.handler = settings, service, codec, handler
        self.names = TopicNames(settings.topic_prefix)
        self.topics = topics
        self.receiver = Receiver(service.name, self.names, codec)
        self.partitions: dict[TopicPartition, _Partition] = {}
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.consumer: AIOKafkaConsumer = consumer(
            settings, group=f"{settings.topic_prefix}{service.name}", max_poll_records=max_records
        )
        self.producer: AIOKafkaProducer
        self.sender: Sender

    async def run(self) -> None:
        self.producer = await start_producer(self.settings)
        self.sender = Sender(self.producer, self.names, self.codec, self._fail)
        self.consumer.subscribe([self.names.full(topic) for topic in self.topics], listener=self)
        await self.consumer.start()
        tasks = [
            asyncio.create_task(self._consume(), name="consume"),
            asyncio.create_task(self._commit_now_and_then(), name="commit"),
        ]
        for task in tasks:
            task.add_done_callback(self._ended)
        await until_stopped(self.service, self.failure)
        for task in tasks:
            task.remove_done_callback(self._ended)
            task.cancel()
        async with asyncio.timeout(_STOP_S):
            await self.on_partitions_revoked(set(self.partitions))
            for close in (self.consumer.stop, self.producer.stop):
                try:
                    async with asyncio.timeout(2):
                        await close()
                except (TimeoutError, KafkaError) as slow:
                    _log.warning("closing", error=repr(slow))

    def _fail(self, error: BaseException) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let what is in hand finish within a bound, commit; the next owner takes up the rest."""
        given = [self.partitions.pop(tp) for tp in sorted(revoked) if tp in self.partitions]
        running = [p.task for p in given if p.task is not None]
        if running:
            _, late = await asyncio.wait(running, timeout=_REVOKE_S)
            for task in late:
                task.remove_done_callback(self._ended)
                task.cancel()
        await self._settle(given)
        await self._commit(given)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Start afresh at the committed offsets."""
        self.partitions = {tp: _Partition(tp) for tp in assigned}
        self.service.health.ready("partitions", ok=True)

    async def _settle(self, partitions: Sequence[_Partition]) -> None:
        """Wait, bounded, until what has been sent is in the log."""
        sent = [p.progress for p in partitions if p.progress is not None]
        try:
            async with asyncio.timeout(_SETTLE_S):
                while any(progress.acknowledged < progress.next for progress in sent):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            _log.warning("not all outputs are acknowledged: their inputs will be handled again")

    async def _consume(self) -> None:
        while True:
            self.service.health.beat("consume")
            idle = [tp for tp, partition in self.partitions.items() if partition.task is None]
            if not idle:
                await asyncio.sleep(_POLL_S)
                continue
            for tp, records in (await self.consumer.getmany(*idle, timeout_ms=int(_POLL_S * 1000))).items():
                partition = self.partitions.get(tp)
                if partition is None or partition.task is not None:
                    continue  # of the assignment before: its owner has it
                due = -1 if partition.progress is None else partition.progress.next
                fresh = [record for record in records if record.offset >= due]
                if fresh:
                    partition.task = asyncio.create_task(self._batch(partition, fresh), name=str(tp))
                    partition.task.add_done_callback(self._ended)

    async def _batch(self, partition: _Partition, records: Sequence[ConsumerRecord]) -> None:
        started = time.perf_counter()
        IN_HAND.inc()
        if partition.progress is None or records[0].offset > partition.progress.next:
            partition.progress = Progress.resume(records[0].offset, None)
        progress = partition.progress
        topic = self.names.logical(partition.tp.topic)
        decoded = [await self.receiver.decode(record) for record in records]
        handled = self._handle([message for message in decoded if isinstance(message, Message)])
        for message in decoded:
            progress.skip_to(message.offset)
            if isinstance(message, Rejection):
                await self._emit(progress, (message.output,), None)
                continue
            done = await anext(handled)
            if done.offset != message.offset:
                msg = f"{type(self.handler).__name__} gave {done.offset} where {message.offset} was due"
                raise AssertionError(msg)
            await self._emit(progress, done.outputs, message)
        CONSUMED.labels(topic).inc(len(records))
        AGE.observe(max(0.0, time.time() - records[-1].timestamp / 1000))
        SECONDS.inc(time.perf_counter() - started)
        IN_HAND.dec()
        partition.task = None

    async def _handle(self, messages: Sequence[Message]) -> AsyncIterator[Done]:
        if messages:
            async for done in self.handler.handle(messages):
                yield done

    async def _emit(self, progress: Progress, outputs: Sequence[Output], source: Message | None) -> None:
        pending = progress.advance(len(outputs))
        if pending is None:
            return
        for output in outputs:
            await self.sender.send(output, source, pending.acknowledge)

    async def _commit_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_S)
            await self._commit(list(self.partitions.values()))
            self._measure_lag()

    async def _commit(self, partitions: Sequence[_Partition]) -> None:
        """Commit what is in the log. A commit that fails only means that records are handled again."""
        offsets = {}
        for partition in partitions:
            if partition.progress is not None:
                k = partition.progress.committable
                if k is not None and k != partition.committed:
                    offsets[partition.tp] = k
        if not offsets:
            return
        try:
            await self.consumer.commit(offsets)
        except KafkaError as refused:
            _log.info("commit refused, it will be tried again", error=repr(refused))
            return
        for partition in partitions:
            partition.committed = offsets.get(partition.tp, partition.committed)

    def _measure_lag(self) -> None:
        lag: dict[str, int] = dict.fromkeys(self.topics, 0)
        for partition in self.partitions.values():
            if partition.progress is not None:
                end = self.consumer.highwater(partition.tp)
                lag[self.names.logical(partition.tp.topic)] += max(0, (end or 0) - partition.progress.next)
        for topic, records in lag.items():
            LAG.labels(topic).set(records)
