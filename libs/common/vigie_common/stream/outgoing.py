"""The outputs of one poll, gathered: one batch a partition, and so one future and one request for many records.

Handed to the producer record by record, each costs a future, a callback and a look at the metadata, and the batches of
a worker's partitions leave at different times, each in a request of its own. That is most of what a small record costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Future

    from aiokafka.producer.message_accumulator import BatchBuilder

    from vigie_common.stream.progress import Pending
    from vigie_common.stream.records import Message, Output
    from vigie_common.stream.transport import Sender


@dataclass(slots=True)
class _Batch:
    builder: BatchBuilder
    pending: list[Pending] = field(default_factory=list)
    """Of each record, in order."""


@dataclass(slots=True)
class Outgoing:
    """Takes the outputs of records while they are processed, and hands them over all at once.

    Nothing is acknowledged before `flush`: who waits for an acknowledgement must let the loop come to it.
    """

    sender: Sender
    _open: dict[tuple[str, int], _Batch] = field(default_factory=dict)
    """By logical topic and partition."""

    async def add(self, output: Output, source: Message | None, pending: Pending) -> None:
        """Take one output; `pending` is acknowledged once it is in the log."""
        partition = self.sender.partition(output, source)
        if partition is None:  # its key chooses the partition: the producer knows how
            await self.sender.send(output, source, pending.acknowledge)
            return
        value, headers = self.sender.encoded(output, source)
        place = output.topic, partition
        batch = self._open.get(place)
        if batch is None:
            batch = self._open[place] = _Batch(self.sender.producer.create_batch())
        while batch.builder.append(timestamp=None, key=output.key.encode(), value=value, headers=headers) is None:
            await self._hand_over(place)  # it is full; the first record of a batch always fits
            batch = self._open[place] = _Batch(self.sender.producer.create_batch())
        batch.pending.append(pending)

    async def flush(self) -> None:
        """Hand over what has been gathered; all of it leaves in one request, unless one is on its way."""
        for place in list(self._open):
            await self._hand_over(place)

    async def _hand_over(self, place: tuple[str, int]) -> None:
        batch = self._open.pop(place)
        batch.builder.close()
        topic, partition = place
        future: Future[Any] = await self.sender.producer.send_batch(
            batch.builder, self.sender.names.full(topic), partition=partition
        )

        def done(finished: Future[Any]) -> None:
            if finished.cancelled():
                return
            error = finished.exception()
            if error is not None:
                self.sender.failed(error)
                return
            for pending in batch.pending:
                pending.acknowledge()

        future.add_done_callback(done)
        self.sender.produced(topic, len(batch.pending))
