"""The inference service as a process between a real Kafka and a real Triton."""

import time

import pytest

from vigie_common.catalogue import load_catalogue
from vigie_inference.canary import canary_image
from vigie_inference.settings import InferenceSettings

CAMERAS = ("cam-a", "cam-b", "cam-c")
POISON = b"\x00\x00\x00\x05\x15 not a frame"


def frame(camera, seq, **fields):
    return {
        "camera_id": camera,
        "session": f"01900000-0000-7000-8000-{camera:0>12}",
        "seq": seq,
        "captured_at": 1_000 * seq,
        "clock": "arrival",
        "status": "ok",
        "reason": None,
        "camera_version": "v1",
        "models": ["hog"],
        "width": 256,
        "height": 64,
        "source_width": 256,
        "source_height": 64,
        "source_frame": None,
        "jpeg": canary_image(),
    } | fields


def seen(records):
    """Sequence numbers and statuses by camera, in the order of the log, repeats of the same record apart."""
    by_camera = {}
    for _, record in records:
        entry = (record["seq"], record["status"])
        known = by_camera.setdefault(record["camera_id"], [])
        if entry not in known:
            known.append(entry)
    return by_camera


@pytest.fixture
def start_inference(start_service, deployment, triton):
    def start(**variables):
        urls = {"VIGIE_TRITON_URL": triton.grpc_url, "VIGIE_HTTP_HOST": "127.0.0.1"}
        return start_service(deployment.settings, "vigie_inference", **(urls | variables))

    return start


async def test_frames_of_every_kind_become_detections_in_order_and_poison_a_dead_letter(
    deployment, start_inference, wait_until
):
    kinds = [{}, {"status": "dark", "reason": "no light", "jpeg": None}, {"jpeg": b""}, {}]
    for seq, kind in enumerate(kinds):
        await deployment.produce("frames", [(camera, frame(camera, seq, **kind)) for camera in CAMERAS])
        if seq == 1:
            await deployment.produce("frames", [(camera, POISON) for camera in CAMERAS], raw=True)
    service = start_inference(VIGIE_INFERENCE_MAX_AGE="0")  # however long a busy machine takes to start it

    async def complete():
        records = await deployment.read("detections")
        return records if len(records) == len(CAMERAS) * len(kinds) else None

    records = await wait_until(complete, 30)
    expected = [(0, "ok"), (1, "dark"), (2, "failed"), (3, "ok")]
    assert seen(records) == dict.fromkeys(CAMERAS, expected)
    frames = {(r.partition, r.offset): r.key for r, _ in await deployment.read("frames", decode=False)}
    for record, value in records:
        assert record.key == frames[record.partition, value["frame_ref"]["offset"]]
        assert record.partition == value["frame_ref"]["partition"]
    assert {(model["name"], model["version"]) for _, value in records for model in value["models"]} == {
        ("hog", load_catalogue().models["hog"].version)
    }

    async def letters():
        found = await deployment.read("dead-letters")
        return [value for _, value in found] if len(found) == 2 * len(CAMERAS) else None

    found = await wait_until(letters, 10)
    assert {letter["value"] for letter in found} == {None}
    assert sorted(letter["error"] for letter in found).count("ImageRefusedError") == len(CAMERAS)
    seconds, status = service.stop()
    assert status == 0, service.log
    assert seconds < 10


async def test_a_killed_service_loses_no_frame_and_keeps_the_order(deployment, start_inference, wait_until):
    total = 40
    sent = [(camera, frame(camera, seq)) for seq in range(total) for camera in CAMERAS[:2]]
    await deployment.produce("frames", sent)
    fast = {"VIGIE_INFERENCE_MAX_AGE": "0", "VIGIE_KAFKA_SESSION_TIMEOUT_MS": "6000"}
    service = start_inference(VIGIE_INSTANCE_ID="inference-0", **fast)

    async def some():
        return len(await deployment.read("detections")) > 10

    await wait_until(some, 30)
    service.kill()
    service.start()

    async def complete():
        records = seen(await deployment.read("detections"))
        return records if all(len(records.get(camera, ())) == total for camera in CAMERAS[:2]) else None

    records = await wait_until(complete, 60)
    assert records == {camera: [(seq, "ok") for seq in range(total)] for camera in CAMERAS[:2]}


async def test_old_frames_are_shed_on_the_way_in(deployment, start_inference, wait_until):
    await deployment.produce("frames", [("cam-a", frame("cam-a", 0))])
    produced = time.monotonic()

    def old():
        return time.monotonic() - produced > 1.5

    wait_until(old, 5)
    start_inference(VIGIE_INFERENCE_MAX_AGE="1s")

    async def shed():
        return await deployment.read("detections")

    ((_, record),) = await wait_until(shed, 30)
    assert record["status"] == "shed"
    assert "the limit is 1 s" in record["reason"]


async def test_a_wrong_setting_stops_the_start_with_its_name(start_service, kafka_settings):
    process = start_service(
        kafka_settings(InferenceSettings), "vigie_inference", VIGIE_TRITON_URL="http://triton:8001/"
    )
    assert process.popen.wait(20) == 78
    assert "VIGIE_TRITON_URL" in process.log
