"""Workers of the stateful loop on a real broker, killed, stopped, frozen and woken at random, and the broker too.

`make chaos SECONDS=300`; no part of `make test`. In the end all outputs must equal an undisturbed pass over the logs,
and each mutation of the protocol must be found out.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from aiokafka.errors import KafkaError

from vigie_common.settings import Settings
from vigie_dev.kafka import KafkaBroker

ROLLING = Path(__file__).parents[1] / "contract" / "rolling_service.py"
MUTANT = Path(__file__).parent / "mutant_service.py"
WORKERS = 3
SESSION_MS = 6000
RATE = 150
MUTATION_SECONDS = 45
WHATEVER_HAPPENS = {
    "kill": 5, "kill_worker": 3, "terminate": 2, "freeze": 3, "wake_a_zombie": 3, "kill_broker": 1, "configure": 3
}  # fmt: skip
CRASHES = {"kill_worker": 4, "configure": 1}
"""What finds a mutation soonest."""


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

    def __init__(self, random_source, broker, workers, start, configure):
        self.random, self.broker, self.workers = random_source, broker, workers
        self.start, self.configure = start, configure
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


@pytest.fixture
def disturbed_run(tmp_path, deployment_on, start_service, detections_record, camera_record, stateful_loop, capsys):
    """Runs the service under chaos; gives the outputs that are lost and those that are wrong."""

    async def disturb(service, seconds, seed, ways, longest, **variables):
        with KafkaBroker(tmp_path / "kafka") as broker:
            settings = Settings(
                kafka_bootstrap=broker.bootstrap,
                topic_prefix="chaos.",
                topic_partitions=6,
                kafka_session_timeout_ms=SESSION_MS,
            )
            deployment = deployment_on(settings)
            await deployment.create()
            g = random.Random(seed)

            def start(ordinal):
                named = settings.model_copy(update={"instance_id": f"rolling-{ordinal}"})
                return start_service(named, service, **variables)

            async def configure():
                now, camera = int(time.time() * 1000), g.choice(stateful_loop.CAMERAS)
                effective = now + g.choice([10_000, 6_000, 1_000, 0, -8_000])
                await deployment.produce("cameras", [(camera, camera_record(camera, effective))])

            chaos = Chaos(g, broker, [start(n) for n in range(WORKERS)], start, configure)
            feeding = asyncio.create_task(stateful_loop.feed(deployment, detections_record, seconds, RATE))
            await chaos.go_on(seconds, ways, longest)
            await feeding
            expected = await stateful_loop.expected_outputs(deployment)
            found = await settled(deployment, stateful_loop, expected)
            for worker in chaos.workers:
                worker.kill()
        lost = sorted(key for key in expected if key not in found)
        wrong = sorted(key for key, values in found.items() if values != {expected.get(key)})
        report = {"seconds": seconds, "records": len(expected), "lost": len(lost), "wrong": len(wrong)}
        with capsys.disabled():
            print("\n" + json.dumps(report | variables | dict(chaos.done)))  # noqa: T201 - what it is for
        return lost, wrong

    return disturb


async def settled(deployment, stateful_loop, expected):
    """The outputs, once all are there or none has come for a while."""
    found, since = {}, time.monotonic()
    while len(found) < len(expected) and time.monotonic() - since < 30:
        before = len(found)
        try:
            found = await stateful_loop.found_outputs(deployment)
        except KafkaError:
            continue
        if len(found) > before:
            since = time.monotonic()
        await asyncio.sleep(1)
    return found


async def test_outputs_equal_an_undisturbed_pass_whatever_happens(disturbed_run, seconds):
    seed = int(os.environ.get("SEED", "1"))
    assert await disturbed_run(ROLLING, seconds, seed, WHATEVER_HAPPENS, 3) == ([], [])


@pytest.mark.parametrize(
    "mutation",
    ["commit_unacknowledged", "checkpoint_unacknowledged", "skip_the_replay", "configuration_on_arrival"],
)
async def test_a_broken_rule_of_the_protocol_is_found_out(disturbed_run, seconds, mutation):
    late = {"MUTATION": mutation, "VIGIE_KAFKA_LINGER_MS": 1000}  # outputs that stay long unacknowledged
    assert await disturbed_run(MUTANT, min(seconds, MUTATION_SECONDS), 2, CRASHES, 1.5, **late) != ([], [])
