"""From a frame and its boxes to a Detections record."""

import numpy as np
import pytest

from vigie_common.codec import Codec
from vigie_common.records import Detections
from vigie_inference.boxes import boxes_from, usable
from vigie_inference.canary import HEIGHT, WIDTH, canary_image
from vigie_inference.detections import MAX_BOXES, Seen, blind, watched
from vigie_inference.failures import InferenceFailedError
from vigie_inference.settings import InferenceSettings


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
        "watched_ms": 0,
        "status": "ok",
        "reason": None,
        "frame_ref": {"partition": 4, "offset": 99},
        "width": 640,
        "height": 360,
        "source_width": 1920,
        "source_height": 1080,
        "source_frame": 3,
        "models": [{"name": "hog", "version": "1a"}, {"name": "yolox-nano", "version": "2b"}],
        "models_missing": [],
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


GOOD = (10, 10, 50, 40, 0.75, 5)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ((0, 0, 1, 1, float("nan"), 1), "not finite"),
        ((0, 0, float("inf"), 1, 0.5, 1), "not finite"),
        ((0, float("nan"), 1, 1, 0.5, 1), "not finite"),
        ((0, 0, 1, 1, 0.5, 15), "unknown class"),
        ((0, 0, 1, 1, 0.5, -1), "unknown class"),
        ((0, 0, 1, 1, -0.1, 1), "score outside 0..1"),
        ((0, 0, 1, 1, 17.0, 1), "score outside 0..1"),
        ((50, 10, 10, 40, 0.5, 1), "no area"),  # inverted
        ((10, 40, 50, 10, 0.5, 1), "no area"),
        ((10, 10, 10, 40, 0.5, 1), "no area"),
        ((10, 10, 50, 10, 0.5, 1), "no area"),
        ((640, 0, 700, 90, 0.5, 1), "no area"),  # beside the frame
    ],
)
def test_a_bad_box_is_dropped_and_counted_and_the_others_stay(bad, why):
    found = usable("m", boxes(bad, GOOD), 640, 360)
    assert found.boxes.tolist() == [list(GOOD)]
    assert found.dropped == {why: 1}


def test_boxes_are_cut_at_the_edges_of_the_frame_and_scores_at_1():
    found = usable("m", boxes((-5, -6, 700, 400, 1.0005, 1)), 640, 360)
    assert found.boxes.tolist() == [[0, 0, 640, 360, 1, 1]]


def test_an_answer_of_nothing_but_impossible_boxes_is_no_empty_street():
    rows = boxes(*[(0, 0, 1, 1, float("nan"), 1)] * 3, (0, 0, 1, 1, 0.5, 99))
    with pytest.raises(
        InferenceFailedError, match=r'model "m" answered 4 boxes, none of them usable.*correct the model'
    ):
        usable("m", rows, 640, 360)


def test_boxes_without_area_alone_are_an_empty_street():
    found = usable("m", boxes((5, 5, 5, 5, 0.5, 1)), 640, 360)
    assert (len(found.boxes), found.dropped) == (0, {"no area": 1})


def test_the_record_keeps_its_frames_status_and_names_the_models_that_did_not_answer(frame):
    moved = frame(status="moved", reason="the view changed")
    record = watched(moved, (0, 1), [Seen("hog", "1a", boxes())], {"fire": "no memory"})
    assert (record["status"], record["reason"]) == ("moved", "the view changed; model fire: no memory")
    assert (record["models"], record["models_missing"]) == ([{"name": "hog", "version": "1a"}], ["fire"])


@pytest.mark.parametrize(("least", "most", "fits"), [(4, 4, True), (5, 4, False)])
def test_the_bounds_of_the_limit_are_in_order(least, most, fits, monkeypatch):
    from vigie_common.errors import ConfigurationError
    from vigie_common.settings import read_settings

    monkeypatch.setenv("VIGIE_INFERENCE_IN_FLIGHT_LEAST", str(least))
    monkeypatch.setenv("VIGIE_INFERENCE_IN_FLIGHT_MOST", str(most))
    if fits:
        assert read_settings(InferenceSettings).inference_in_flight_most == most
    else:
        with pytest.raises(ConfigurationError, match=r"IN_FLIGHT_LEAST is 5, above .*_MOST \(4\): lower"):
            read_settings(InferenceSettings)


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
