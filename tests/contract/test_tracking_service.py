"""Tracking on a real broker: detections in, tracks out, through kills, poison and foreign checkpoints."""

import asyncio
import json
import math
import re
import urllib.request

import cramjam
import numpy as np
import psutil

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


MOST_BOXES, MOST_MEMORY_MB = 5000, 400


def a_frame(detections_record, camera, seq, boxes, at=None, score=0.8, **fields):
    """A record of boxes (x1, y1, x2, y2) of cars."""
    columns = dict(zip(("x1", "y1", "x2", "y2"), map(list, zip(*boxes, strict=True)), strict=True)) if boxes else {}
    scores = score if isinstance(score, list) else [score] * len(boxes)
    kinds = {"object_class": ["car"] * len(boxes), "model_index": [0] * len(boxes)}
    at = START + (200 * seq if at is None else at)
    return camera, detections_record(camera, seq, at, **columns, score=scores, **kinds, **fields)


CAR = (100.0, 100.0, 180.0, 160.0)
NO_BOXES = [
    (math.nan, 0.0, 10.0, 10.0),
    (0.0, 0.0, math.inf, 10.0),
    (-math.inf, 0.0, 10.0, 10.0),
    (50.0, 50.0, 40.0, 60.0),
    (50.0, 60.0, 60.0, 50.0),
    (50.0, 50.0, 50.0, 60.0),
    (50.0, 50.0, 60.0, 50.0),
    (0.0, 0.0, 2e6, 10.0),
]
OUTSIDE = [(-80.0, -60.0, -10.0, -5.0), (600.0, 300.0, 720.0, 400.0)]


async def test_floods_of_boxes_bad_boxes_and_broken_time_cost_only_what_is_wrong(
    deployment, kafka_settings, start_service, detections_record, wait_until
):
    grid = [(12.0 * (k % 50), 7.0 * (k // 50), 12.0 * (k % 50) + 10, 7.0 * (k // 50) + 6) for k in range(MOST_BOXES)]
    scores = [0.6 + (k % 4) * 0.1 for k in range(MOST_BOXES)]
    older, newer = (f"01900000-0000-7000-8000-00000000000{n}" for n in (1, 2))
    await deployment.produce(
        "detections",
        [
            *(a_frame(detections_record, "flood", seq, grid, score=scores) for seq in range(20)),
            *(a_frame(detections_record, "bad", seq, [CAR, *NO_BOXES, *OUTSIDE]) for seq in range(3)),
            a_frame(detections_record, "ragged", 0, [CAR], score=[0.8, 0.8]),
            a_frame(detections_record, "ragged", 1, [CAR]),
            a_frame(detections_record, "clock", 0, [CAR]),
            a_frame(detections_record, "clock", 1, [CAR], at=-36_000_000),
            a_frame(detections_record, "clock", 1, [CAR]),
            a_frame(detections_record, "clock", 1, [CAR], at=400),
            a_frame(detections_record, "clock", 2, [CAR]),
            a_frame(detections_record, "two", 7, [CAR], session=older),
            a_frame(detections_record, "two", 0, [CAR], at=1500, session=newer),
            a_frame(detections_record, "two", 8, [CAR], session=older),
            a_frame(detections_record, "two", 1, [CAR], at=1700, session=newer),
            a_frame(detections_record, "two", 9, [CAR], at=9000, session=older),
            a_frame(detections_record, "two", 2, [CAR], at=1900, session=newer),
        ],
    )
    settings = kafka_settings(TrackingSettings, instance_id="tracking-0", log_format="json")
    service = start_service(settings, "vigie_tracking")

    async def complete():
        return len(await found(deployment)) == 20 + 3 + 1 + 3 + 4

    await wait_until(complete, 90)
    values = {}
    for _, value in await deployment.read("tracks"):
        values.setdefault(value["camera_id"], []).append(value)

    best = [k for k in range(4096) if scores[k] > 0.85][:1000]
    assert [[track % 4096 for track in value["track_id"]] for value in values["flood"]] == [best] * 20
    assert [value["track_id"] for value in values["bad"]] == [[0, 9, 10]] * 3
    assert [value["seq"] for value in values["ragged"]] == [1]
    assert [(value["seq"], value["track_id"]) for value in values["clock"]] == [(0, [0]), (1, [0]), (2, [0])]
    assert [(v["session"], v["seq"], v["track_id"], v["ended_reason"]) for v in values["two"]] == [
        (older, 7, [7 * 4096], []),
        (newer, 0, [0], ["session"]),
        (newer, 1, [0], []),
        (newer, 2, [0], []),
    ]
    letters = [value for _, value in await deployment.read("dead-letters")]
    assert [("ragged, seq 0: columns of different lengths" in letter["message"]) for letter in letters] == [True]

    counted = metrics(service)
    assert counted["vigie_tracking_ignored_boxes_total"] == 20 * (MOST_BOXES - 1000) + 3 * len(NO_BOXES)
    assert counted['vigie_tracking_frames_total{outcome="dropped"}'] == 2 + 2
    parent = psutil.Process(service.popen.pid)
    memory = max(one.memory_info().rss for one in (parent, *parent.children(recursive=True)))
    assert memory < MOST_MEMORY_MB * 1e6


def metrics(service):
    """What the service counts, by name."""
    address = re.search(r'"http": "([^"]+)"', service.log)[1]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}
