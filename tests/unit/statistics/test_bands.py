"""The band of a count: it holds what was counted, widens with blind time, and says nothing where nobody watched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_statistics.bands import ERRORS, band

LEAST = 0.25


@given(
    measure=st.sampled_from(sorted(ERRORS)),
    value=st.integers(0, 100_000),
    coverage=st.floats(LEAST, 1.0),
    rate=st.one_of(st.none(), st.floats(0.1, 30.0)),
)
def test_it_holds_the_count_and_what_it_is_corrected_to(measure, value, coverage, rate):
    low, high = band(measure, value, coverage, rate, LEAST)
    assert 0.0 <= low <= value <= value / coverage <= high * (1 + 1e-9)


def test_it_is_wider_at_fewer_frames_and_narrower_in_share_for_larger_counts():
    assert band("crossings", 100, 1.0, 5.0, LEAST) == (pytest.approx(90.8, abs=0.01), pytest.approx(114.2, abs=0.01))
    fast, slow, unknown = (band("crossings", 100, 1.0, rate, LEAST)[1] for rate in (5.0, 2.0, None))
    assert fast < slow == unknown
    assert band("crossings", 1000, 1.0, 5.0, LEAST)[1] < 10 * fast


def test_nothing_is_said_of_the_rest_where_too_little_was_watched():
    assert band("crossings", 10, 0.2, 5.0, LEAST)[1] is None


def test_a_zero_that_was_half_watched_may_have_been_three():
    assert band("crossings", 0, 0.5, 5.0, LEAST) == (0.0, 3.0)
    assert band("crossings", 0, 1.0, 5.0, LEAST) == (0.0, 0.0)
