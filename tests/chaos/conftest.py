"""The contract tests' fixtures, and their functions for the stateful loop."""

import asyncio
import importlib.util
import json
import os
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from disturbances import (
    LATE_MS,
    MUTANT,
    QUIET_S,
    RATE,
    ROLLING,
    SESSION_MS,
    WORKERS,
    Chaos,
    CheckpointWatch,
    settled,
)

from vigie_common.settings import Settings
from vigie_dev.kafka import KafkaBroker

CONTRACT = Path(__file__).parents[1] / "contract"
sys.path.insert(0, str(CONTRACT))


def _load(name):
    spec = importlib.util.spec_from_file_location(f"contract_{name}", CONTRACT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_fixtures = _load("conftest")
camera_record, detections_record = _fixtures.camera_record, _fixtures.detections_record
deployment_on, start_service = _fixtures.deployment_on, _fixtures.start_service


@pytest.fixture(scope="session")
def stateful_loop():
    """The module of its contract test: `feed`, `expected_outputs`, `found_outputs`."""
    return _load("test_stateful_loop")


@pytest.fixture(scope="session")
def seconds():
    """How long to disturb."""
    return float(os.environ.get("SECONDS", "60"))


@pytest.fixture
def disturbed_run(tmp_path, deployment_on, start_service, detections_record, camera_record, stateful_loop, capsys):
    """Runs the service under chaos; gives the outputs that are lost and those that are wrong."""

    async def disturb(seconds, seed, ways, longest, mutation=None):
        """Outputs that are lost, and those that are wrong."""
        service = MUTANT if mutation else ROLLING
        variables = {"MUTATION": mutation, "VIGIE_KAFKA_LINGER_MS": LATE_MS} if mutation else {}
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

            async with CheckpointWatch(deployment) as checkpoints:
                chaos = Chaos(g, broker, [start(n) for n in range(WORKERS)], start, configure, checkpoints)
                feeding = asyncio.create_task(stateful_loop.feed(deployment, detections_record, seconds, RATE))
                await chaos.go_on(seconds, ways, longest)
                await feeding
            expected = await stateful_loop.expected_outputs(deployment)
            found = await settled(deployment, stateful_loop, expected, QUIET_S[mutation is not None])
            for worker in chaos.workers:
                worker.kill()
        lost = sorted(key for key in expected if key not in found)
        wrong = sorted(key for key, values in found.items() if values != {expected.get(key)})
        report = {"seconds": seconds, "records": len(expected), "lost": len(lost), "wrong": len(wrong)}
        with capsys.disabled():
            print("\n" + json.dumps(report | variables | dict(chaos.done)))  # noqa: T201 - what it is for
        return lost, wrong

    return disturb
