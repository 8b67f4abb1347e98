"""A network of each family as a real file in a real Triton: from a picture to boxes on it.

The files are a few nodes long. Each answers one box whose score is the mean red of its input, so that geometry, order
of colours and range of values show in the answer.
"""

import hashlib
import math
import shutil

import numpy as np
import onnx
import pytest
import simplejpeg
from onnx import TensorProto, helper, numpy_helper
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from vigie_common.catalogue import Catalogue, Model, Source, load_catalogue
from vigie_common.taxonomy import ObjectClass
from vigie_inference.repository import build_repository
from vigie_inference.triton import Triton

WIDTH, HEIGHT, LABELS = 64, 32, 3
CELLS = 8 * 4 + 4 * 2 + 2 * 1
RED = simplejpeg.encode_jpeg(np.full((32, 128, 3), (255, 0, 0), np.uint8), quality=95)
"""128 x 32 pixels: letterboxed into 64 x 32 it fills half of it, the rest is grey (114)."""
HALF_GREY = (255 + 114) / 2 / 255


def network(path, red, outputs, type_=TensorProto.FLOAT, size=(HEIGHT, WIDTH)):
    """A file whose outputs are `constant + mean of channel red x weight`; `outputs`: name, constant, weight."""
    nodes = [
        helper.make_node("Gather", ["images", "red"], ["channel"], axis=1),
        helper.make_node("ReduceMean", ["channel"], ["mean4"], keepdims=1),
        helper.make_node("Reshape", ["mean4", "three"], ["mean"]),
    ]
    kept = [numpy_helper.from_array(np.array([red]), "red"), numpy_helper.from_array(np.ones(3, np.int64), "three")]
    dtype = helper.tensor_dtype_to_np_dtype(type_)
    for name, constant, weight in outputs:
        kept += [numpy_helper.from_array(a.astype(dtype), f"{name}-{i}") for i, a in enumerate((constant, weight))]
        nodes += [
            helper.make_node("Mul", ["mean", f"{name}-1"], [f"{name}-scaled"]),
            helper.make_node("Add", [f"{name}-scaled", f"{name}-0"], [name]),
        ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", type_, [1, 3, *size])],
        [helper.make_tensor_value_info(name, type_, list(constant.shape)) for name, constant, _ in outputs],
        kept,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def lone(shape, box, score):
    """Constant and weight of an output of this shape: `box` holds (index, value), the scores at `score` are red."""
    constant, weight = np.zeros(shape), np.zeros(shape)
    for index, value in box:
        constant[index] = value
    for index, value in score:
        weight[index] = value
    return constant, weight


def yolox(path):
    row = 1 * 8 + 4  # stride 8, x = 4, y = 1: centre 32, 8; size 16 x 8
    box = [((0, row, 2), math.log(2)), ((0, row, 7), 1.0)]
    network(path, 2, [("output", *lone((1, CELLS, 5 + LABELS), box, [((0, row, 4), 1 / 255)]))])


def yolov5(path):
    box = [((0, 100, k), v) for k, v in enumerate((32, 16, 16, 8))] + [((0, 100, 7), 1.0)]
    network(path, 0, [("output0", *lone((1, 3 * CELLS, 5 + LABELS), box, [((0, 100, 4), 1.0)]))])


def yolov8(path, type_=TensorProto.FLOAT, **fields):
    box = [((0, k, 30), v) for k, v in enumerate((32, 16, 16, 8))]
    network(path, 0, [("output0", *lone((1, 4 + LABELS, CELLS), box, [((0, 6, 30), 1.0)]))], type_, **fields)


def yolov8_half(path):
    yolov8(path, TensorProto.FLOAT16)


def rtdetr(path):
    box = [((0, 5, k), v) for k, v in enumerate((0.5, 0.5, 0.25, 0.25))]
    logits = np.full((1, 10, LABELS), -9.0)
    weight = np.zeros_like(logits)
    weight[0, 5, 2] = 11  # logit 2 where all is red
    network(path, 0, [("logits", logits, weight), ("pred_boxes", *lone((1, 10, 4), box, []))])


LETTERBOXED = (48.0, 8.0, 80.0, 24.0)
STRETCHED = (48.0, 12.0, 80.0, 20.0)
NETWORKS = {
    # name: (decoder, writes the file, box on the picture, score)
    "net-yolox": ("yolox", yolox, LETTERBOXED, HALF_GREY),
    "net-yolov5": ("yolov5", yolov5, LETTERBOXED, HALF_GREY),
    "net-yolov8": ("yolov8", yolov8_half, LETTERBOXED, HALF_GREY),
    "net-rtdetr": ("rtdetr", rtdetr, STRETCHED, 1 / (1 + math.exp(-2))),
}


@pytest.fixture
async def serve(triton, tmp_path):
    """Loads a network into the session's Triton and gives the connection; it is unloaded after the test."""
    client, connection, loaded = InferenceServerClient(triton.grpc_url), Triton(triton.grpc_url), []

    async def load(name, decoder, write):
        file = tmp_path / f"{name}.onnx"
        write(file)
        source = Source("", hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
        meanings = (ObjectClass.person, ObjectClass.car, ObjectClass.truck)
        labels = ("one", "two", "three")
        model = Model(name, {}, decoder, source, "MIT", WIDTH, HEIGHT, 0.3, 0.5, labels, meanings, "none")
        catalogue = Catalogue(load_catalogue().path, {name: model})
        build_repository(catalogue, [name], {name: file}, triton.repository)
        loaded.append(name)
        await client.load_model(name)
        return model, connection

    yield load
    for name in loaded:
        await client.unload_model(name)
        shutil.rmtree(triton.repository / name)
    await connection.close()
    await client.close()


@pytest.mark.parametrize("name", NETWORKS)
async def test_a_network_of_each_family_puts_its_box_on_the_picture(serve, name):
    decoder, write, box, score = NETWORKS[name]
    model, connection = await serve(name, decoder, write)
    answer = await connection.answer(name, RED)
    assert answer.version == model.version
    assert answer.boxes.shape == (1, 6)
    np.testing.assert_allclose(answer.boxes[0, :4], box, atol=0.6)
    assert answer.boxes[0, 4] == pytest.approx(score, abs=0.02)
    assert answer.boxes[0, 5] == ObjectClass.truck


async def test_a_file_for_another_input_is_refused_when_it_is_loaded(serve):
    with pytest.raises(InferenceServerException, match=r"its file takes images.*the catalogue says one image"):
        await serve("net-other", "yolov8", lambda path: yolov8(path, size=(64, 64)))
