"""Overlap of boxes, plain and grown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_tracking.overlap import buffered_iou

box = st.tuples(st.floats(-100, 100), st.floats(-100, 100), st.floats(1, 100), st.floats(1, 100))


@pytest.mark.parametrize(
    ("a", "b", "buffer", "expected"),
    [
        ((5, 5, 10, 10), (5, 5, 10, 10), 0.0, 1.0),
        ((5, 5, 10, 10), (10, 5, 10, 10), 0.0, 50 / 150),
        ((5, 5, 10, 10), (15, 5, 10, 10), 0.0, 0.0),
        ((5, 5, 10, 10), (15, 5, 10, 10), 0.3, (6 * 16) / (2 * 256 - 6 * 16)),
        ((5, 5, 10, 10), (5, 25, 10, 10), 0.3, 0.0),
    ],
)
def test_the_overlap_is_what_the_drawing_says(a, b, buffer, expected):
    assert buffered_iou(*a, *b, buffer) == pytest.approx(expected)


@settings(deadline=None)  # the first call compiles
@given(box, box, st.floats(0, 1))
def test_it_is_symmetric_and_between_0_and_1(a, b, buffer):
    overlap = buffered_iou(*a, *b, buffer)
    assert overlap == buffered_iou(*b, *a, buffer)
    assert 0.0 <= overlap <= 1.0 + 1e-12


@settings(deadline=None)  # the first call compiles
@given(box)
def test_a_box_overlaps_itself_entirely_however_grown(a):
    assert buffered_iou(*a, *a, 0.3) == pytest.approx(1.0)
