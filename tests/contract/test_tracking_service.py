"""Tracking on a real broker: detections in, tracks out, through kills, poison and foreign checkpoints."""

import asyncio
import json

import cramjam
import numpy as np

from vigie_common.stream import Message
from vigie_tracking.core import TrackingCore
from vigie_tracking.settings import TrackingSettings

CAMERAS = [f"cam-{n}" for n in range(6)]
START = 1_764_000_000_000


def frames(detections_record, first, last):
    """Frames first .. last - 1 of every camera: five walkers with misses, 5 fps."""
    for seq in range(first, last):
        for number, camera in enumerate(CAMERAS):
            rng = np.random.default_rng((number, seq))
            x = (np.arange(5) * 110.0 + 9.0 * seq + rng.normal(0, 1.5, 5)) % 640
            y = np.arange(5) * 50.0 + rng.normal(0, 1.5, 5)
            seen = rng.random(5) > 0.1
            columns = {"x1": x[seen], "y1": y[seen], "x2": x[seen] + 30, "y2": y[seen] + 70}
            count = int(seen.sum())
            yield (
                camera,
                detections_record(
                    camera,
                    seq,
                    START + 200 * seq,
                    **{name: column.tolist() for name, column in columns.items()},
                    score=[0.75] * count,
                    object_class=["person"] * count,
                    model_index=[0] * count,
                ),
            )


async def undisturbed(deployment):
    """What one pass of the core over the input log gives, as it looks after the wire."""
    cores, expected = {}, {}
    for record, value in await deployment.read("detections"):
        core = cores.setdefault(record.partition, TrackingCore(record.partition))
        message = Message("detections", record.partition, record.offset, record.key.decode(), record.timestamp, value)
        for output in core.process(message):
            wire = deployment.codec.decode(deployment.codec.encode("tracks", output.value))[1]
            expected[wire["camera_id"], wire["seq"]] = {json.dumps(wire, sort_keys=True)}
    return expected


async def found(deployment):
    values = {}
    for _, value in await deployment.read("tracks"):
        values.setdefault((value["camera_id"], value["seq"]), set()).add(json.dumps(value, sort_keys=True))
    return values


async def test_killed_in_the_middle_and_restarted_its_tracks_equal_an_undisturbed_run(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    service = start_service(kafka_settings(TrackingSettings, instance_id="tracking-0"), "vigie_tracking")

    async def feed():
        for first in range(0, 300, 10):
            await deployment.produce("detections", frames(detections_record, first, first + 10))
            await asyncio.sleep(0.2)

    feeding = asyncio.create_task(feed())

    async def tracked(least):
        return len(await found(deployment)) >= least

    for least in (200, 900):

        async def so_far(least=least):
            return await tracked(least)

        await wait_until(so_far, 60)
        service.kill()
        service.start()
    await feeding

    async def complete():
        return await tracked(300 * len(CAMERAS))

    await wait_until(complete, 60)
    outputs = await found(deployment)
    assert outputs == await undisturbed(deployment)
    assert "partitions assigned" in service.log
    partitions = {value["camera_id"]: record.partition for record, value in await deployment.read("tracks")}
    assert partitions == {v["camera_id"]: r.partition for r, v in await deployment.read("detections")}


async def test_columns_of_different_lengths_become_a_dead_letter_and_the_rest_goes_on(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    ragged = detections_record("cam-0", 0, START, x1=[1.0, 2.0])
    await deployment.produce("detections", [("cam-0", ragged), *frames(detections_record, 1, 4)])
    start_service(kafka_settings(TrackingSettings, instance_id="tracking-0"), "vigie_tracking")

    async def complete():
        return len(await found(deployment)) == 3 * len(CAMERAS)

    await wait_until(complete, 60)
    letters = [value for _, value in await deployment.read("dead-letters")]
    assert [(x["service"], x["origin_topic"], x["error"]) for x in letters] == [
        ("tracking", "detections", "PoisonRecordError")
    ]
    assert "columns of different lengths" in letters[0]["message"]


async def test_a_checkpoint_of_another_layout_is_reported_and_the_state_rebuilt(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    await deployment.produce("detections", frames(detections_record, 0, 20))
    foreign = {
        "format": 1,
        "service": "tracking",
        "next_offset": 7,
        "state": bytes(cramjam.zstd.compress(b"VGTK\xff\x00" + bytes(20))),
    }
    async with deployment.open_producer() as client:
        for partition in range(4):
            data = deployment.codec.encode("checkpoint", foreign)
            name = deployment.names.full("tracking-state")
            await client.send_and_wait(name, data, key=str(partition).encode(), partition=partition)
    service = start_service(kafka_settings(TrackingSettings, instance_id="tracking-0"), "vigie_tracking")

    async def complete():
        return len(await found(deployment)) == 20 * len(CAMERAS)

    await wait_until(complete, 60)
    assert await found(deployment) == await undisturbed(deployment)
    assert "a checkpoint cannot be used" in service.log
    assert "format 255" in service.log
