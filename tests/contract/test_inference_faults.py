"""Models that are slow, out of memory, missing, mad, or swapped midway; two models on one frame. On a real Triton."""

import asyncio
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from prometheus_client import REGISTRY
from tritonclient.grpc.aio import InferenceServerClient

from vigie_common.catalogue import Catalogue, load_catalogue
from vigie_common.stream import Message
from vigie_dev.triton import TritonServer
from vigie_inference.canary import HEIGHT, WIDTH, canary_image
from vigie_inference.repository import build_repository
from vigie_inference.service import Inference
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import Triton

HOG = load_catalogue().models["hog"]
STRICT = replace(HOG, name="strict", score=0.9)

SEEN = "np.array([[10, 5, 60, 50, 0.75, 1]], np.float32)"
MANY = """np.c_[np.arange(5000) % 200, np.zeros(5000), np.arange(5000) % 200 + 9, np.full(5000, 40),
            np.linspace(0.1, 0.9, 5000), np.ones(5000)].astype(np.float32)"""
MAD = """np.concatenate([np.full((3, 6), np.nan),
            [[50, 5, 10, 50, .5, 1], [9, 9, 9, 50, .5, 1], [10, 5, 60, 50, .75, 1]]]).astype(np.float32)"""
MODELS = {
    # name: (what each batch does first, what each request answers)
    "sees": ("pass", SEEN),
    "slow": ("time.sleep(0.1 * len(requests))", SEEN),
    "no-memory": ("raise MemoryError('CUDA out of memory: tried to allocate 2 GiB')", SEEN),
    "fails": ("raise RuntimeError('bad kernel')", SEEN),
    "many": ("pass", MANY),
    "mad": ("pass", MAD),
    "all-nan": ("pass", "np.full((7, 6), np.nan, np.float32)"),
}
MODEL = """\
import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        {first}
        found = {answer}
        tensor = pb_utils.Tensor("DETECTIONS", found[np.newaxis])
        return [pb_utils.InferenceResponse(output_tensors=[tensor]) for _ in requests]
"""


def write_model(repository, name, first, answer, version="1"):
    """A model of a repository that is not ours: its version is a number that people count."""
    config = (repository / "hog" / "config.pbtxt").read_text(encoding="utf-8")
    config = "".join(line for line in config.splitlines(keepends=True) if not line.startswith("parameters"))
    folder = repository / name / version
    folder.mkdir(parents=True, exist_ok=True)
    (repository / name / "config.pbtxt").write_text(config.replace('name: "hog"', f'name: "{name}"'), encoding="utf-8")
    (folder / "model.py").write_text(MODEL.format(first=first, answer=answer), encoding="utf-8")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """One Triton with HOG, a stricter HOG and every model of MODELS."""
    folder = tmp_path_factory.mktemp("faulty")
    models = folder / "models"
    catalogue = load_catalogue()
    build_repository(Catalogue(catalogue.path, {"hog": HOG, "strict": STRICT}), ["hog", "strict"], {}, models)
    for name, (first, answer) in MODELS.items():
        write_model(models, name, first, answer)
    shutil.copytree(models / "sees", models / "unloaded")
    config = models / "unloaded" / "config.pbtxt"
    config.write_text(config.read_text(encoding="utf-8").replace('"sees"', '"unloaded"'), encoding="utf-8")
    with TritonServer(models, ["hog", "strict", *MODELS], folder) as server:
        yield server


@pytest.fixture
async def at(faulty):
    """Makes the handler before that Triton; `.triton` is its connection."""
    connections = []

    def make(now=time.time, url=faulty.grpc_url, **fields):
        settings = InferenceSettings(triton_url=url, **fields)
        connections.append(Triton(url, timeout_s=settings.inference_timeout))
        return Inference(settings, connections[-1], now)

    yield make
    for connection in connections:
        await connection.close()


def message(offset, models, camera="cam-1", age_s=0.0, partition=0, **fields):
    frame = {
        "camera_id": camera,
        "session": "01900000-0000-7000-8000-000000000000",
        "seq": offset,
        "captured_at": 1_000 * offset,
        "clock": "arrival",
        "clock_error_ms": 0,
        "watched_ms": 0,
        "status": "ok",
        "reason": None,
        "camera_version": "v1",
        "models": models,
        "width": WIDTH,
        "height": HEIGHT,
        "source_width": WIDTH,
        "source_height": HEIGHT,
        "source_frame": None,
        "jpeg": canary_image(),
    } | fields
    return Message("frames", partition, offset, camera, int((time.time() - age_s) * 1000), frame)


async def handled(inference, batch):
    """The detections of a batch, in its order, and its dead letters."""
    done = [each async for each in inference.handle(batch)]
    assert [each.offset for each in done] == [each.offset for each in batch]
    outputs = [output for each in done for output in each.outputs]
    detections = [output.value for output in outputs if output.topic == "detections"]
    assert [record["seq"] for record in detections] == [each.offset for each in batch]
    return detections, [output.value for output in outputs if output.topic == "dead-letters"]


async def seen(inference, models, **fields):
    """The one record of a frame that `models` are to look at, and its dead letters."""
    (record,), letters = await handled(inference, [message(0, models, **fields)])
    return record, letters


def metric(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_two_models_make_one_record_with_each_box_under_its_model(at):
    record, letters = await seen(at(), ["strict", "sees", "hog"])
    assert (record["status"], record["reason"], letters) == ("ok", None, [])
    assert record["models"] == [
        {"name": "strict", "version": STRICT.version},
        {"name": "sees", "version": "1"},
        {"name": "hog", "version": HOG.version},
    ]
    assert record["models_missing"] == []
    assert (record["x1"], record["score"], record["model_index"]) == ([10.0], [0.75], [1])


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("fails", 'given up after 3 tries: model "fails" at Triton .*bad kernel'),
        ("no-memory", 'given up after 3 tries: model "no-memory" .*out of memory.*give Triton more memory'),
        ("all-nan", "answered 7 boxes, none of them usable"),
        (
            "nowhere",
            'model "nowhere" is not in the repository of Triton .*, which has all-nan, fails.*name one of these',
        ),
    ],
)
async def test_a_model_that_fails_is_missing_from_the_record_and_the_others_go_on(at, matches, other, why):
    failures = sum(metric("vigie_inference_failures_total", model=other, error=e) for e in ERRORS)
    record, letters = await seen(at(), [other, "sees"])
    assert (record["status"], letters) == ("ok", [])
    assert record["models"] == [{"name": "sees", "version": "1"}]
    assert record["models_missing"] == [other]
    assert record["model_index"] == [0]
    matches(rf"^model {other}: .*{why}", record["reason"])
    assert sum(metric("vigie_inference_failures_total", model=other, error=e) for e in ERRORS) == failures + 1


ERRORS = ("InferenceFailedError", "OutOfMemoryError", "UnknownModelError", "TritonSlowError")


@pytest.fixture
def matches():
    """Asserts that a text matches a pattern."""
    import re

    def check(pattern, text):
        assert re.search(pattern, text), text

    return check


async def test_a_frame_that_every_model_fails_is_failed_with_the_reason(at, matches):
    record, letters = await seen(at(), ["no-memory", "fails"])
    assert (record["status"], record["models"], letters) == ("failed", [], [])
    matches("out of memory.*give Triton more memory", record["reason"])


async def test_a_lack_of_memory_lowers_what_is_at_triton_at_once(at):
    inference = at(inference_in_flight_most=32)
    await handled(inference, [message(i, ["no-memory"]) for i in range(8)])
    assert metric("vigie_inference_in_flight_limit_images", model="no-memory") < 16
    assert metric("vigie_inference_requests_total", model="no-memory", outcome="out of memory") >= 24


async def test_a_model_that_is_not_loaded_holds_a_frame_for_ten_seconds_and_no_longer(at, matches):
    clock = iter(np.arange(0, 10_000, 4.0))
    started = time.time()
    inference = at(now=lambda: started + next(clock), inference_max_age=0)
    record, letters = await seen(inference, ["unloaded", "sees"])
    assert (record["status"], record["models_missing"], letters) == ("ok", ["unloaded"], [])
    matches("is in the repository of Triton .* but has not been served for 10 s .*: load it", record["reason"])
    assert metric("vigie_inference_model_served", model="unloaded") == 0


async def test_5000_boxes_become_the_1000_surest(at):
    dropped = metric("vigie_inference_dropped_boxes_total", model="many", why="too many")
    record, _ = await seen(at(), ["many"])
    assert (record["status"], len(record["score"])) == ("ok", 1000)
    assert min(record["score"]) > 0.73
    assert metric("vigie_inference_dropped_boxes_total", model="many", why="too many") == dropped + 4000


async def test_boxes_that_cannot_be_are_dropped_and_counted(at):
    before = {w: metric("vigie_inference_dropped_boxes_total", model="mad", why=w) for w in ("not finite", "no area")}
    record, _ = await seen(at(), ["mad"])
    assert (record["status"], record["x1"], record["x2"]) == ("ok", [10.0], [60.0])
    after = {w: metric("vigie_inference_dropped_boxes_total", model="mad", why=w) for w in before}
    assert after == {"not finite": before["not finite"] + 3, "no area": before["no area"] + 2}


async def test_a_moved_camera_is_looked_at_and_stays_moved(at):
    record, _ = await seen(at(), ["sees"], status="moved", reason="the view changed")
    assert (record["status"], record["reason"], record["x1"]) == ("moved", "the view changed", [10.0])


def versions(record):
    return {f"{model['name']} {model['version']}" for model in record["models"]}


async def test_a_version_that_is_loaded_midway_shows_in_every_detection(at, faulty):
    models, swapped = faulty.repository, replace(HOG, name="strict", score=0.8)
    client = InferenceServerClient(faulty.grpc_url)
    inference = at(inference_max_age=0)
    write_model(models, "rolling", "pass", SEEN)
    await client.load_model("rolling")
    records, swap = [], None
    deadline = time.monotonic() + 60
    while {"rolling 2", f"strict {swapped.version}"} - {told for r in records[-4:] for told in versions(r)}:
        assert time.monotonic() < deadline
        batch = [message(len(records) + i, ["strict", "rolling"]) for i in range(4)]
        records += (await handled(inference, batch))[0]
        if swap is None:
            build_repository(Catalogue(load_catalogue().path, {"strict": swapped}), ["strict"], {}, models)
            write_model(models, "rolling", "pass", SEEN.replace("0.75", "0.5"), version="2")
            swap = asyncio.gather(client.load_model("strict"), client.load_model("rolling"))
    await swap
    await client.close()
    assert {r["status"] for r in records} == {"ok"}
    for index, both in ((0, [STRICT.version, swapped.version]), (1, ["1", "2"])):
        told = [r["models"][index]["version"] for r in records]
        assert list(dict.fromkeys(told)) == both
    assert {(r["models"][1]["version"], r["score"][-1]) for r in records} == {("1", 0.75), ("2", 0.5)}


async def test_a_slow_triton_sheds_by_age_and_the_camera_that_floods_pushes_out_nobody(at):
    """Ten images a second; four cameras of one partition ask for 8 a second together, a fifth for 120."""
    inference = at(inference_max_age=2, inference_in_flight_most=4)
    began, statuses, offset = time.time(), {}, 0
    log = sorted([(k / 2, f"cam-{c}") for c in range(4) for k in range(14)] + [(k / 120, "flood") for k in range(840)])
    while log:
        now = time.time() - began
        batch = [message(0, ["slow"], camera, age_s=now - at_s) for at_s, camera in log[:64] if at_s <= now]
        if not batch:
            await asyncio.sleep(log[0][0] - now)
            continue
        del log[: len(batch)]
        batch = [each._replace(offset=offset + i) for i, each in enumerate(batch)]
        offset += len(batch)
        async for done in inference.handle(batch):
            record = done.outputs[0].value
            statuses.setdefault(record["camera_id"], []).append(record["status"])
    kept = {camera: each.count("ok") / len(each) for camera, each in statuses.items()}
    assert {s for each in statuses.values() for s in each} == {"ok", "shed"}
    assert kept["flood"] < 0.1, kept
    assert all(share > 3 * kept["flood"] for camera, share in kept.items() if camera != "flood"), kept
    assert metric("vigie_inference_shed_frames_total", why="fair share") > 300
