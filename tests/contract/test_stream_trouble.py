"""Both stream loops when what is round them misbehaves: long waits, silent peers, tombstones."""

import asyncio
import contextlib
import functools
import socket
import sys
from pathlib import Path

import pytest

import vigie_common.kafka
from vigie_common.process import Service
from vigie_common.stream import Done, Output, run_stateless

sys.path.insert(0, str(Path(__file__).parent))
from rolling_service import tracks_from

SERVICE = Path(__file__).parent / "rolling_service.py"


async def test_a_handler_that_waits_longer_than_the_poll_interval_stays_in_its_group(
    deployment, kafka_settings, detections_record, wait_until, monkeypatch
):
    """A database or a Triton that is away for minutes: the group must not lose the consumer for good."""
    monkeypatch.setattr(
        vigie_common.kafka,
        "AIOKafkaConsumer",
        functools.partial(vigie_common.kafka.AIOKafkaConsumer, max_poll_interval_ms=1000, rebalance_timeout_ms=6000),
    )
    back = asyncio.Event()
    seen = []

    class Handler:
        async def handle(self, batch):
            for message in batch:
                await back.wait()
                seen.append(message.value["seq"])
                yield Done(message.offset, [Output("tracks", message.key, tracks_from(message.value, None))])

    # one record on every partition: all are in hand
    cameras = [f"cam-{n}" for n in range(40)]
    await deployment.produce("detections", [(camera, detections_record(camera, 1)) for camera in cameras])
    service = Service("waiting")
    settings = kafka_settings(kafka_session_timeout_ms=6000)
    worker = asyncio.create_task(
        run_stateless(settings, service, topics=["detections"], handler=Handler(), outputs=["tracks"])
    )
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(worker), 5)
    back.set()

    async def all_of_them():
        assert not worker.done(), worker
        return seen.count(1) >= len(cameras)

    await wait_until(all_of_them, 15)
    await deployment.produce("detections", [("cam-0", detections_record("cam-0", 2))])

    async def one_more():
        return 2 in seen

    await wait_until(one_more, 10)
    service.stopping.set()
    await asyncio.wait_for(worker, 10)


@pytest.mark.parametrize("silent", ["kafka_bootstrap", "schema_registry_url"])
async def test_a_peer_that_accepts_and_says_nothing_does_not_hold_up_the_stop(
    deployment, kafka_settings, start_service, wait_until, silent
):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        value = address if silent == "kafka_bootstrap" else f"http://{address}"
        service = start_service(kafka_settings(**{silent: value}), SERVICE)
        wait_until(lambda: "worker started" in service.log, 10)
        listener.settimeout(10)
        held, _ = listener.accept()
        with held:
            seconds, status = service.stop()
    assert (status, seconds < 3) == (0, True), service.log


def test_a_registry_that_is_not_there_is_named_with_the_fix_and_awaited(
    deployment, kafka_settings, start_service, wait_until
):
    service = start_service(kafka_settings(schema_registry_url="http://127.0.0.1:9"), SERVICE)
    wait_until(lambda: service.log.count("schema registry http://127.0.0.1:9 does not answer") >= 3, 15)
    assert "VIGIE_SCHEMA_REGISTRY_URL" in service.log
    assert service.log.count("worker started") == 1
    seconds, status = service.stop()
    assert (status, seconds < 3) == (0, True)


async def test_a_tombstone_among_the_configuration_is_no_dead_letter(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    async with deployment.open_producer() as client:
        await client.send_and_wait(deployment.names.full("cameras"), None, key=b"cam-0")
    await deployment.produce("detections", [("cam-0", detections_record("cam-0", 1))])
    start_service(kafka_settings(instance_id="rolling-0"), SERVICE)

    async def one():
        return len(await deployment.read("tracks")) == 1

    await wait_until(one, 20)
    assert await deployment.read("dead-letters") == []


async def test_two_workers_with_one_instance_id_are_named(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    settings = kafka_settings(instance_id="rolling-0")
    first, second = start_service(settings, SERVICE), start_service(settings, SERVICE)
    wait_until(lambda: "VIGIE_INSTANCE_ID=rolling-0" in first.log + second.log, 30)
