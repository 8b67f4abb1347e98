"""What a stream worker does when its parts fail, without a broker."""

import pytest
from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.process import Service
from vigie_common.settings import Settings
from vigie_common.stream.progress import Progress
from vigie_common.stream.stateful import StatefulWorker, _Partition

HERE = TopicPartition("vigie.detections", 0)


@pytest.fixture
async def tracking_worker():
    worker = StatefulWorker(
        Settings(), Service("tracking"), Codec.pinned(), "detections", "tracking-state", lambda _: None
    )
    yield worker
    for close in worker.closing():
        await close()


async def test_an_error_in_a_rebalance_callback_ends_the_worker(tracking_worker, monkeypatch):
    async def broken(_given):
        raise ValueError("a state that cannot be packed")

    monkeypatch.setattr(tracking_worker, "revoked", broken)
    with pytest.raises(ValueError, match="cannot be packed"):
        await tracking_worker.on_partitions_revoked({HERE})
    assert tracking_worker.failure.done()
    assert str(tracking_worker.failure.exception()) == "a state that cannot be packed"


@pytest.mark.parametrize(
    ("committed", "begin", "expected"),
    [(None, 5, (5, 5, [])), (9, 5, (5, 9, [])), (3, 5, (5, 5, [(3, 5)]))],
    ids=["nothing committed", "rebuilt up to what is committed", "retention has passed what is committed"],
)
async def test_without_a_checkpoint_it_begins_at_the_earliest_record_and_reports_what_is_gone(
    tracking_worker, committed, begin, expected
):
    gaps = []

    class Core:
        def gap(self, first, last):
            gaps.append((first, last))

    tracking_worker.make_core = lambda _: Core()
    progress = tracking_worker._resume(HERE, None, committed, begin).progress
    assert (progress.next, progress.emit_from, gaps) == expected


async def test_a_checkpoint_that_is_too_large_is_reported_and_not_written(tracking_worker, capsys, monkeypatch):
    class Core:
        def snapshot(self):
            return b"x"

    partition = _Partition(HERE, Progress(3, 0), None, Core(), 0, 0.0)
    monkeypatch.setattr(tracking_worker, "largest", 10)
    await tracking_worker._checkpoint(partition)
    assert partition.checkpoint_at == 0
    assert "too large for its topic" in capsys.readouterr().out
