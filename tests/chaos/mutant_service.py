"""The rolling service with one rule of the recovery protocol broken: MUTATION=name."""

import asyncio
import os
import sys
from pathlib import Path

from vigie_common.kafka import producer
from vigie_common.process import run
from vigie_common.settings import Settings
from vigie_common.stream.configuration import Timeline
from vigie_common.stream.outgoing import Outgoing
from vigie_common.stream.progress import Progress
from vigie_common.stream.stateful import StatefulWorker

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
from rolling_service import serve


def commit_unacknowledged():
    Progress.committable = property(lambda self: None if self.silent else self.next)


def checkpoint_unacknowledged():
    Progress.may_checkpoint = lambda *_: True
    prepare = StatefulWorker.prepare

    async def with_a_quick_producer(self):
        await prepare(self)
        self.producer = producer(self.settings, linger_ms=0)  # of the checkpoints alone
        await self.producer.start()

    StatefulWorker.prepare = with_a_quick_producer


def skip_the_replay():
    resume = Progress.resume.__func__

    def from_where_it_emits(cls, checkpoint, committed):
        progress = resume(cls, checkpoint, committed)
        progress.next = progress.emit_from
        return progress

    Progress.resume = classmethod(from_where_it_emits)


def configuration_on_arrival():
    at = Timeline.at
    Timeline.at = lambda self, topic, key, *_: at(self, topic, key, 10**15, 10**15)


def outputs_that_linger():
    flush, linger_s = Outgoing.flush, int(os.environ["VIGIE_KAFKA_LINGER_MS"]) / 1000

    async def late(self):
        await asyncio.sleep(linger_s)
        await flush(self)

    Outgoing.flush = late


if __name__ == "__main__":
    outputs_that_linger()
    globals()[os.environ["MUTATION"]]()
    run("rolling", Settings, serve)
