"""From a frame and its boxes to a Detections record."""

import numpy as np
import pytest

from vigie_common.codec import Codec
from vigie_common.records import Detections
from vigie_inference.canary import HEIGHT, WIDTH, canary_image
from vigie_inference.detections import MAX_BOXES, Seen, blind, watched
from vigie_inference.failures import InferenceFailedError
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import boxes_from


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 6)


def test_two_models_share_one_record_and_every_box_names_its_model(frame):
    seen = [
        Seen("hog", "1a", boxes((1, 2, 3, 4, 0.5, 1))),
        Seen("yolox-nano", "2b", boxes((5, 6, 7, 8, 0.75, 5), (9, 10, 11, 12, 0.25, 0))),
    ]
    record = watched(frame(), (4, 99), seen)
    assert record == {
        "camera_id": "cam-1",
        "session": "01900000-0000-7000-8000-000000000000",
        "seq": 7,
        "captured_at": 1_000,
        "clock": "recording",
        "status": "ok",
        "reason": None,
        "frame_ref": {"partition": 4, "offset": 99},
        "width": 640,
        "height": 360,
        "source_width": 1920,
        "source_height": 1080,
        "source_frame": 3,
        "models": [{"name": "hog", "version": "1a"}, {"name": "yolox-nano", "version": "2b"}],
        "x1": [1.0, 5.0, 9.0],
        "y1": [2.0, 6.0, 10.0],
        "x2": [3.0, 7.0, 11.0],
        "y2": [4.0, 8.0, 12.0],
        "score": [0.5, 0.75, 0.25],
        "object_class": ["person", "car", "unknown"],
        "model_index": [0, 1, 1],
    }
    assert set(record) == set(Detections.__annotations__)


@pytest.mark.parametrize("status", ["shed", "failed", "dark", "offline", "ended"])
def test_a_frame_that_nobody_looked_at_keeps_its_time_and_says_why(frame, status):
    record = blind(frame(jpeg=None), (0, 1), status, "because")
    assert (record["status"], record["reason"], record["captured_at"]) == (status, "because", 1_000)
    assert record["models"] == record["x1"] == record["model_index"] == []
    codec = Codec.pinned()
    assert codec.decode(codec.encode("detections", record))[1]["status"] == status


def test_a_frame_with_too_many_boxes_keeps_the_surest_in_their_order(frame):
    scores = np.linspace(0.1, 0.9, MAX_BOXES + 50, dtype=np.float32)
    rows = np.ones((len(scores), 6), np.float32)
    rows[:, 4] = scores
    record = watched(frame(), (0, 1), [Seen("m", "1", rows)])
    assert record["score"] == scores[50:].tolist()


def test_a_frame_without_boxes_is_a_record_that_avro_takes(frame):
    record = watched(frame(), (0, 1), [Seen("m", "1", boxes())])
    codec = Codec.pinned()
    assert codec.decode(codec.encode("detections", record))[1]["models"] == [{"name": "m", "version": "1"}]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "nothing"),
        (np.zeros((2, 5), np.float32), r"float32 \(2, 5\)"),
        (np.zeros((2, 6), np.float64), r"float64 \(2, 6\)"),
    ],
)
def test_an_answer_of_another_shape_is_no_detection(answer, said):
    with pytest.raises(InferenceFailedError, match=f"{said}, DETECTIONS is FP32 with 6 columns"):
        boxes_from("m", answer)


@pytest.mark.parametrize("row", [(0, 0, 1, 1, float("nan"), 1), (0, 0, 1, 1, 0.5, 15), (0, 0, 1, 1, 0.5, -1)])
def test_an_answer_with_impossible_boxes_is_no_detection(row):
    with pytest.raises(InferenceFailedError, match='model "m" answered boxes that are not finite, or of a class'):
        boxes_from("m", boxes(row))


def test_the_canary_is_a_real_jpeg():
    from vigie_backend.image import decode

    assert decode(canary_image()).shape == (HEIGHT, WIDTH, 3)


def test_ages_are_written_with_their_unit(monkeypatch):
    monkeypatch.setenv("VIGIE_INFERENCE_MAX_AGE", "1m30s")
    assert InferenceSettings().inference_max_age == 90.0
    monkeypatch.setenv("VIGIE_INFERENCE_MAX_AGE", "0")
    assert InferenceSettings().inference_max_age == 0.0


def test_an_age_without_its_unit_is_refused_with_the_variables_name(monkeypatch):
    from vigie_common.errors import ConfigurationError
    from vigie_common.settings import read_settings

    monkeypatch.setenv("VIGIE_INFERENCE_MAX_AGE", "30")
    with pytest.raises(ConfigurationError, match=r"VIGIE_INFERENCE_MAX_AGE.*needs its unit: write 30s, 30m or 30h"):
        read_settings(InferenceSettings)
