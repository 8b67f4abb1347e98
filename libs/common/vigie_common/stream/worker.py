"""What both stream loops are made of: the clients, the group's partitions, a life with a bounded start and stop.

Crash-only: a loop, a send or a callback that fails ends the worker with its error; nothing dies unseen.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from vigie_common.kafka import consumer, producer
from vigie_common.stream.metrics import LAG
from vigie_common.stream.startup import until_stopped
from vigie_common.stream.transport import Receiver, Sender
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.settings import Settings
    from vigie_common.stream.progress import Progress

COMMIT_S: Final = 0.5
_LAST_BATCH_S: Final = 2.0
_CLOSE_S: Final = 2.0
_DEALT_WITHIN_S: Final = 30.0
_DEALT_OFTEN: Final = 6

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Owned:
    """A partition that the group has given to this worker."""

    tp: TopicPartition
    progress: Progress
    committed: int | None
    """k, as far as this worker knows."""


Compression = Literal["lz4"] | None
"""Of what a worker writes. Coordinates hardly shrink, by a quarter, and aiokafka writes lz4 at its slowest level: what
comes with every frame and is kept for hours goes as it is."""

AnyOwned = TypeVar("AnyOwned", bound=Owned)


class StreamWorker(ConsumerRebalanceListener, ABC, Generic[AnyOwned]):  # type: ignore[misc]  # aiokafka has no types
    """One worker of a consumer group. A loop gives it its tasks, and what to do with partitions given and taken."""

    def __init__(
        self,
        settings: Settings,
        service: Service,
        codec: Codec,
        topics: Sequence[str],
        compression: Compression,
        **consumer_options: Any,
    ) -> None:
        self.settings, self.service, self.codec, self.topics = settings, service, codec, topics
        self.names = TopicNames(settings.topic_prefix)
        self.owned: dict[TopicPartition, AnyOwned] = {}
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.receiver = Receiver(service.name, self.names, codec)
        self.consumer: AIOKafkaConsumer = consumer(
            settings, group=f"{settings.topic_prefix}{service.name}", **consumer_options
        )
        self.producer: AIOKafkaProducer = producer(settings, compression_type=compression)
        self.sender = Sender(self.producer, self.names, codec, self.fail)
        self._tasks: list[asyncio.Task[None]] = []
        self._assignments: list[float] = []

    # -- what a loop adds ----------------------------------------------------------------------------------------

    @abstractmethod
    def steps(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs side by side from the start to the end, by name; "consume" ends when the service stops."""

    @abstractmethod
    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """The group gives these. No heartbeat runs until this returns."""

    @abstractmethod
    async def revoked(self, given: Sequence[AnyOwned]) -> None:
        """The group has taken these, they are no longer among `owned`; bounded in time."""

    async def prepare(self) -> None:
        """Nothing, unless a loop has something to do before it joins the group."""

    def closing(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What lets go of the connections."""
        return (self.consumer.stop, self.producer.stop)

    # -- life ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the service is stopped.

        Raises:
            VigieError, KafkaError: what any part failed with.
        """
        self._tasks = [self.spawn("start", self._start())]
        try:
            await until_stopped(self.service, self.failure)
            await self._stop()
        finally:
            for task in self._tasks:
                task.cancel()

    def spawn(self, name: str, step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the rest; what it raises ends the worker."""
        task = asyncio.create_task(step, name=name)
        task.add_done_callback(self.ended)
        return task

    def ended(self, task: asyncio.Task[None]) -> None:
        """Callback of a task that may not fail."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End the worker with this error; the first one counts."""
        if not self.failure.done():
            self.failure.set_exception(error)

    async def _start(self) -> None:
        self.service.health.beat("start")
        await self.producer.start()
        await self.prepare()
        self.consumer.subscribe([self.names.full(topic) for topic in self.topics], listener=self)
        await self.consumer.start()
        self._tasks += [self.spawn(name, step) for name, step in self.steps().items()]
        self.service.health.gone("start")

    async def _stop(self) -> None:
        """Finish the batch in hand, checkpoint and commit, close: each within its bound, all within 10 s."""
        if consuming := [task for task in self._tasks if task.get_name() == "consume"]:
            await asyncio.wait(consuming, timeout=_LAST_BATCH_S)
        for task in self._tasks:
            task.remove_done_callback(self.ended)
            task.cancel()
        await self.on_partitions_revoked(set(self.owned))
        # a static member that left the group would make its restart a rebalance: it only closes
        await asyncio.gather(*(self._close(close) for close in self.closing()))

    async def _close(self, close: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await close()
        except (TimeoutError, KafkaError) as slow:
            _log.warning("closing", error=repr(slow))

    # -- ownership -----------------------------------------------------------------------------------------------

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called by aiokafka, which would log an error and go on."""
        self._name_a_double()
        try:
            await self.assigned(sorted(assigned))
        except Exception as error:
            self.fail(error)
            raise

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called by aiokafka, which would log an error and go on."""
        try:
            await self.revoked([self.owned.pop(tp) for tp in sorted(revoked) if tp in self.owned])
        except Exception as error:
            self.fail(error)
            raise

    def _name_a_double(self) -> None:
        """Two members with one instance id put each other out at every heartbeat; no broker says so."""
        now = asyncio.get_running_loop().time()
        self._assignments = [at for at in self._assignments if now - at < _DEALT_WITHIN_S] + [now]
        if len(self._assignments) >= _DEALT_OFTEN:
            _log.error(
                f"the group was dealt out {len(self._assignments)} times in {_DEALT_WITHIN_S:g} s: if another process "
                f"runs with VIGIE_INSTANCE_ID={self.settings.instance_id}, give each its own"
            )

    # -- commits -------------------------------------------------------------------------------------------------

    async def commit_now_and_then(self) -> None:
        """Commit every half second, and measure how far behind the worker is."""
        while True:
            await asyncio.sleep(COMMIT_S)
            await self.commit(self.owned.values())
            self._measure_lag()

    async def commit(self, partitions: Iterable[AnyOwned]) -> None:
        """Commit k = a. It only saves repetition, so a commit that is refused is tried again next time."""
        partitions = list(partitions)
        offsets = {p.tp: k for p in partitions if (k := p.progress.committable) is not None and k != p.committed}
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
        for tp, partition in self.owned.items():
            if partition.progress.next:  # else nothing has come from it yet, and where it stands is not known
                end = self.consumer.highwater(tp)
                lag[self.names.logical(tp.topic)] += max(0, (end or 0) - partition.progress.next)
        for topic, records in lag.items():
            LAG.labels(topic).set(records)
