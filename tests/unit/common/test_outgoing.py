"""The outputs of one poll, gathered in batches that are handed over whole."""

import asyncio
from types import SimpleNamespace

from vigie_common.stream import Output
from vigie_common.stream.outgoing import Outgoing
from vigie_common.stream.progress import Pending

FITS = 2
"""Records in one batch."""


class SmallBatch:
    def __init__(self):
        self.values, self.closed = [], False

    def append(self, value, **_):
        if self.closed or len(self.values) == FITS:
            return None
        self.values.append(value)
        return object()

    def close(self):
        self.closed = True


class Log:
    """Sender and producer: acknowledges at once what is handed over."""

    def __init__(self):
        self.producer, self.names = self, SimpleNamespace(full=lambda topic: f"vigie.{topic}")
        self.batches, self.counted = [], 0

    def partition(self, output, _source):
        return output.partition

    def encoded(self, output, _source):
        return output.value["v"], []

    def create_batch(self):
        return SmallBatch()

    async def send_batch(self, batch, topic, *, partition):
        assert batch.closed
        self.batches.append((topic, partition, batch.values))
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    def produced(self, _topic, records):
        self.counted += records


async def test_full_batches_are_handed_over_in_order_and_every_record_is_acknowledged():
    log, waiting = Log(), [Pending(offset, 1) for offset in range(6)]
    outgoing = Outgoing(log)
    for pending in waiting:
        partition = 1 if pending.offset == 3 else 0
        await outgoing.add(Output("tracks", "cam-1", {"v": pending.offset}, partition), None, pending)
    await outgoing.flush()
    await outgoing.flush()
    await asyncio.sleep(0)
    own = {n: [values for topic, at, values in log.batches if (topic, at) == ("vigie.tracks", n)] for n in (0, 1)}
    assert own == {0: [[0, 1], [2, 4], [5]], 1: [[3]]}
    assert (log.counted, [pending.outputs for pending in waiting]) == (6, [0] * 6)
