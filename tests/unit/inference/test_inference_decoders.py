"""Decoders and suppression against a plain reference, one box at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vigie_backend.boxes import MOST_CANDIDATES, finish, order, suppress
from vigie_backend.decoders import DECODERS, yolox
from vigie_backend.placement import PADDING, top_left, yolox_tensor

from vigie_common.catalogue import DECODERS as DECLARED
from vigie_common.taxonomy import CLASS_GROUP, ObjectClass

CAR, TRUCK, PERSON = int(ObjectClass.car), int(ObjectClass.truck), int(ObjectClass.person)


def reference_yolox(output, width, height, least):
    """Row by row, as the paper writes it."""
    found, row = [], 0
    for stride in (8, 16, 32):
        for y in range(height // stride):
            for x in range(width // stride):
                dx, dy, w, h, objectness, *labels = (float(v) for v in output[0][row])
                row += 1
                label = max(range(len(labels)), key=lambda k, scores=labels: scores[k])
                score = objectness * labels[label]
                if score >= least:
                    cx, cy = (x + dx) * stride, (y + dy) * stride
                    bw, bh = math.exp(w) * stride, math.exp(h) * stride
                    found.append((cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2, score, label))
    return np.array(found).reshape(-1, 6)


def reference_iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def yolox_output(random, rows=42):
    output = random.normal(0, 1, (1, rows, 9)).astype(np.float32)
    output[..., 4:] = random.uniform(0, 1, (1, rows, 5))
    return output


def test_yolox_decodes_as_the_reference_does(describe, random):
    output = yolox_output(random)
    found = yolox([output], describe())
    sure = found.scores >= 0.3
    expected = reference_yolox(output, 64, 32, 0.3)
    assert len(expected) > 5
    np.testing.assert_allclose(np.column_stack([*found])[sure], expected, rtol=1e-5, atol=1e-4)


def test_yolox_refuses_an_output_of_another_shape_and_says_which_it_expects(describe, random):
    with pytest.raises(ValueError, match=r"\(1, 41, 9\).*expects \(1, 42, 9\).*catalogue"):
        yolox([yolox_output(random, 41)], describe())


def reference_yolov5(outputs, width, height, least):
    """Rows of centre, size, objectness and label probabilities."""
    found = []
    for row in outputs[0][0].tolist():
        label = max(range(4), key=lambda k, row=row: row[5 + k])
        if row[4] * row[5 + label] >= least:
            found.append((*corners(*row[:4]), row[4] * row[5 + label], label))
    return np.array(found).reshape(-1, 6)


def reference_yolov8(outputs, width, height, least):
    """One column a cell: centre, size, label probabilities."""
    found, columns = [], outputs[0][0].tolist()
    for cell in range(len(columns[0])):
        box, labels = [columns[k][cell] for k in range(4)], [columns[4 + k][cell] for k in range(4)]
        if max(labels) >= least:
            found.append((*corners(*box), max(labels), labels.index(max(labels))))
    return np.array(found).reshape(-1, 6)


def reference_rtdetr(outputs, width, height, least):
    """Per query the sigmoid of its logits, and a box as shares of the input."""
    found = []
    for logits, (cx, cy, w, h) in zip(outputs[0][0].tolist(), outputs[1][0].tolist(), strict=True):
        chances = [1 / (1 + math.exp(-logit)) for logit in logits]
        if max(chances) >= least:
            box = corners(cx * width, cy * height, w * width, h * height)
            found.append((*box, max(chances), chances.index(max(chances))))
    return np.array(found).reshape(-1, 6)


def reference_rtdetr_joined(outputs, width, height, least):
    rows = outputs[0][0].astype(float)
    logits = [[[math.log(p / (1 - p)) for p in row[4:].tolist()] for row in rows]]
    return reference_rtdetr([np.array(logits), rows[np.newaxis, :, :4]], width, height, least)


def corners(cx, cy, w, h):
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def pixels(random, rows):
    return random.uniform(1, 30, (1, rows, 4))


def chances(random, rows, columns):
    return random.uniform(0.01, 0.99, (1, rows, columns))


OUTPUTS = {
    "yolov5": lambda random: [np.concatenate([pixels(random, 126), chances(random, 126, 5)], axis=2)],
    "yolov8": lambda random: [np.concatenate([pixels(random, 42), chances(random, 42, 4)], axis=2).transpose(0, 2, 1)],
    "rtdetr": lambda random: [random.normal(0, 2, (1, 30, 4)), chances(random, 30, 4)],
    "rtdetr-joined": lambda random: [np.concatenate([chances(random, 30, 4), chances(random, 30, 4)], axis=2)],
}
"""Raw outputs of each family for an input of 64 x 32 and four labels."""

REFERENCES = {
    "yolov5": reference_yolov5,
    "yolov8": reference_yolov8,
    "rtdetr": reference_rtdetr,
    "rtdetr-joined": reference_rtdetr_joined,
}

families = pytest.mark.parametrize("family", sorted(OUTPUTS))


def outputs_of(family, random):
    return [output.astype(np.float32) for output in OUTPUTS[family](random)]


@families
def test_each_family_is_decoded_as_the_reference_does(family, describe, random):
    outputs = outputs_of(family, random)
    found = DECODERS[family].candidates(outputs, describe(decoder=family))
    sure = found.scores >= 0.3
    expected = REFERENCES[family](outputs, 64, 32, 0.3)
    assert 5 < len(expected) < 127
    np.testing.assert_allclose(np.column_stack([*found])[sure], expected, rtol=1e-4, atol=1e-4)


def test_the_two_outputs_of_a_transformer_may_come_in_either_order(describe, random):
    logits, boxes = random.normal(0, 2, (1, 30, 3)), chances(random, 30, 4)
    there, back = (
        DECODERS["rtdetr"].candidates([each.astype(np.float32) for each in pair], describe(classes=(1, 5, 8)))
        for pair in ((logits, boxes), (boxes, logits))
    )
    assert len(there.scores) > 5
    assert np.column_stack([*there]).tolist() == np.column_stack([*back]).tolist()


@families
def test_an_output_of_another_shape_is_refused_with_the_expected_one(family, describe, random):
    outputs = [output[..., :-1] for output in outputs_of(family, random)]
    with pytest.raises(ValueError, match=rf"decoder {family} expects .*\(1, .* labels: correct .* catalogue"):
        DECODERS[family].candidates(outputs, describe(decoder=family))


@families
def test_rows_that_are_not_finite_are_left_out_and_the_others_stay(family, describe, random):
    outputs = outputs_of(family, random)
    whole = DECODERS[family].candidates(outputs, describe(decoder=family))
    rows = outputs[0][0].T if family == "yolov8" else outputs[0][0]
    rows[0::3] = np.nan
    rows[1::3, :1] = np.inf
    found = DECODERS[family].candidates(outputs, describe(decoder=family))
    assert np.isfinite(np.column_stack([*found])).all()
    assert 0 < len(found.scores) < len(whole.scores)


@pytest.mark.parametrize("family", sorted(DECODERS))
def test_a_network_that_answers_nothing_finite_is_broken_and_no_empty_street(family, describe, random):
    outputs = outputs_of(family, random) if family in OUTPUTS else [yolox_output(random)]
    for output in outputs:
        output[:] = np.nan
    with pytest.raises(ValueError, match=r"none of its \d+ rows is finite: .*FP32"):
        DECODERS[family].candidates(outputs, describe(decoder=family))


@pytest.mark.parametrize("family", ["yolov5", "yolov8", "rtdetr-joined"])
def test_scores_before_the_sigmoid_are_refused_with_the_fix(family, describe, random):
    outputs = outputs_of(family, random)
    rows = outputs[0][0].T if family == "yolov8" else outputs[0][0]
    rows[7, 4:] = 3.5
    with pytest.raises(ValueError, match=r"a score is 3\.5, .* expects 0\.\.1: export the model with its sigmoid"):
        DECODERS[family].candidates(outputs, describe(decoder=family))


def test_a_yolox_box_beyond_all_size_is_dropped_without_a_warning(describe, random):
    output = yolox_output(random)
    output[0, :, 2:4] = 1000.0
    found = yolox([output], describe())
    assert not np.isfinite(found.xyxy).any()
    assert finish(*found, (64, 32), describe()).shape == (0, 6)


def test_an_empty_street_has_no_candidates(describe, random):
    output = outputs_of("yolov8", random)[0]
    output[0, 4:] = 0
    assert DECODERS["yolov8"].candidates([output], describe()).xyxy.shape == (0, 4)


def test_8400_equal_boxes_are_one(describe):
    xyxy = np.tile(np.array([[10, 10, 50, 40]], np.float32), (8400, 1))
    found = finish(xyxy, np.full(8400, 0.9, np.float32), np.ones(8400, np.int64), (100, 80), describe())
    assert found.tolist() == [[10, 10, 50, 40, pytest.approx(0.9), CAR]]


def test_a_box_everywhere_costs_no_more_than_the_bound(describe):
    at = np.arange(8400, dtype=np.float32)
    xyxy = np.stack([at, at % 7, at + 0.9, at % 7 + 5], axis=1)
    found = finish(xyxy, np.linspace(0.4, 0.9, 8400, dtype=np.float32), np.ones(8400, np.int64), (9000, 80), describe())
    assert len(found) == MOST_CANDIDATES
    assert found[-1, 4] == pytest.approx(0.9 - 0.5 * (MOST_CANDIDATES - 1) / 8399, abs=1e-4)


geometries = pytest.mark.parametrize("family", sorted(DECODERS))


@geometries
@pytest.mark.parametrize("size", [(768, 576), (576, 768), (1920, 1080), (100, 100), (37, 11)])
def test_a_place_in_the_image_is_found_again_from_the_networks_input(family, size):
    """The input's pixel that the resize took from an image's corner, by the rule of three."""
    into = (96, 64)
    place = DECODERS[family].geometry(size, into)
    assert place.left + place.width <= into[0]
    assert place.top + place.height <= into[1]
    inside = np.array([[place.left, place.top, place.left + place.width, place.top + place.height]], np.float32)
    np.testing.assert_allclose(place.onto_image(inside), [[0, 0, *size]], atol=max(size) / min(into) + 1e-3)
    middle = np.array([[into[0] / 2, into[1] / 2] * 2], np.float32)
    if family.startswith(("yolov", "rtdetr")):
        np.testing.assert_allclose(place.onto_image(middle), [[size[0] / 2, size[1] / 2] * 2], atol=size[0] / into[0])


@pytest.mark.parametrize(("family", "rest"), [("yolox", 114.0), ("yolov5", 114 / 255), ("yolov8", 114 / 255)])
def test_the_rest_of_a_letterboxed_input_is_grey(family, rest):
    into, decoder = (96, 64), DECODERS[family]
    place = decoder.geometry((64, 64), into)
    tensor = decoder.tensor(np.zeros((place.height, place.width, 3), np.uint8), place, into)
    assert tensor.shape == (1, 3, 64, 96)
    assert np.unique(tensor).tolist() == [0.0, np.float32(rest)]
    assert (tensor == 0).sum() == 3 * 64 * 64


@pytest.mark.parametrize(
    ("family", "expected"),
    [("yolox", [10, 20, 255]), ("yolov5", [1, 20 / 255, 10 / 255]), ("rtdetr", [1, 20 / 255, 10 / 255])],
)
def test_colours_come_in_the_order_and_range_that_the_family_was_trained_with(family, expected):
    decoder = DECODERS[family]
    place = decoder.geometry((64, 32), (64, 32))
    image = np.full((32, 64, 3), (10, 20, 255), np.uint8)  # BGR
    tensor = decoder.tensor(image, place, (64, 32))
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0, :, 5, 5], expected, rtol=1e-6)


def test_an_image_is_laid_top_left_and_the_rest_is_padded():
    box = top_left((768, 576), (416, 416))
    assert (box.width, box.height) == (416, 312)
    tensor = yolox_tensor(np.zeros((312, 416, 3), np.uint8), box, (416, 416))
    assert tensor.shape == (1, 3, 416, 416)
    assert not tensor[:, :, :312].any()
    assert np.unique(tensor[:, :, 312:]).tolist() == [PADDING]


def test_a_letterbox_keeps_a_pixel_of_the_thinnest_image():
    assert top_left((4000, 1), (416, 416))[:2] == (416, 1)


coordinate = st.integers(0, 40).map(float)
boxes = st.lists(
    st.tuples(coordinate, coordinate, st.integers(1, 30), st.integers(1, 30), st.integers(30, 99), st.integers(0, 2)),
    max_size=25,
)


def arrays(drawn):
    rows = [(x, y, x + w, y + h) for x, y, w, h, _, _ in drawn]
    xyxy = np.array(rows, np.float32).reshape(-1, 4)
    return xyxy, np.array([d[4] / 100 for d in drawn], np.float32), np.array([d[5] for d in drawn], np.int64)


@given(boxes, st.sampled_from([0.3, 0.5, 0.7]))
def test_suppression_keeps_what_the_reference_keeps(drawn, nms_iou):
    xyxy, scores, groups = arrays(drawn)
    best = order(xyxy, scores)
    kept = []
    for i in best.tolist():
        if all(groups[i] != groups[k] or reference_iou(xyxy[i], xyxy[k]) <= nms_iou + 1e-6 for k in kept):
            kept.append(i)
    assert best[suppress(xyxy[best], groups[best], nms_iou + 1e-6)].tolist() == kept


@given(boxes, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_the_models_rows(drawn, shuffler):
    description = _description()
    shuffled = list(drawn)
    shuffler.shuffle(shuffled)
    first, second = (finish(*arrays(rows), (64, 64), description) for rows in (drawn, shuffled))
    if len({d[:5] for d in drawn}) == len(drawn):  # equal boxes of two classes are told apart by nothing
        assert first.tobytes() == second.tobytes()
    assert first[:, 4].tolist() == sorted(first[:, 4].tolist(), reverse=True)


def _description():
    from vigie_backend.description import Description

    return Description("t", "yolox", "", 64, 64, 0.3, 0.5, (1, 5, 8), CLASS_GROUP, 1)


def found_of(describe, rows, labels, **fields):
    xyxy = np.array([r[:4] for r in rows], np.float32)
    scores = np.array([r[4] for r in rows], np.float32)
    return finish(xyxy, scores, np.array(labels), (100, 80), describe(**fields))


def test_a_van_seen_as_car_and_as_truck_is_one_box_the_surer_one(describe):
    found = found_of(describe, [(10, 10, 50, 40, 0.6), (11, 10, 51, 41, 0.7)], [1, 2])
    assert found.tolist() == [[11, 10, 51, 41, pytest.approx(0.7), TRUCK]]


def test_equal_scores_are_ordered_by_their_coordinates(describe):
    rows = [(40, 9, 50, 20, 0.5), (10, 30, 20, 40, 0.5), (10, 5, 60, 15, 0.5), (10, 5, 19, 15, 0.5)]
    for shuffled in (rows, rows[::-1], rows[2:] + rows[:2]):
        found = found_of(describe, shuffled, [0] * 4, nms_iou=0.95)
        assert found[:, :4].tolist() == [[10, 5, 19, 15], [10, 5, 60, 15], [10, 30, 20, 40], [40, 9, 50, 20]]


def test_a_person_before_a_car_stays_beside_it(describe):
    found = found_of(describe, [(10, 10, 50, 40, 0.6), (10, 10, 50, 40, 0.7)], [0, 1])
    assert found[:, 5].tolist() == [CAR, PERSON]


def test_ignored_labels_weak_scores_and_boxes_outside_the_image_are_dropped(describe):
    rows = [(0, 0, 9, 9, 0.9), (0, 0, 9, 9, 0.29), (100, 0, 120, 9, 0.9), (float("nan"), 0, 9, 9, 0.9)]
    assert found_of(describe, rows, [3, 0, 0, 0]).shape == (0, 6)


def test_boxes_are_cut_at_the_edge_of_the_image(describe):
    assert found_of(describe, [(-5, -6, 140, 90, 0.9)], [0])[0, :4].tolist() == [0, 0, 100, 80]


def test_the_catalogue_declares_the_decoders_that_tritons_side_has():
    assert {name for name, reads_a_file in DECLARED.items() if reads_a_file} == set(DECODERS)
