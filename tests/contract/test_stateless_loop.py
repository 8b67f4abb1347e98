"""The stateless loop on a real broker: order, poison, kills, a broker that is away, a clean stop."""

import asyncio
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from vigie_dev.kafka import KafkaBroker

SERVICE = Path(__file__).parent / "echo_service.py"


@pytest.fixture
def frame_record():
    def make(camera_id, seq, reason=None):
        return {
            "camera_id": camera_id,
            "session": "01900000-0000-7000-8000-000000000000",
            "seq": seq,
            "captured_at": seq * 200,
            "clock": "recording",
            "status": "ok",
            "reason": reason,
            "camera_version": "1",
            "models": ["hog"],
            "width": 64,
            "height": 48,
            "source_width": 64,
            "source_height": 48,
            "source_frame": seq,
            "jpeg": b"image",
        }

    return make


async def sequences(deployment):
    """Sequence numbers of each camera, in the order of the log."""
    found = {}
    for record, value in await deployment.read("detections"):
        found.setdefault(record.key.decode(), []).append(value["seq"])
    return found


def distinct(numbers):
    return list(dict.fromkeys(numbers))


async def test_records_of_a_camera_stay_in_order_and_on_its_partition(
    deployment, kafka_settings, start_service, frame_record, wait_until
):
    records = [(f"cam-{n % 5}", frame_record(f"cam-{n % 5}", n // 5)) for n in range(200)]
    await deployment.produce("frames", records)
    start_service(kafka_settings(), SERVICE)

    async def all_of_them():
        return sum(map(len, (await sequences(deployment)).values())) == 200

    await wait_until(all_of_them, 20)
    assert await sequences(deployment) == {f"cam-{n}": list(range(40)) for n in range(5)}
    frames = {r.key: r.partition for r, _ in await deployment.read("frames")}
    assert {r.key: r.partition for r, _ in await deployment.read("detections")} == frames


async def test_a_slow_record_holds_up_its_own_partition_alone(
    deployment, kafka_settings, start_service, frame_record, wait_until
):
    service = start_service(kafka_settings(), SERVICE)
    wait_until(lambda: "worker started" in service.log, 10)
    await deployment.produce("frames", [("cam-0", frame_record("cam-0", n, "slow")) for n in range(5)])
    others = [f"cam-{n}" for n in range(1, 12)]
    await deployment.produce("frames", [(camera, frame_record(camera, 0)) for camera in others])
    partitions = {r.key.decode(): r.partition for r, _ in await deployment.read("frames")}
    elsewhere = {camera for camera in others if partitions[camera] != partitions["cam-0"]}

    async def the_others():
        return elsewhere <= set(await sequences(deployment))

    await wait_until(the_others, 20)
    assert len((await sequences(deployment)).get("cam-0", [])) < 5


async def test_poison_and_refused_records_become_dead_letters_and_the_rest_goes_on(
    deployment, kafka_settings, start_service, frame_record, wait_until
):
    await deployment.produce("frames", [("cam-0", b"\x00\x00\x00\x05\x15junk")], raw=True)
    await deployment.produce(
        "frames", [("cam-0", frame_record("cam-0", 1, "reject")), ("cam-0", frame_record("cam-0", 2))]
    )
    start_service(kafka_settings(), SERVICE)

    async def the_good_one():
        return (await sequences(deployment)) == {"cam-0": [2]}

    await wait_until(the_good_one, 20)
    letters = sorted((value for _, value in await deployment.read("dead-letters")), key=lambda x: x["origin_offset"])
    assert [(x["origin_offset"], x["value"], x["value_size"] > 0) for x in letters] == [
        (0, None, True),
        (1, None, False),
    ]
    assert letters[1]["message"] == "refused on purpose"


async def test_nothing_is_lost_when_the_worker_is_killed_again_and_again(
    deployment, kafka_settings, start_service, frame_record, wait_until
):
    settings = kafka_settings(instance_id="echo-0")
    service = start_service(settings, SERVICE)
    for batch in range(3):
        await deployment.produce("frames", [("cam-0", frame_record("cam-0", batch * 300 + n)) for n in range(300)])
        await asyncio.sleep(0.4)
        service.kill()
        service.start()

    async def all_of_them():
        return len(set((await sequences(deployment)).get("cam-0", []))) == 900

    await wait_until(all_of_them, 30)
    assert distinct((await sequences(deployment))["cam-0"]) == list(range(900))


async def test_it_stops_within_ten_seconds_with_what_is_in_hand_finished(
    deployment, kafka_settings, start_service, frame_record, wait_until
):
    settings = kafka_settings(instance_id="echo-0")
    service = start_service(settings, SERVICE)
    await deployment.produce(
        "frames", [("cam-0", frame_record("cam-0", n, "slow" if n == 3 else None)) for n in range(5)]
    )

    async def some():
        return await sequences(deployment)

    await wait_until(some, 20)
    seconds, status = service.stop()
    assert (status, seconds < 10) == (0, True), service.log
    assert await sequences(deployment) == {"cam-0": [0, 1, 2, 3, 4]}
    service.start()
    await deployment.produce("frames", [("cam-0", frame_record("cam-0", 5))])

    async def one_more():
        return 5 in (await sequences(deployment))["cam-0"]

    await wait_until(one_more, 20)
    assert await sequences(deployment) == {"cam-0": [0, 1, 2, 3, 4, 5]}


def text(address):
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
        return answer.read().decode()


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


async def test_health_tells_alive_and_ready(deployment, kafka_settings, start_service, wait_until):
    service = start_service(kafka_settings(log_format="json"), SERVICE)
    wait_until(lambda: "worker started" in service.log, 10)
    address = re.search(r'"http": "([^"]+)"', service.log)[1]
    wait_until(lambda: get(f"http://{address}/ready") == 200, 20)
    assert get(f"http://{address}/live") == 200
    assert "vigie_records_consumed_total" in text(f"http://{address}/metrics")


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing(
    tmp_path, kafka_settings, start_service, frame_record, wait_until, deployment_on
):
    with KafkaBroker(tmp_path / "kafka") as broker:
        settings = kafka_settings(kafka_bootstrap=broker.bootstrap, instance_id="echo-0")
        deployment = deployment_on(settings)
        await deployment.create()
        start_service(settings, SERVICE)
        await deployment.produce("frames", [("cam-0", frame_record("cam-0", n)) for n in range(50)])

        async def seen(count):
            return len(set((await sequences(deployment)).get("cam-0", []))) == count

        await wait_until(lambda_async(seen, 50), 20)
        broker.kill()
        await asyncio.sleep(1)  # away for a while: long enough for the clients to notice
        broker.start()
        await deployment.produce("frames", [("cam-0", frame_record("cam-0", n)) for n in range(50, 100)])
        await wait_until(lambda_async(seen, 100), 40)
        assert distinct((await sequences(deployment))["cam-0"]) == list(range(100))


def lambda_async(function, *arguments):
    async def condition():
        return await function(*arguments)

    return condition
