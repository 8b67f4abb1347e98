import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vigie_common.geometry import crossing_edges, length, segments_meet, turn

SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
coordinate = st.integers(0, 1000).map(lambda n: n / 1000)
point = st.tuples(coordinate, coordinate)


def star(radii):
    """A polygon round the middle with the given radii: always simple."""
    n = len(radii)
    return [
        (0.5 + r * math.cos(2 * math.pi * i / n), 0.5 + r * math.sin(2 * math.pi * i / n)) for i, r in enumerate(radii)
    ]


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (SQUARE, None),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], (0, 2)),  # bow tie
        ([[0, 0], [1, 0], [1, 0], [0, 1]], (0, 2)),  # a corner twice
        ([[0, 0], [1, 0], [0.5, 0]], (0, 1)),  # folded back
        ([[0, 0], [1, 0], [1, 1], [0.5, 0]], (0, 2)),  # a corner on an edge
    ],
)
def test_edges_that_meet_elsewhere_than_at_their_corner_are_found(polygon, expected):
    assert crossing_edges(polygon) == expected


@given(st.lists(st.floats(0.05, 0.5), min_size=3, max_size=12))
def test_a_star_shaped_polygon_never_crosses_itself(radii):
    assert crossing_edges(star(radii)) is None


@given(st.lists(st.floats(0.05, 0.5), min_size=4, max_size=10), st.data())
def test_swapping_two_corners_that_are_not_neighbours_never_goes_unseen_on_a_convex_polygon(radii, data):
    polygon = star([0.4] * len(radii))
    i = data.draw(st.integers(0, len(polygon) - 1))
    j = (i + 1) % len(polygon)
    polygon[i], polygon[j] = polygon[j], polygon[i]
    assume(len(polygon) > 3)
    assert crossing_edges(polygon) is not None


@given(st.lists(st.floats(0.05, 0.5), min_size=3, max_size=12), st.integers(0, 11))
def test_where_a_polygon_begins_and_which_way_it_goes_do_not_matter(radii, shift):
    polygon = star(radii)
    turned = polygon[shift % len(polygon) :] + polygon[: shift % len(polygon)]
    assert crossing_edges(turned) is None
    assert crossing_edges(polygon[::-1]) is None


@given(point, point, point, point)
def test_meeting_is_symmetric(a, b, c, d):
    assert segments_meet(a, b, c, d) == segments_meet(c, d, a, b) == segments_meet(b, a, d, c)


@given(point, point, point)
def test_segments_that_share_an_end_meet(a, b, c):
    assert segments_meet(a, b, b, c)


@given(point, point, point)
def test_turning_is_antisymmetric(a, b, c):
    assert turn(a, b, c) == pytest.approx(-turn(b, a, c))


@given(point, point)
def test_length_is_symmetric_and_zero_only_for_one_place(a, b):
    assert length(a, b) == length(b, a)
    assert (length(a, b) == 0.0) == (a == b)
