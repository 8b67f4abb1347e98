"""Lengths and decay: as exact as libm's, and of operations that every machine rounds alike."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_rule_engine.layers.plane import decay, length


@given(st.floats(0, 690))
def test_decay_is_the_exponential(x):
    assert decay(x) == pytest.approx(math.exp(-x), rel=5e-16, abs=0)


@pytest.mark.parametrize(("x", "wanted"), [(0.0, 1.0), (700.1, 0.0), (math.inf, 0.0), (1.0, 0.36787944117144233)])
def test_decay_at_its_ends(x, wanted):
    assert decay(x) == wanted


@given(st.floats(0, 1), st.floats(0, 1e-3))
def test_more_time_leaves_no_more(x, more):
    assert decay(x + more) <= decay(x) * (1 + 3e-16)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_length_is_that_of_the_vector(x, y):
    assert length(x, y) == pytest.approx(math.hypot(x, y), rel=3e-16, abs=1e-150)
