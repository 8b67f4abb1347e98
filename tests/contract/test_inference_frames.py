"""Every frame becomes one Detections record, in order, whatever happens to it or to Triton."""

import asyncio
import os
import signal
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from vigie_common.catalogue import Catalogue, load_catalogue
from vigie_common.stream import Message
from vigie_common.telemetry import Health
from vigie_dev.triton import TritonServer
from vigie_inference.canary import canary_image, watch
from vigie_inference.repository import build_repository, version_number
from vigie_inference.service import Inference
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import Triton

HOG = load_catalogue().models["hog"]


def frame(seq, **fields):
    return {
        "camera_id": "cam-1",
        "session": "01900000-0000-7000-8000-000000000000",
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


def messages(frames, age_s=0.0):
    appended_at = int((time.time() - age_s) * 1000)
    return [Message("frames", 3, 100 + i, "cam-1", appended_at, value) for i, value in enumerate(frames)]


async def handled(inference, batch):
    """Offsets, detections and dead letters of a batch, in the order in which they came."""
    done = [each async for each in inference.handle(batch)]
    outputs = [output for each in done for output in each.outputs]
    assert [each.offset for each in done] == [message.offset for message in batch]
    detections = [output.value for output in outputs if output.topic == "detections"]
    assert [record["frame_ref"]["offset"] for record in detections] == [each.offset for each in done]
    return detections, [output.value for output in outputs if output.topic == "dead-letters"]


@pytest.fixture
async def at():
    """Makes the handler before the Triton at an address."""
    connections = []

    def make(url, **fields):
        settings = InferenceSettings(triton_url=url, **fields)
        connections.append(Triton(url, timeout_s=settings.inference_timeout))
        return Inference(settings, connections[-1])

    yield make
    for connection in connections:
        await connection.close()


@pytest.fixture
def own_triton(tmp_path):
    """A Triton of the test's own that serves HOG; not started."""
    build_repository(load_catalogue(), ["hog"], {}, tmp_path / "models")
    server = TritonServer(tmp_path / "models", ["hog"], tmp_path)
    yield server
    server.stop()


async def test_a_watched_frame_tells_which_model_in_which_version_saw_it(at, triton):
    detections, letters = await handled(at(triton.grpc_url), messages([frame(0, models=["hog", "hog"])]))
    assert letters == []
    assert (detections[0]["status"], detections[0]["reason"]) == ("ok", None)
    assert detections[0]["models"] == [{"name": "hog", "version": HOG.version}]


@pytest.mark.shared_data
async def test_two_models_look_at_one_frame(at, triton):
    detections, _ = await handled(at(triton.grpc_url), messages([frame(0, models=["yolox-nano", "hog"])]))
    assert [model["name"] for model in detections[0]["models"]] == ["yolox-nano", "hog"]


async def test_frames_without_a_picture_keep_their_status_and_ask_nobody(at):
    statuses = ["offline", "dark", "frozen", "ended"]
    frames = [frame(i, status=s, reason=f"it is {s}", jpeg=None) for i, s in enumerate(statuses)]
    detections, letters = await handled(at("127.0.0.1:1"), messages(frames))
    assert [(d["status"], d["reason"], d["captured_at"]) for d in detections] == [
        (s, f"it is {s}", 1_000 * i) for i, s in enumerate(statuses)
    ]
    assert letters == []


async def test_an_unreadable_picture_fails_alone_and_leaves_a_dead_letter_without_itself(at, triton):
    bad = [b"", b"\xff\xd8 no jpeg", canary_image()[:300], None]
    frames = [frame(i, jpeg=bad[i // 2] if i % 2 else canary_image()) for i in range(8)]
    detections, letters = await handled(at(triton.grpc_url), messages(frames))
    assert [d["status"] for d in detections] == ["ok", "failed"] * 4
    assert all("JPEG" in d["reason"] or "no image" in d["reason"] for d in detections[1::2])
    assert [(w["origin_topic"], w["origin_partition"], w["origin_offset"]) for w in letters] == [
        ("frames", 3, 101 + 2 * i) for i in range(4)
    ]
    assert {(w["service"], w["error"], w["value"]) for w in letters} == {("inference", "ImageRefusedError", None)}


async def test_an_unknown_model_fails_its_frames_and_names_the_known_ones(at, triton):
    frames = [frame(0), frame(1, models=["yolo"]), frame(2, models=[]), frame(3)]
    detections, letters = await handled(at(triton.grpc_url), messages(frames))
    assert [d["status"] for d in detections] == ["ok", "failed", "failed", "ok"]
    assert 'model "yolo" is not in the repository' in detections[1]["reason"]
    assert "which has hog" in detections[1]["reason"]
    assert "names no model" in detections[2]["reason"]
    assert [w["error"] for w in letters] == ["UnknownModelError"] * 2


async def test_a_frame_older_than_its_use_is_shed_and_says_how_old(at, triton):
    inference = at(triton.grpc_url, inference_max_age=5)
    detections, letters = await handled(inference, messages([frame(0)], age_s=60) + messages([frame(1)]))
    assert [d["status"] for d in detections] == ["shed", "ok"]
    assert "60." in detections[0]["reason"]
    assert "the limit is 5 s (VIGIE_INFERENCE_MAX_AGE)" in detections[0]["reason"]
    assert letters == []


async def test_without_a_limit_no_frame_is_too_old(at, triton):
    inference = at(triton.grpc_url, inference_max_age=0)
    detections, _ = await handled(inference, messages([frame(0)], age_s=10**6))
    assert [d["status"] for d in detections] == ["ok"]


async def test_frames_wait_for_a_triton_that_starts_later(at, own_triton):
    own_triton.start()
    own_triton.stop()  # its ports are known now
    inference = at(own_triton.grpc_url, inference_max_age=0)
    waiting = asyncio.create_task(handled(inference, messages([frame(i) for i in range(20)])))
    await asyncio.to_thread(own_triton.start)
    detections, letters = await waiting
    assert [(d["seq"], d["status"]) for d in detections] == [(i, "ok") for i in range(20)]
    assert letters == []


async def test_frames_grow_old_and_are_shed_while_triton_is_down(at):
    inference = at("127.0.0.1:1", inference_max_age=1)
    detections, letters = await handled(inference, messages([frame(i) for i in range(5)]))
    assert [(d["seq"], d["status"]) for d in detections] == [(i, "shed") for i in range(5)]
    assert letters == []


async def test_a_killed_triton_costs_no_frame_and_is_used_within_2_s_of_its_return_with_a_swapped_model(
    at, own_triton, tmp_path
):
    catalogue = load_catalogue()
    stricter = replace(HOG, score=0.9)
    own_triton.start()
    inference = at(own_triton.grpc_url, inference_max_age=0, inference_in_flight_most=2)
    records = []

    async def look():
        async for done in inference.handle(messages([frame(i) for i in range(40)])):
            records.extend(output.value for output in done.outputs)

    looking = asyncio.create_task(look())
    while len(records) < 5:
        await asyncio.sleep(0.01)
        assert not looking.done()
    own_triton.kill()
    build_repository(Catalogue(catalogue.path, {"hog": stricter}), ["hog"], {}, tmp_path / "models")
    before = len(records)
    await asyncio.to_thread(own_triton.start)
    back = time.monotonic()
    while len(records) == before:
        await asyncio.sleep(0.01)
    assert time.monotonic() - back < 2.0
    await looking
    assert [(d["seq"], d["status"]) for d in records] == [(i, "ok") for i in range(40)]
    versions = [d["models"][0]["version"] for d in records]
    assert versions == sorted(versions, key=[HOG.version, stricter.version].index)
    assert set(versions) == {HOG.version, stricter.version}


async def test_readiness_falls_when_the_process_behind_a_model_hangs(own_triton, wait_until):
    own_triton.start()
    health, connection = Health(), Triton(own_triton.grpc_url, timeout_s=1)
    canary = asyncio.create_task(watch(connection, health, 0.5))

    async def ready():
        return health.ready_report()[0]

    async def not_ready():
        ok, why = health.ready_report()
        return why if not ok else None

    await wait_until(ready, 10)
    stubs = [
        child
        for child in psutil.Process(own_triton.pid).children(recursive=True)
        if child.name().startswith("triton_python_b")
    ]
    assert stubs
    for stub in stubs:
        os.kill(stub.pid, signal.SIGSTOP)
    why = await wait_until(not_ready, 15)
    assert 'model "hog" at Triton' in why["triton"]
    own_triton.kill()
    await asyncio.to_thread(own_triton.start)
    await wait_until(ready, 15)
    canary.cancel()
    await connection.close()


async def test_a_model_that_fails_three_times_fails_its_frame(at, own_triton, tmp_path):
    hog = tmp_path / "models" / "hog" / str(version_number(HOG.version)) / "vigie_backend" / "hog.py"
    source = hog.read_text(encoding="utf-8")
    hog.write_text(source.replace("height, width = image.shape[:2]", "height = 1 / 0"), encoding="utf-8")
    own_triton.start()
    detections, letters = await handled(at(own_triton.grpc_url), messages([frame(0)]))
    assert detections[0]["status"] == "failed"
    assert 'given up after 3 tries: model "hog" at Triton' in detections[0]["reason"]
    assert "division by zero" in detections[0]["reason"]
    assert letters == []


async def test_boxes_of_the_canary_are_pixels_of_the_frame(at, triton):
    detections, _ = await handled(at(triton.grpc_url), messages([frame(0)]))
    assert all(0 <= x <= 256 for x in np.concatenate([detections[0]["x1"], detections[0]["x2"]]))
