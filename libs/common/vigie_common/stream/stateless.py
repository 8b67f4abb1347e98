"""The stateless stream loop: consume → process → produce → commit.

Partitions are handled side by side, the records of one in order: nothing more is taken from a partition while a
batch of it is in the handler's hands, so what is in flight is bounded. Its offset is committed once its outputs
are in the log.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka import TopicPartition
from prometheus_client import Gauge

from vigie_common.stream.metrics import AGE, CONSUMED, SECONDS
from vigie_common.stream.progress import Progress
from vigie_common.stream.records import Done, Message
from vigie_common.stream.startup import StoppedError, await_codec, await_topics
from vigie_common.stream.transport import Rejection
from vigie_common.stream.worker import Owned, StreamWorker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Sequence

    from aiokafka import ConsumerRecord

    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.settings import Settings
    from vigie_common.stream.records import Handler, Output
    from vigie_common.stream.worker import Compression

_POLL_MS: Final = 50
_IN_HAND_S: Final = 3.0
_SETTLE_S: Final = 2.0
_NOWHERE: Final = TopicPartition("", 0)
"""Nothing is fetched from it; but a member that does not poll for five minutes is put out of its group."""

_log = structlog.get_logger(__name__)

IN_HAND = Gauge("vigie_partitions_in_hand", "Partitions whose batch is being handled")


@dataclass(slots=True)
class _Partition(Owned):
    task: asyncio.Task[None] | None = None
    """Handles the batch in hand."""


async def run_stateless(
    settings: Settings,
    service: Service,
    *,
    topics: Sequence[str],
    handler: Handler,
    outputs: Sequence[str],
    max_records: int = 200,
    compression: Compression = "lz4",
) -> None:
    """Run the loop until the service is stopped.

    Args:
        settings: of the service.
        service: its health and its stop signal.
        topics: inputs, logical names.
        handler: the service's logic.
        outputs: topics it writes to, logical names.
        max_records: at most this many records are fetched at once.
        compression: of the outputs.

    Raises:
        VigieError, KafkaError: the worker must end; the next one takes up at the committed offsets.
    """
    try:
        await await_topics(settings, service, (*topics, *outputs))
        codec = await await_codec(settings, service)
    except StoppedError:
        return
    await StatelessWorker(settings, service, codec, topics, handler, compression, max_poll_records=max_records).run()


class StatelessWorker(StreamWorker[_Partition]):
    """Hands batches to the handler, and sends and commits what becomes of them."""

    def __init__(
        self,
        settings: Settings,
        service: Service,
        codec: Codec,
        topics: Sequence[str],
        handler: Handler,
        compression: Compression = "lz4",
        **consumer_options: Any,
    ) -> None:
        super().__init__(settings, service, codec, topics, compression, **consumer_options)
        self.handler = handler

    def steps(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Consume and commit."""
        return {"consume": self._consume(), "commit": self.commit_now_and_then()}

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Start afresh at the committed offsets."""
        self.owned = {tp: _Partition(tp, Progress(0, 0), 0) for tp in partitions}
        self.service.health.ready("partitions", ok=True)

    async def revoked(self, given: Sequence[_Partition]) -> None:
        """Let what is in hand finish within a bound, commit; the next owner takes up the rest."""
        running = [p.task for p in given if p.task is not None]
        if running:
            _, late = await asyncio.wait(running, timeout=_IN_HAND_S)
            for task in late:
                task.remove_done_callback(self.ended)
                task.cancel()
        try:
            async with asyncio.timeout(_SETTLE_S):
                while any(p.progress.acknowledged < p.progress.next for p in given):
                    await asyncio.sleep(0.01)
                await self.commit(given)
        except TimeoutError:
            _log.warning("not all is acknowledged and committed in time: the next owner handles the rest again")

    async def _consume(self) -> None:
        while not self.service.stopping.is_set():
            self.service.health.beat("consume")
            idle = [tp for tp, partition in self.owned.items() if partition.task is None]
            for tp, records in (await self.consumer.getmany(*(idle or [_NOWHERE]), timeout_ms=_POLL_MS)).items():
                partition = self.owned.get(tp)
                if partition is None or partition.task is not None:
                    continue  # of the assignment before: its owner has it
                fresh = [record for record in records if record.offset >= partition.progress.next]
                if fresh:
                    partition.task = self.spawn(str(tp), self._batch(partition, fresh))

    async def _batch(self, partition: _Partition, records: Sequence[ConsumerRecord]) -> None:
        started = time.perf_counter()
        progress = partition.progress
        decoded = [await self.receiver.decode(record) for record in records]
        with IN_HAND.track_inprogress():
            async with aclosing(self._handle([m for m in decoded if isinstance(m, Message)])) as handled:
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
        CONSUMED.labels(self.names.logical(partition.tp.topic)).inc(len(records))
        AGE.observe(max(0.0, time.time() - records[-1].timestamp / 1000))
        SECONDS.inc(time.perf_counter() - started)
        partition.task = None

    async def _handle(self, messages: Sequence[Message]) -> AsyncGenerator[Done, None]:
        if messages:
            async for done in self.handler.handle(messages):
                yield done

    async def _emit(self, progress: Progress, outputs: Sequence[Output], source: Message | None) -> None:
        pending = progress.advance(len(outputs))
        if pending is not None:
            for output in outputs:
                await self.sender.send(output, source, pending.acknowledge)
