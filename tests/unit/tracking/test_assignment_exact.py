"""The assignment is the best there is."""

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vigie_tracking.assignment import assign
from vigie_tracking.layout import PLACE


def solve(cost):
    rows, columns = cost.shape
    places = np.zeros(columns, PLACE)
    assign(cost, rows, columns, places)
    return places["column_of_row"][:rows].tolist(), places["row_of_column"][:columns].tolist()


@st.composite
def costs(draw):
    rows = draw(st.integers(1, 6))
    columns = draw(st.integers(rows, 6))
    values = draw(st.sampled_from([st.integers(0, 3).map(float), st.floats(0.0, 1.0), st.floats(-1e6, 1e6)]))
    return draw(arrays(np.float64, (rows, columns), elements=values))


@settings(deadline=None)  # the first call compiles
@given(costs())
def test_no_permutation_costs_less(cost):
    rows, columns = cost.shape
    of_row, of_column = solve(cost)
    assert len(set(of_row)) == rows
    assert [of_column[c] for c in of_row] == list(range(rows))
    total = sum(cost[r, c] for r, c in enumerate(of_row))
    least = min(sum(cost[r, c] for r, c in enumerate(chosen)) for chosen in permutations(range(columns), rows))
    assert total <= least + 1e-9 * max(1.0, np.abs(cost).max()) * rows


def test_a_hundred_rows_find_the_hidden_diagonal():
    rng = np.random.default_rng(3)
    hidden = rng.permutation(100)
    cost = rng.uniform(0.5, 1.0, (100, 100))
    cost[np.arange(100), hidden] = 0.1
    assert solve(cost)[0] == hidden.tolist()
