"""The stateful loop on a real broker: killed, stopped, fed with poison and late configuration."""

import asyncio
import random
import sys
import time
from pathlib import Path

import pytest

from vigie_common.stream.configuration import Timeline
from vigie_common.stream.records import ConfigVersion

sys.path.insert(0, str(Path(__file__).parent))
from rolling_service import roll

SERVICE = Path(__file__).parent / "rolling_service.py"
CAMERAS = [f"cam-{n}" for n in range(8)]


async def feed(deployment, detections_record, seconds, rate=200):
    async with deployment.open_producer(linger_ms=5) as client:
        started = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - started) < seconds:
            while sent < elapsed * rate:
                camera = CAMERAS[sent % len(CAMERAS)]
                value = detections_record(camera, sent, int(time.time() * 1000))
                await client.send(
                    deployment.names.full("detections"),
                    deployment.codec.encode("detections", value),
                    key=camera.encode(),
                )
                sent += 1
            await asyncio.sleep(0.01)
        await client.flush()
    return sent


async def expected_outputs(deployment):
    """One undisturbed pass over the logs as they are."""
    timeline = Timeline()
    for record, value in await deployment.read("cameras"):
        timeline.add(
            "cameras",
            ConfigVersion(record.key.decode(), value["effective_at"], record.offset, record.timestamp, value),
        )
    states, outputs = {}, {}
    for record, value in await deployment.read("detections"):
        camera = record.key.decode()
        version = timeline.at("cameras", camera, value["captured_at"], record.timestamp)
        states[camera] = roll(states.get(camera, "start"), record.offset, -1 if version is None else version.offset)
        outputs[camera, value["seq"]] = states[camera]
    return outputs


async def found_outputs(deployment):
    found = {}
    for record, value in await deployment.read("tracks"):
        found.setdefault((record.key.decode(), value["seq"]), set()).add(value["reason"])
    return found


async def test_outputs_equal_an_undisturbed_pass_when_the_worker_is_killed_again_and_again(
    deployment, kafka_settings, start_service, detections_record, camera_record, wait_until
):
    random_source = random.Random(1)
    settings = kafka_settings(instance_id="rolling-0")
    service = start_service(settings, SERVICE)
    feeding = asyncio.create_task(feed(deployment, detections_record, 14))
    for n in range(3):
        await asyncio.sleep(random_source.uniform(2, 3.5))
        now = int(time.time() * 1000)
        await deployment.produce(
            "cameras",
            [(CAMERAS[n], camera_record(CAMERAS[n], now - 8000)), (CAMERAS[n], camera_record(CAMERAS[n], now + 1000))],
        )
        service.kill()
        service.start()
    sent = await feeding

    async def complete():
        return len(await found_outputs(deployment)) == sent

    await wait_until(complete, 40)
    expected = await expected_outputs(deployment)
    assert await found_outputs(deployment) == {key: {value} for key, value in expected.items()}
    assert "partitions assigned" in service.log


async def test_it_stops_within_ten_seconds_with_everything_committed(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    settings = kafka_settings(instance_id="rolling-0")
    service = start_service(settings, SERVICE)
    await feed(deployment, detections_record, 1)

    async def some():
        return len(await found_outputs(deployment)) > 20

    await wait_until(some, 20)
    seconds, status = service.stop()
    assert status == 0, service.log
    assert seconds < 10
    before = len(await deployment.read("tracks"))
    service.start()
    await deployment.produce("detections", [("cam-0", detections_record("cam-0", 10_000))])

    async def one_more():
        return ("cam-0", 10_000) in await found_outputs(deployment)

    await wait_until(one_more, 20)
    assert len(await deployment.read("tracks")) == before + 1


async def test_poison_goes_to_the_dead_letters_with_its_origin_and_the_rest_goes_on(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    settings = kafka_settings(instance_id="rolling-0")
    await deployment.produce(
        "detections", [("cam-0", b"not avro"), ("cam-0", b"\x00\x00\x00\x00\x07abc"), ("cam-0", b"")], raw=True
    )
    await deployment.produce("detections", [("cam-0", detections_record("cam-0", 1))])
    start_service(settings, SERVICE)

    async def one():
        return len(await found_outputs(deployment)) == 1

    await wait_until(one, 20)
    letters = [value for _, value in await deployment.read("dead-letters")]
    assert sorted((x["origin_topic"], x["origin_offset"], x["error"]) for x in letters) == [
        ("detections", 0, "PoisonRecordError"),
        ("detections", 1, "UnknownSchemaError"),
        ("detections", 2, "PoisonRecordError"),
    ]
    assert {x["origin_offset"]: x["value"] for x in letters}[0] == b"not avro"


@pytest.mark.parametrize("topic", ["cameras"])
async def test_a_poison_configuration_record_does_not_stop_the_engine(
    deployment, kafka_settings, start_service, detections_record, wait_until, topic
):
    await deployment.produce(topic, [("cam-0", b"\x00\x00\x00\x03\xe9broken")], raw=True)
    await deployment.produce("detections", [("cam-0", detections_record("cam-0", 1))])
    start_service(kafka_settings(instance_id="rolling-0"), SERVICE)

    async def one():
        return len(await found_outputs(deployment)) == 1

    await wait_until(one, 20)
    letters = [value for _, value in await deployment.read("dead-letters")]
    assert [(x["origin_topic"], x["error"]) for x in letters] == [("cameras", "PoisonRecordError")]


async def test_a_poison_configuration_record_is_one_dead_letter_however_often_the_service_starts(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    await deployment.produce("cameras", [("cam-0", b"before the first start"), ("cam-1", b"too")], raw=True)
    service = start_service(kafka_settings(instance_id="rolling-0"), SERVICE)

    async def letters():
        return sorted(value["value"] for _, value in await deployment.read("dead-letters"))

    async def told():
        return await letters() == [b"before the first start", b"too"]

    await wait_until(told, 30)
    service.kill()
    await deployment.produce("cameras", [("cam-2", b"while it was away")], raw=True)
    service.start()

    async def told_of_the_third():
        return b"while it was away" in await letters()

    await wait_until(told_of_the_third, 30)
    service.stop()
    service.start()
    await deployment.produce("cameras", [("cam-3", b"while it runs")], raw=True)

    async def told_of_the_last():
        return b"while it runs" in await letters()

    await wait_until(told_of_the_last, 30)
    assert await letters() == [b"before the first start", b"too", b"while it runs", b"while it was away"]


async def test_a_broker_that_is_not_there_is_named_with_the_fix_and_awaited(kafka_settings, start_service, wait_until):
    service = start_service(kafka_settings(kafka_bootstrap="127.0.0.1:9"), SERVICE)
    wait_until(lambda: "Kafka at 127.0.0.1:9 does not answer" in service.log, 15)
    assert "VIGIE_KAFKA_BOOTSTRAP" in service.log
    seconds, status = service.stop()
    assert (status, seconds < 10) == (0, True)


async def test_missing_topics_are_named_with_the_fix(kafka_settings, start_service, wait_until):
    service = start_service(kafka_settings(), SERVICE)
    wait_until(lambda: "run `vigie topics create`" in service.log, 15)
    service.stop()
