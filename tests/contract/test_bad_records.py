"""A record that is none, on every topic that a service reads: a dead letter with its origin, and the rest goes on."""

import math

import cramjam
import pytest

UNKNOWN_ID = b"\x00\x00\x01\x86\x9fwritten by nobody"
UNFRAMED = b"not avro"
START = 1_777_881_600_000
SESSION = "019dd000-0000-7000-8000-000000000001"


@pytest.fixture
def tracks_record(detections_record):
    """Makes a Tracks record with one person who stands in the middle."""

    def make(seq, **fields):
        columns = {"x1": [300.0], "y1": [100.0], "x2": [330.0], "y2": [180.0], "score": [0.5], "model_index": [0]}
        columns |= {"object_class": ["person"], "track_id": [4096], "vx": [0.0], "vy": [0.0]}
        ended = {"ended_track_id": [], "ended_at": [], "ended_reason": []}
        record = detections_record(seq=seq, captured_at=START + 500 * seq, session=SESSION)
        return record | columns | ended | fields

    return make


@pytest.fixture
def poisoned(deployment, frame_record):
    """Writes what is no record onto topics, and gives what the dead letters of a service must then say."""

    async def poison(service, *topics):
        expected = set()
        for topic in topics:
            strayed = deployment.codec.encode("dead-letter", LETTER)
            picture = deployment.codec.encode("frame", frame_record(0))
            await deployment.produce(topic, [("cam-1", v) for v in (UNFRAMED, UNKNOWN_ID, strayed, b"")], raw=True)
            if topic != "frames":
                await deployment.produce(topic, [("cam-1", picture)], raw=True)
            expected |= {(service, topic, 0, "PoisonRecordError"), (service, topic, 1, "UnknownSchemaError")}
            expected |= {(service, topic, n, "PoisonRecordError") for n in ((2, 3) if topic == "frames" else (2, 3, 4))}
        return expected

    return poison


@pytest.fixture
def letters(deployment):
    """What the dead letters say so far: service, topic, offset, error."""

    async def read():
        records = [value for _, value in await deployment.read("dead-letters")]
        return {(r["service"], r["origin_topic"], r["origin_offset"], r["error"]) for r in records}

    return read


LETTER = {
    "service": "test", "origin_topic": "frames", "origin_partition": 0, "origin_offset": 0, "key": None, "value": None,
    "value_size": 0, "error": "", "message": "", "appended_at": 0,
}  # fmt: skip


async def no_picture_in_them(deployment):
    raw = [record.value for record, _ in await deployment.read("dead-letters", decode=False)]
    assert not any(b"\xff\xd8\xff" in value for value in raw)


async def test_inference_passes_over_what_is_no_frame(
    deployment, poisoned, letters, start_service, triton, frame_record, wait_until
):
    expected = await poisoned("inference", "frames")
    await deployment.produce("frames", [("cam-1", frame_record(1))])
    start_service(deployment.settings, "vigie_inference", VIGIE_TRITON_URL=triton.grpc_url)

    async def through():
        return await letters() == expected and len(await deployment.read("detections")) == 1

    await wait_until(through, 60)
    ((_, seen),) = await deployment.read("detections")
    assert (seen["seq"], seen["status"]) == (1, "ok")
    assert {value["value"] for _, value in await deployment.read("dead-letters")} == {None}


async def test_tracking_passes_over_what_is_no_detection_and_a_frame_that_strayed_leaves_no_image(
    deployment, poisoned, letters, start_service, detections_record, wait_until
):
    expected = await poisoned("tracking", "detections")
    await deployment.produce("detections", [("cam-1", detections_record(seq=1, captured_at=START))])
    start_service(deployment.settings, "vigie_tracking")

    async def through():
        return await letters() == expected and len(await deployment.read("tracks")) == 1

    await wait_until(through, 60)
    kept = {r["origin_offset"]: r["value"] for _, r in await deployment.read("dead-letters")}
    assert (kept[0], kept[1], kept[4]) == (UNFRAMED, UNKNOWN_ID, None)
    await no_picture_in_them(deployment)


def rule(name, **fields):
    return {
        "id": name, "version": "v1", "title": {"fr": name}, "status": "stable", "template": "presence",
        "camera_tags": [], "camera_ids": [], "classes": ["person"], "zones": [], "lines": [],
        "numbers": {"for_s": 1.0, "moved_heights": 0.0}, "when": None, "severity": "info", "category": "security",
        "explain": {"fr": "."},
    } | fields  # fmt: skip


async def test_the_rule_engine_passes_over_what_is_no_track_no_camera_and_no_rule(
    deployment, poisoned, letters, start_service, camera_record, tracks_record, wait_until
):
    expected = await poisoned("rule_engine", "tracks", "cameras", "rules")
    nowhere = {"name": "nowhere", "x": [math.nan, 0.9, 0.9], "y": [0.1, 0.1, 0.9]}
    bundle = {
        "site": "test", "digest": "d1", "effective_at": 0, "author": "test", "withdrawn": False,
        "authorisations": [], "compounds": [], "rules": [rule("here"), rule("nowhere", zones=["nowhere"])],
    }  # fmt: skip
    await deployment.produce("cameras", [("cam-1", camera_record(zones=[nowhere]))])
    await deployment.produce("cameras", [("cam-2", camera_record("cam-2", time_zone="Mars/Olympus"))])
    await deployment.produce("rules", [("test", bundle)])
    process = start_service(deployment.settings, "vigie_rule_engine")
    sent = 0

    async def opened():
        """Configuration counts for records appended five seconds after it: some go on coming until it does."""
        nonlocal sent
        sent += 4
        step = [tracks_record(seq) for seq in range(sent, sent + 4)]
        await deployment.produce("tracks", [("cam-1", record) for record in step])
        await deployment.produce("tracks", [("cam-2", record | {"camera_id": "cam-2"}) for record in step])
        return [v["rule"]["id"] for _, v in await deployment.read("rule-events") if v["kind"] == "OPEN"]

    assert set(await wait_until(opened, 60)) == {"here"}

    async def reported():
        records = await deployment.read("rules-status")
        return records if records and len(records[-1][1]["errors"]) == 3 else None

    errors = (await wait_until(reported, 10))[-1][1]["errors"]
    assert [(e["rule"], e["camera_id"]) for e in errors] == [
        ("here", "cam-2"),
        ("nowhere", "cam-1"),
        ("nowhere", "cam-2"),
    ]
    assert "time zone 'Mars/Olympus', which is not an IANA name" in errors[0]["message"]
    assert "has the coordinate nan, outside 0..1" in errors[1]["message"]
    assert await letters() == expected
    await no_picture_in_them(deployment)
    assert "the worker ended" not in process.log


@pytest.mark.parametrize(("module", "topic", "state", "out"), [
    ("vigie_tracking", "detections", "tracking-state", "tracks"),
    ("vigie_rule_engine", "tracks", "rule-engine-state", "coverage"),
])  # fmt: skip
async def test_a_checkpoint_that_is_none_or_of_another_topic_is_said_and_the_input_read_again(
    deployment, start_service, camera_record, detections_record, tracks_record, wait_until, module, topic, state, out
):
    beyond = {"format": 1, "service": "x", "next_offset": 10**6, "state": bytes(cramjam.zstd.compress(b"x"))}
    async with deployment.open_producer() as client:
        for partition in range(deployment.settings.topic_partitions):
            for value in (deployment.codec.encode("checkpoint", beyond), UNFRAMED, UNKNOWN_ID)[: 3 - partition % 2]:
                await client.send_and_wait(deployment.names.full(state), value, key=b"x", partition=partition)
    await deployment.produce("cameras", [("cam-1", camera_record())])
    process = start_service(deployment.settings, module)
    sent = 0

    async def through():
        nonlocal sent
        make = {"detections": detections_record, "tracks": tracks_record}[topic]
        records = [make(seq=n, captured_at=START + 30_000 * n, session=SESSION) for n in range(sent, sent + 4)]
        sent += 4
        await deployment.produce(topic, [("cam-1", record) for record in records])
        return await deployment.read(out)

    await wait_until(through, 60)
    assert "it stands at offset 1000000, the input ends at" in process.log
    assert "first byte is 0x6e" in process.log
    assert "the worker ended" not in process.log


async def test_the_alert_service_passes_over_what_is_no_event_no_decision_and_cannot_be_drawn(
    deployment, poisoned, letters, start_service, rule_event, frame_record, wait_until, tmp_path
):
    expected = await poisoned("alert", "rule-events", "alert-decisions")
    await deployment.produce("frames", [("cam-1", frame_record(10, session=SESSION, width=640, height=360))])
    ((kept, _),) = await deployment.read("frames")
    ref = {"partition": kept.partition, "offset": kept.offset}
    (box,) = rule_event()["objects"]
    strange = rule_event(
        session=SESSION, frame_ref=ref, zone_x=[math.nan, 0.9, 0.9, 0.1], scope="z" * 5000,
        objects=[box | {"x1": math.nan}, box | {"x2": 3e38}],
    )  # fmt: skip
    late = rule_event(subject="b", at=2**62)
    events = [("cam-1", late), ("cam-1", strange)]
    await deployment.produce("rule-events", events)
    expected |= {("alert", "rule-events", 5, "PoisonRecordError")}
    process = start_service(
        deployment.settings,
        "vigie_alert",
        VIGIE_ALERT_DATABASE_URL=f"sqlite:///{tmp_path}/alerts.db",
        VIGIE_ALERT_EVIDENCE_DIR=tmp_path / "evidence",
    )

    async def through():
        alerts = [value for _, value in await deployment.read("alerts")]
        return alerts if await letters() == expected and alerts and alerts[-1]["evidence"] else None

    alerts = await wait_until(through, 60)
    assert {a["id"] for a in alerts} == {strange["episode_id"]}
    assert alerts[-1]["evidence"][0]["kind"] == "image"
    await no_picture_in_them(deployment)
    assert "the worker ended" not in process.log


async def test_the_statistics_pass_over_what_is_no_event_no_coverage_too_old_or_from_the_future(
    deployment, poisoned, letters, start_service, crossing, affirmation, coverage_record, wait_until
):
    expected = await poisoned("statistics", "rule-events", "coverage", "cameras")
    at, day = 1_780_000_020_000, 86_400_000
    lacking = crossing(at, subject="zone", rule={"template": "count_zone"})  # without the facts that a zone's count has
    events = [lacking, crossing(2**42), crossing(at), *(affirmation(m, start=at, camera_id="cam-1") for m in range(5))]
    seen = [coverage_record(m, start=at) for m in range(5)]
    stale = [coverage_record(0, start=at - 30 * day), coverage_record(0, start=2**42)]
    await deployment.produce("rule-events", [("cam-1", event) for event in events])
    await deployment.produce("coverage", [("cam-1", record) for record in seen + stale])
    for topic, offsets in (("rule-events", (5, 6)), ("coverage", (10, 11))):
        expected |= {("statistics", topic, offset, "PoisonRecordError") for offset in offsets}
    process = start_service(deployment.settings, "vigie_statistics")

    async def through():
        told = [f for _, f in await deployment.read("statistics") if f["final"] and f["measure"] == "crossings"]
        return told if await letters() == expected and told else None

    told = await wait_until(through, 60)
    assert {(f["start"], f["value"]) for f in told if f["window"] == "m1"} == {(at, 1.0)}
    why = {(r["origin_topic"], r["origin_offset"]): r["message"] for _, r in await deployment.read("dead-letters")}
    assert "lacks the fact 'mean'" in why["rule-events", 5]
    assert "ahead of the broker's clock" in why["rule-events", 6]
    assert "h behind its camera's other records" in why["coverage", 10]
    assert "set the clock of its camera right" in why["coverage", 11]
    assert "the worker ended" not in process.log
