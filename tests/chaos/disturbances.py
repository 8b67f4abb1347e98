"""What may happen to workers of the stateful loop on a real broker, and what it takes to find each mutation."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from vigie_common.kafka import consumer

ROLLING = Path(__file__).parents[1] / "contract" / "rolling_service.py"
MUTANT = Path(__file__).parent / "mutant_service.py"
WORKERS = 3
SESSION_MS = 6000
RATE = 150
MUTATION_SECONDS = 45
LATE_MS = 1000
"""Outputs of a mutant linger for so long: they stay unacknowledged."""
CHECKPOINT_WITHIN_S = 15
QUIET_S = {False: 30, True: 8}
"""Outputs that have not come for so long are lost; of a mutant sooner, since its losses are what is looked for."""
WHATEVER_HAPPENS = {
    "kill": 5, "kill_worker": 3, "terminate": 2, "freeze": 3, "wake_a_zombie": 3, "kill_broker": 1, "configure": 3
}  # fmt: skip
CRASHES = {"kill_worker": 4, "configure": 1}
"""What finds most mutations soonest, with at most so many seconds between two of them."""

MUTATIONS = {
    "commit_unacknowledged": (CRASHES, 1.5),
    "checkpoint_unacknowledged": ({"kill_at_a_checkpoint": 1}, 1.0),
    "skip_the_replay": (CRASHES, 1.5),
    "configuration_on_arrival": (CRASHES, 1.5),
}
"""What finds each: what happens, and the most seconds in between."""


def process_tree(process):
    """The parent, then its worker."""
    pid = process.popen.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # the worker fell in the meantime


class Chaos:
    """What may happen, one thing at a time."""

    def __init__(self, random_source, broker, workers, start, configure, checkpoints):
        self.random, self.broker, self.workers = random_source, broker, workers
        self.start, self.configure, self.checkpoints = start, configure, checkpoints
        self.done = Counter()

    async def go_on(self, seconds, ways, longest):
        """Until the time is over, with at most `longest` seconds between two things."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(self.random.uniform(0.3, longest))
            (way,) = self.random.choices(list(ways), weights=list(ways.values()))
            self.done[way] += 1
            await getattr(self, way)()

    async def kill(self):
        victim = self.random.choice(self.workers)
        victim.kill()
        victim.start()

    async def kill_worker(self):
        send(process_tree(self.random.choice(self.workers))[1:], signal.SIGKILL)

    async def kill_at_a_checkpoint(self):
        """Every worker, as soon as one has written a checkpoint: outputs of records below may still be on their way."""
        before = await self.checkpoints()
        deadline = time.monotonic() + CHECKPOINT_WITHIN_S
        while await self.checkpoints() == before and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for worker in self.workers:
            send(process_tree(worker)[1:], signal.SIGKILL)

    async def terminate(self):
        victim = self.random.choice(self.workers)
        seconds, _ = await asyncio.to_thread(victim.stop)
        assert seconds < 10.5
        victim.start()

    async def freeze(self):
        """Sometimes for longer than the session: its partitions go to another, and it wakes."""
        frozen = process_tree(self.random.choice(self.workers))
        send(frozen, signal.SIGSTOP)
        await asyncio.sleep(self.random.choice([0.5, 2, 1.5 * SESSION_MS / 1000]))
        send(frozen, signal.SIGCONT)

    async def wake_a_zombie(self):
        """Believed dead and replaced; then it wakes up and goes on for a while."""
        ordinal = self.random.randrange(WORKERS)
        zombie = self.workers[ordinal]
        pids = process_tree(zombie)
        send(pids, signal.SIGSTOP)
        self.workers[ordinal] = self.start(ordinal)
        await asyncio.sleep(self.random.uniform(1, 4))
        send(pids, signal.SIGCONT)
        await asyncio.sleep(self.random.uniform(0.2, 2))
        zombie.kill()

    async def kill_broker(self):
        self.broker.kill()
        await asyncio.sleep(self.random.uniform(0, 2))
        await asyncio.to_thread(self.broker.start)


class CheckpointWatch:
    """How many checkpoints have been written, by the ends of their topic."""

    def __init__(self, deployment):
        name = deployment.names.full("tracking-state")
        self.partitions = [TopicPartition(name, n) for n in range(deployment.settings.topic_partitions)]
        self.client = consumer(deployment.settings)

    async def __aenter__(self):
        await self.client.start()
        return self

    async def __aexit__(self, *_):
        await self.client.stop()

    async def __call__(self):
        """So many as far as can be seen now; none while the broker is away."""
        try:
            return sum((await self.client.end_offsets(self.partitions)).values())
        except KafkaError:
            return None


async def settled(deployment, stateful_loop, expected, quiet_s):
    """The outputs, once all are there or none has come for a while."""
    found, since = {}, time.monotonic()
    while len(found) < len(expected) and time.monotonic() - since < quiet_s:
        before = len(found)
        try:
            found = await stateful_loop.found_outputs(deployment)
        except KafkaError:
            continue
        if len(found) > before:
            since = time.monotonic()
        await asyncio.sleep(1)
    return found
