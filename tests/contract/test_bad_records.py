"""A record that is none, on every topic that a service reads: a dead letter with its origin, and the rest goes on."""

import json
import math
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import cramjam
import numpy as np
import pytest
import simplejpeg

UNKNOWN_ID = b"\x00\x00\x01\x86\x9fwritten by nobody"
UNFRAMED = b"not avro"
START = 1_777_881_600_000
SESSION = "019dd000-0000-7000-8000-000000000001"
SERVICES = (
    "vigie_frame_sampler",
    "vigie_inference",
    "vigie_tracking",
    "vigie_rule_engine",
    "vigie_alert",
    "vigie_statistics",
)


@pytest.fixture
def frame_record():
    """Makes a Frame record with a small grey picture."""

    def make(seq, **fields):
        return {
            "camera_id": "cam-1", "session": SESSION, "seq": seq, "captured_at": START + 500 * seq,
            "clock": "arrival", "status": "ok", "reason": None, "camera_version": "v1", "models": ["hog"],
            "width": 64, "height": 64, "source_width": 64, "source_height": 64, "source_frame": None,
            "jpeg": simplejpeg.encode_jpeg(np.full((64, 64, 3), 90, np.uint8)),
        } | fields  # fmt: skip

    return make


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
    await deployment.produce("frames", [("cam-1", frame_record(10, width=640, height=360))])
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


async def test_an_evidence_folder_that_cannot_be_written_delays_the_image_and_not_the_alert(
    deployment, start_service, rule_event, frame_record, wait_until, tmp_path
):
    (tmp_path / "evidence").write_text("a file where a folder belongs")
    await deployment.produce("frames", [("cam-1", frame_record(10))])
    ((kept, _),) = await deployment.read("frames")
    ref = {"partition": kept.partition, "offset": kept.offset}
    await deployment.produce("rule-events", [("cam-1", rule_event(session=SESSION, frame_ref=ref))])
    process = start_service(
        deployment.settings,
        "vigie_alert",
        VIGIE_ALERT_DATABASE_URL=f"sqlite:///{tmp_path}/alerts.db",
        VIGIE_ALERT_EVIDENCE_DIR=tmp_path / "evidence",
    )

    async def alerts():
        return [value for _, value in await deployment.read("alerts")]

    assert [a["evidence"] for a in await wait_until(alerts, 60)] == [[]]
    wait_until(lambda: "set VIGIE_ALERT_EVIDENCE_DIR" in process.log, 10)
    (tmp_path / "evidence").unlink()

    async def illustrated():
        return [a["evidence"][0]["kind"] for a in await alerts() if a["evidence"]]

    assert await wait_until(illustrated, 30) == ["image"]


async def test_what_a_mask_covers_never_reaches_kafka(deployment, start_service, camera_record, wait_until, tmp_path):
    import av

    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=5, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 200, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    source = {"kind": "file", "uri": str(clip), "credentials": None, "loop": False, "pace": "fast", "start": START}
    left = {"name": "window", "x": [0.0, 0.5, 0.5, 0.0], "y": [0.0, 0.0, 1.0, 1.0]}
    camera = camera_record(source=source, sampling={"fps": 5.0, "width": 64}, masks=[left])
    await deployment.produce("cameras", [("cam-1", camera)])
    start_service(deployment.settings, "vigie_frame_sampler")

    async def ended():
        frames = [value for _, value in await deployment.read("frames")]
        return frames if frames and frames[-1]["status"] == "ended" else None

    frames = await wait_until(ended, 60)
    images = [simplejpeg.decode_jpeg(f["jpeg"]).astype(int) for f in frames if f["jpeg"]]
    assert len(images) == 10
    assert max(int(image[:, :32].max()) for image in images) < 60
    assert min(int(image[:, 40:].min()) for image in images) > 180


@pytest.mark.parametrize("module", SERVICES)
def test_every_service_names_the_broker_that_does_not_answer_and_waits(
    kafka_settings, start_service, wait_until, module, tmp_path
):
    process = start_service(
        kafka_settings(kafka_bootstrap="127.0.0.1:9"),
        module,
        VIGIE_ALERT_DATABASE_URL=f"sqlite:///{tmp_path}/alerts.db",
    )
    wait_until(lambda: "Kafka at 127.0.0.1:9 does not answer" in process.log, 60)
    assert "start it, or check VIGIE_KAFKA_BOOTSTRAP" in process.log
    seconds, status = process.stop()
    assert (status, seconds < 10) == (0, True), process.log
    assert "Traceback" not in process.log


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def test_without_triton_the_service_names_it_and_frames_without_a_picture_go_on(
    deployment, start_service, frame_record, wait_until
):
    process = start_service(deployment.settings, "vigie_inference", VIGIE_TRITON_URL="127.0.0.1:1")
    await deployment.produce("frames", [("cam-1", frame_record(1, status="dark", reason="no light", jpeg=None))])

    async def through():
        return [(v["seq"], v["status"]) for _, v in await deployment.read("detections")]

    assert await wait_until(through, 60) == [(1, "dark")]
    wait_until(lambda: "start it, or check VIGIE_TRITON_URL" in process.log, 20)
    address = re.search(r'"?http"?[=:] ?"?(127\.0\.0\.1:\d+)', process.log)[1]
    code, why = get(f"http://{address}/ready")
    assert code == 503
    assert "Triton 127.0.0.1:1: UNAVAILABLE" in why["triton"]


@pytest.mark.parametrize("module", SERVICES)
def test_every_service_refuses_a_wrong_setting_by_name_and_value(kafka_settings, start_service, module):
    process = start_service(kafka_settings(), module, VIGIE_HTTP_PORT="abc")
    assert process.popen.wait(60) == 78
    assert "VIGIE_HTTP_PORT = 'abc': Input should be a valid integer" in process.log
    assert "Traceback" not in process.log


def test_a_port_that_is_taken_is_named_with_the_fix(kafka_settings, start_service):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_service(kafka_settings(), "vigie_alert", VIGIE_HTTP_PORT=port)
        assert process.popen.wait(60) == 78
    assert f"127.0.0.1:{port} cannot be listened on" in process.log
    assert "set VIGIE_HTTP_PORT to a free port, or to 0 for any" in process.log
    assert "Traceback" not in process.log


def test_an_alert_database_that_cannot_be_is_one_line(kafka_settings, tmp_path):
    (tmp_path / "file").touch()
    for url, status, said in (
        (f"sqlite:///{tmp_path}/file/x/alerts.db", 78, "the folder"),
        ("postgresql://vigie:secret@127.0.0.1:9/alerts", 1, "start it, or check VIGIE_ALERT_DATABASE_URL"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "vigie_alert", "migrate"],
            env=os.environ | {"VIGIE_ALERT_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, said in ended.stderr) == (status, True)
        assert "Traceback" not in ended.stderr
        assert "secret" not in ended.stderr
