"""The stateful stream loop: consume, process in a pure core, produce, checkpoint.

The recovery protocol is told in docs/explanation/recovery.md.

Crash-only: what fails is not caught and continued, the worker ends and the next one replays. A worker that was
believed dead and wakes up can only repeat the truth, since outputs are a function of the logs.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from prometheus_client import Counter, Gauge

from vigie_common.errors import DependencyError, PoisonRecordError, VigieError
from vigie_common.stream.checkpoint import Checkpoint, last_checkpoints
from vigie_common.stream.config_log import ConfigLog
from vigie_common.stream.metrics import AGE, CONSUMED, SECONDS
from vigie_common.stream.outgoing import Outgoing
from vigie_common.stream.progress import Progress, Verdict
from vigie_common.stream.startup import StoppedError, await_codec, await_topics
from vigie_common.stream.transport import Rejection, reject
from vigie_common.stream.worker import Owned, StreamWorker
from vigie_common.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from aiokafka import ConsumerRecord, TopicPartition

    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.settings import Settings
    from vigie_common.stream.records import Core, Message, Output
    from vigie_common.stream.worker import Compression

CHECKPOINT_S: Final = 5.0
MAX_IN_FLIGHT: Final = 5000
MAX_RECORDS: Final = 1000
_REVOKE_S: Final = 3.0
_FRAME_BYTES: Final = 1024
"""More than a batch of one record adds to it."""

_log = structlog.get_logger(__name__)

CHECKPOINTS = Counter("vigie_checkpoints_total", "Checkpoints written")
CHECKPOINT_BYTES = Gauge("vigie_checkpoint_bytes", "Size of the last checkpoint", ["partition"])
GAPS = Counter("vigie_input_gaps_total", "Stretches of input that were lost unseen")
REPLAYED = Counter("vigie_records_replayed_total", "Records processed again in silence after a restart")


@dataclass(slots=True)
class _Partition(Owned):
    core: Core
    checkpoint_at: int
    """Offset of the last checkpoint."""
    due: float
    """When the next checkpoint is due, of the event loop's clock."""
    rewound: int = -1
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the partition is given up: whoever waits for it lets go."""


async def run_stateful(
    settings: Settings,
    service: Service,
    *,
    topic: str,
    state_topic: str,
    core: Callable[[int], Core],
    outputs: Sequence[str],
    config_topics: Sequence[str] = (),
    observe: Callable[[Sequence[Core]], Iterable[Output]] | None = None,
    compression: Compression = "lz4",
) -> None:
    """Run the loop until the service is stopped.

    Args:
        settings: of the service.
        service: its health and its stop signal.
        topic: input, logical name.
        state_topic: checkpoints, logical name; as many partitions as the input.
        core: makes the core of one input partition.
        outputs: topics the core writes to, logical names.
        config_topics: configuration by event time, logical names.
        observe: called about once a second with the cores that run; what it gives is produced for people to
            read (a status), outside the recovery protocol.
        compression: of the outputs.

    Raises:
        VigieError, KafkaError: the worker must end; the next one replays.
    """
    try:
        await await_topics(settings, service, (topic, state_topic, *outputs, *config_topics))
        codec = await await_codec(settings, service)
    except StoppedError:
        return
    await StatefulWorker(settings, service, codec, topic, state_topic, core, config_topics, observe, compression).run()


class StatefulWorker(StreamWorker[_Partition]):
    """Runs a core for each partition, and keeps the recovery protocol."""

    def __init__(
        self,
        settings: Settings,
        service: Service,
        codec: Codec,
        topic: str,
        state_topic: str,
        core: Callable[[int], Core],
        config_topics: Sequence[str] = (),
        observe: Callable[[Sequence[Core]], Iterable[Output]] | None = None,
        compression: Compression = "lz4",
    ) -> None:
        options = {"auto_offset_reset": "none", "max_poll_records": MAX_RECORDS}
        super().__init__(settings, service, codec, [topic], compression, **options)
        self.topic, self.state_topic = topic, state_topic
        self.make_core, self.observe = core, observe
        self.config = ConfigLog(settings, self.receiver, config_topics, self._send_rejected)
        self.outgoing = Outgoing(self.sender)
        self.restoring: asyncio.Task[None] | None = None
        self.largest = int(load_topics()[state_topic].config["max.message.bytes"]) - _FRAME_BYTES

    async def prepare(self) -> None:
        """Know the configuration."""
        await self.config.start()

    def steps(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Consume, commit, checkpoint, follow the configuration, tell people."""
        return {
            "consume": self._consume(),
            "commit": self.commit_now_and_then(),
            "checkpoint": self._checkpoint_now_and_then(),
            "configuration": self.config.follow(self.service),
            "observe": self._observe_now_and_then(),
        }

    def closing(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """The configuration's connection too."""
        return (self.config.stop, *super().closing())

    # -- ownership ---------------------------------------------------------------------------------------------

    async def revoked(self, given: Sequence[_Partition]) -> None:
        """Checkpoint and commit what can be within a bound; the next owner replays the rest."""
        if self.restoring is not None:
            self.restoring.cancel()
        try:
            async with asyncio.timeout(_REVOKE_S):
                await asyncio.gather(*(self._checkpoint(partition) for partition in given))
                await self.commit(given)
        except (TimeoutError, KafkaError) as late:
            _log.warning("partitions left without a checkpoint: their next owner replays", error=repr(late))
        for partition in given:
            partition.ended.set()

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Pause, restore in the background: heartbeats go on."""
        self.consumer.pause(*partitions)
        self.restoring = self.spawn("restore", self._restore(partitions))

    async def _restore(self, assigned: Sequence[TopicPartition]) -> None:
        started = time.perf_counter()
        self.service.health.ready("partitions", ok=False, why="restoring")
        checkpoints = await last_checkpoints(
            self.settings, self.codec, self.names.full(self.state_topic), [tp.partition for tp in assigned]
        )
        begins = await self.consumer.beginning_offsets(assigned)
        ends = await self.consumer.end_offsets(assigned)
        loop = asyncio.get_running_loop()
        for number, tp in enumerate(assigned):
            checkpoint = checkpoints.get(tp.partition)
            if checkpoint is not None and not 0 <= checkpoint.next_offset <= ends[tp]:
                why = f"it stands at offset {checkpoint.next_offset}, the input ends at {ends[tp]}: of another topic"
                _log.warning("a checkpoint cannot be used", partition=tp.partition, why=why)
                checkpoint = None
            partition = self._resume(tp, checkpoint, await self.consumer.committed(tp), begins[tp])
            partition.due = loop.time() + CHECKPOINT_S * (1 + number / len(assigned))
            self.owned[tp] = partition
            self.consumer.seek(tp, partition.progress.next)
            self.consumer.resume(tp)
        _log.info(
            "partitions assigned",
            partitions=len(assigned),
            checkpoints=len(checkpoints),
            replay=sum(p.progress.emit_from - p.progress.next for p in self.owned.values()),
            ms=round(1000 * (time.perf_counter() - started)),
        )
        self.service.health.ready("partitions", ok=True)

    def _resume(
        self, tp: TopicPartition, checkpoint: Checkpoint | None, committed: int | None, begin: int
    ) -> _Partition:
        core = self.make_core(tp.partition)
        if checkpoint is not None:
            try:
                core.restore(checkpoint.state)
            except VigieError as unusable:
                _log.warning("a checkpoint cannot be used", partition=tp.partition, why=str(unusable))
                core, checkpoint = self.make_core(tp.partition), None
        if checkpoint is None and committed is not None and committed > begin:
            _log.warning("no checkpoint: rebuilding in silence", partition=tp.partition, begin=begin, until=committed)
        if checkpoint is not None:
            start = checkpoint.next_offset
        else:
            start = begin if committed is None else min(begin, committed)
        progress = Progress.resume(start, committed)
        if start < begin:
            self._gap(core, progress, tp, begin, "retention has passed it")
        REPLAYED.inc(progress.emit_from - progress.next)
        return _Partition(tp, progress, committed, core, progress.next, 0.0)

    def _gap(self, core: Core, progress: Progress, tp: TopicPartition, to: int, why: str) -> None:
        _log.error("input lost unseen", partition=tp.partition, first=progress.next, next=to, why=why)
        GAPS.inc()
        core.gap(progress.next, to)
        progress.skip_to(to)

    # -- records -----------------------------------------------------------------------------------------------

    async def _consume(self) -> None:
        while not self.service.stopping.is_set():
            self.service.health.beat("consume")
            try:
                batch = await self.consumer.getmany(timeout_ms=200)
            except NoOffsetForPartitionError:
                await asyncio.sleep(0.01)  # a partition that _restore is about to seek
                continue
            except OffsetOutOfRangeError as gone:
                raise DependencyError(
                    f"{gone.args[0] if gone.args else self.topic}: retention has passed this offset, or the topic was "
                    "made anew: the next worker takes up where the log begins, and reports the gap"
                ) from gone
            started = time.perf_counter()
            for tp, records in batch.items():
                partition = self.owned.get(tp)
                if partition is not None:
                    await self._process(partition, records)
                    await asyncio.sleep(0)
            await self.outgoing.flush()
            SECONDS.inc(time.perf_counter() - started)
            for tp in batch:
                await self._room(tp)

    async def _process(self, partition: _Partition, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            if self.owned.get(partition.tp) is not partition or self.service.stopping.is_set():
                return  # given up while a send waited: its next owner has it
            verdict = partition.progress.verdict(record.offset)
            if verdict is Verdict.SKIP:
                continue
            if verdict is Verdict.REWIND and not self._hole(partition, record.offset):
                break
            try:
                message: Message | Rejection = self.receiver.message(record)
            except PoisonRecordError:
                message = await self.receiver.decode(record)  # a schema may be learnt
                if self.owned.get(partition.tp) is not partition:
                    return
            if isinstance(message, Rejection):
                outputs: Sequence[Output] = (message.output,)
                source = None
            else:
                if not self.config.is_complete_for(message.appended_at):
                    await self.config.complete_for(message.appended_at)
                    if self.owned.get(partition.tp) is not partition:
                        return
                captured_at = message.value["captured_at"]
                view = self.config.timeline.view(captured_at, message.appended_at)
                try:
                    outputs = partition.core.process(message, view)
                except PoisonRecordError as poison:
                    outputs = (reject(self.service.name, message, poison),)
                source = message
            pending = partition.progress.advance(len(outputs))
            if pending is not None:
                for output in outputs:
                    await self.outgoing.add(output, source, pending)
        CONSUMED.labels(self.topic).inc(len(records))
        if records:
            AGE.observe(max(0.0, time.time() - records[-1].timestamp / 1000))

    async def _room(self, tp: TopicPartition) -> None:
        """Return once not too many records of a partition wait for their acknowledgement."""
        while (partition := self.owned.get(tp)) is not None and partition.progress.in_flight > MAX_IN_FLIGHT:
            partition.progress.acknowledged  # noqa: B018 - lets go of what has been acknowledged
            await asyncio.sleep(0.005)

    def _hole(self, partition: _Partition, offset: int) -> bool:
        """Records are missing before this one: seek back once; if they are missing again they are gone."""
        if partition.rewound == partition.progress.next:
            self._gap(partition.core, partition.progress, partition.tp, offset, "a hole in the log")
            return True
        partition.rewound = partition.progress.next
        self.consumer.seek(partition.tp, partition.progress.next)
        return False

    async def _send_rejected(self, output: Output) -> None:
        await self.sender.send(output, None, lambda: None)

    # -- checkpoints and what people read --------------------------------------------------------------------------

    async def _checkpoint_now_and_then(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.1)
            self.service.health.beat("checkpoint")
            for partition in list(self.owned.values()):
                if loop.time() >= partition.due:
                    partition.due = loop.time() + CHECKPOINT_S
                    await self._checkpoint(partition)

    async def _checkpoint(self, partition: _Partition) -> None:
        """Snapshot (state, n) in one step; wait until a reaches n; only then write {c = n, state}."""
        progress = partition.progress
        at = progress.next
        if at == partition.checkpoint_at or progress.silent:
            return
        checkpoint = Checkpoint(at, partition.core.snapshot())
        while not progress.may_checkpoint(at):
            await asyncio.sleep(0.01)
            if partition.ended.is_set():
                return
        value = self.codec.encode("checkpoint", checkpoint.record(self.service.name))
        if len(value) > self.largest:
            _log.error(
                "a checkpoint is too large for its topic: a restart replays from the last one that was not. "
                "Spread the cameras over more partitions, or raise max_message in schemas/topics.yaml",
                topic=self.state_topic,
                partition=partition.tp.partition,
                bytes=len(value),
                largest=self.largest,
            )
            return
        await self.producer.send_and_wait(
            self.names.full(self.state_topic),
            value,
            key=str(partition.tp.partition).encode(),
            partition=partition.tp.partition,
        )
        partition.checkpoint_at = at
        CHECKPOINTS.inc()
        CHECKPOINT_BYTES.labels(partition.tp.partition).set(len(value))

    async def _observe_now_and_then(self) -> None:
        while self.observe is not None:
            await asyncio.sleep(1.0)
            for output in self.observe([partition.core for partition in self.owned.values()]):
                await self.sender.send(output, None, lambda: None)
        await asyncio.Event().wait()
