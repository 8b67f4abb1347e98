"""Decoders and suppression against a plain reference, one box at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vigie_backend.boxes import finish, order, suppress
from vigie_backend.decoders import DECODERS, PADDING, letterbox, yolox, yolox_tensor

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
    found = yolox(output, describe())
    sure = found.scores >= 0.3
    expected = reference_yolox(output, 64, 32, 0.3)
    assert len(expected) > 5
    np.testing.assert_allclose(np.column_stack([*found])[sure], expected, rtol=1e-5, atol=1e-4)


def test_yolox_refuses_an_output_of_another_shape_and_says_which_it_expects(describe, random):
    with pytest.raises(ValueError, match=r"\(1, 41, 9\).*expects \(1, 42, 9\).*catalogue"):
        yolox(yolox_output(random, 41), describe())


def test_an_image_is_laid_top_left_and_the_rest_is_padded():
    box = letterbox((768, 576), (416, 416))
    assert (box.width, box.height) == (416, 312)
    tensor = yolox_tensor(np.zeros((312, 416, 3), np.uint8), (416, 416))
    assert tensor.shape == (1, 3, 416, 416)
    assert not tensor[:, :, :312].any()
    assert np.unique(tensor[:, :, 312:]).tolist() == [PADDING]


def test_a_letterbox_keeps_a_pixel_of_the_thinnest_image():
    assert letterbox((4000, 1), (416, 416))[1:] == (416, 1)


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
