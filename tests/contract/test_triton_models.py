"""The model contract on a real Triton: one JPEG in, boxes out."""

import asyncio

import cv2
import numpy as np
import pytest
import simplejpeg

from vigie_common.catalogue import load_catalogue
from vigie_common.taxonomy import ObjectClass
from vigie_inference.canary import answering, canary_image
from vigie_inference.failures import ImageRefusedError, ModelNotServedError
from vigie_inference.triton import Triton

SHADE = (40, 40, 40)


def silhouette(image, x, foot, height):
    """A standing person in outline: enough for HOG."""
    s = height / 100
    cv2.ellipse(image, (x, int(foot - 92 * s)), (int(6 * s), int(8 * s)), 0, 0, 360, SHADE, -1)
    cv2.ellipse(image, (x, int(foot - 64 * s)), (int(14 * s), int(22 * s)), 0, 0, 360, SHADE, -1)
    for side in (-1, 1):
        hip, toe = (x + int(4 * side * s), int(foot - 50 * s)), (x + int(6 * side * s), foot)
        cv2.line(image, hip, toe, SHADE, int(8 * s))


@pytest.fixture(scope="module")
def two_people():
    image = np.full((540, 960, 3), 190, np.uint8)
    silhouette(image, 300, 400, 150)
    silhouette(image, 600, 420, 180)
    return simplejpeg.encode_jpeg(image, quality=90, colorspace="BGR")


@pytest.fixture
async def client(triton):
    connection = Triton(triton.grpc_url)
    yield connection
    await connection.close()


def street(shared_data, numbers):
    """Pictures of the street clip, as JPEG."""
    capture, found = cv2.VideoCapture(str(shared_data / "videos" / "vtest.avi")), []
    for number in range(max(numbers) + 1):
        _, picture = capture.read()
        if number in numbers:
            found.append(simplejpeg.encode_jpeg(picture, quality=85, colorspace="BGR"))
    capture.release()
    return found


async def test_hog_finds_the_people_and_puts_their_feet_on_the_ground(client, two_people):
    boxes = await client.detect("hog", two_people)
    boxes = boxes[np.argsort(boxes[:, 0])]
    assert boxes[:, 5].tolist() == [ObjectClass.person, ObjectClass.person]
    centres = (boxes[:, 0] + boxes[:, 2]) / 2
    np.testing.assert_allclose(centres, [300, 600], atol=10)
    np.testing.assert_allclose(boxes[:, 3], [400, 420], atol=0.1 * 180)


async def test_the_canary_asks_every_served_model_and_learns_its_version(client, triton):
    models = load_catalogue().models
    expected = {name: models[name].version for name in sorted(triton.models)}
    assert await answering(client, canary_image()) == expected


async def test_an_image_answers_the_same_alone_and_in_a_crowd(client, two_people):
    alone = await client.detect("hog", two_people)
    crowd = await asyncio.gather(*(client.detect("hog", image) for image in [two_people, canary_image()] * 6))
    assert {boxes.tobytes() for boxes in crowd[::2]} == {alone.tobytes()}


async def test_bad_images_fail_alone_and_say_why(client, two_people):
    images = [two_people, b"", two_people, two_people[:3000], two_people, b"not a picture"]
    answers = await asyncio.gather(*(client.detect("hog", image) for image in images), return_exceptions=True)
    assert [len(good) for good in answers[::2][:3]] == [2, 2, 2]
    assert [type(bad) for bad in answers[1::2]] == [ImageRefusedError] * 3
    assert "IMAGE is empty (0 bytes): send the bytes of a whole JPEG" in str(answers[1])
    assert "no whole JPEG (3000 bytes" in str(answers[3])
    assert "begin with 6e 6f 74 20" in str(answers[5])


async def test_a_model_that_is_not_there_is_not_found(client, two_people):
    with pytest.raises(ModelNotServedError, match=r'model "yolo" at Triton 127.0.0.1:.*NOT_FOUND'):
        await client.detect("yolo", two_people)


def overlap(a, b):
    sides = np.minimum(a[2:4], b[:, 2:4]) - np.maximum(a[:2], b[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    return shared / ((a[2:4] - a[:2]).prod() + (b[:, 2:4] - b[:, :2]).prod(axis=1) - shared)


@pytest.mark.shared_data
async def test_hog_finds_most_people_of_a_real_street_that_yolox_is_sure_of(client, shared_data):
    present = found = 0
    for jpeg in street(shared_data, range(0, 200, 20)):
        hog, yolox = await asyncio.gather(client.detect("hog", jpeg), client.detect("yolox-nano", jpeg))
        people = yolox[(yolox[:, 5] == ObjectClass.person) & (yolox[:, 4] > 0.5)]
        present += len(people)
        found += sum(overlap(person, hog).max(initial=0) > 0.4 for person in people)
    assert 0.6 <= found / present <= 1


@pytest.mark.shared_data
async def test_yolox_finds_the_people_and_one_box_a_parked_car(client, shared_data):
    for boxes in await asyncio.gather(
        *(client.detect("yolox-nano", jpeg) for jpeg in street(shared_data, range(0, 100, 20)))
    ):
        sure = boxes[boxes[:, 4] > 0.5]
        assert (sure[:, 5] == ObjectClass.person).sum() >= 4
        vehicles = sure[np.isin(sure[:, 5], [ObjectClass.car, ObjectClass.truck, ObjectClass.bus])]
        assert len(vehicles) == 2


@pytest.mark.shared_data
async def test_yolox_answers_the_same_bytes_whoever_else_asks(client, shared_data):
    jpegs = street(shared_data, range(0, 100, 20))
    alone = [(await client.detect("yolox-nano", jpeg)).tobytes() for jpeg in jpegs]
    crowd = await asyncio.gather(*(client.detect("yolox-nano", jpeg) for jpeg in jpegs * 4))
    assert [boxes.tobytes() for boxes in crowd] == alone * 4
