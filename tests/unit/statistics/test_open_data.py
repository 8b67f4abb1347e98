"""Counts for the public: no hidden one can be computed from what is shown."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vigie_statistics.query.disclosure import determined, rounded, suppressed, with_sums
from vigie_statistics.query.model import Figure, Series, SeriesFigures
from vigie_statistics.query.open_data import open_rows

TABLES = arrays.arrays(
    np.int64,
    st.tuples(st.integers(1, 8), st.integers(1, 6)),
    elements=st.one_of(st.integers(0, 8), st.integers(0, 500)),
)


def possible(full, hidden):
    """The values that each hidden cell can have for a reader who tries every table: by trial, not by graph.

    What is hidden is 1 or more; the reader tries up to three more than it is, which is enough to see two values.
    """
    inner = hidden[:-1, :-1]
    places = np.argwhere(inner)
    ranges = [range(1, int(full[r, c]) + 4) for r, c in places]
    seen = [set() for _ in np.argwhere(hidden)]
    for trial in itertools.product(*ranges):
        cells = full[:-1, :-1].copy()
        cells[inner] = trial
        table = with_sums(cells)
        if (table[~hidden] == full[~hidden]).all():
            for values, value in zip(seen, table[hidden].tolist(), strict=True):
                values.add(value)
    return seen


@settings(max_examples=150, deadline=None)
@given(arrays.arrays(np.int64, st.tuples(st.integers(1, 2), st.integers(1, 3)), elements=st.integers(0, 4)), st.data())
def test_what_can_be_computed_is_found_exactly(cells, data):
    full = with_sums(cells)
    chosen = data.draw(arrays.arrays(np.bool_, full.shape))
    hidden = chosen & (full > 0)
    values = possible(full, hidden)
    expected = [len(v) == 1 for v in values]
    assert [determined(full, hidden, (r, c)) for r, c in np.argwhere(hidden).tolist()] == expected


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.int64, st.tuples(st.integers(1, 2), st.integers(1, 3)), elements=st.integers(0, 5)))
def test_no_reader_who_tries_every_table_finds_a_hidden_count(cells):
    shown = suppressed(cells)
    if not shown.hidden.all():
        assert all(len(values) > 1 for values in possible(with_sums(cells), shown.hidden))


@settings(max_examples=100, deadline=None)
@given(TABLES)
def test_no_small_count_is_shown_and_none_that_is_hidden_is_determined(cells):
    full, shown = with_sums(cells), suppressed(cells)
    small = (full > 0) & (full < 5)
    assert not (small & ~shown.hidden).any()
    if shown.hidden.all():
        return
    assert not any(determined(full, shown.hidden, (r, c)) for r, c in np.argwhere(shown.hidden).tolist())
    assert (shown.values[~shown.hidden] == full[~shown.hidden]).all()
    assert not shown.values[shown.hidden].any()


@settings(max_examples=100, deadline=None)
@given(TABLES)
def test_rounded_counts_are_multiples_whose_sums_tell_nothing_more(cells):
    shown = rounded(cells)
    assert not (shown.values % 5).any()
    assert (shown.values == with_sums(shown.values[:-1, :-1])).all()
    assert (abs(shown.values[:-1, :-1] - cells) <= 2).all()


def test_a_table_without_small_counts_is_published_whole():
    cells = np.array([[10, 0], [20, 30]])
    shown = suppressed(cells)
    assert not shown.hidden.any()
    assert (shown.values == with_sums(cells)).all()


def test_a_single_small_count_takes_three_others_with_it():
    shown = suppressed(np.array([[3, 40, 50], [60, 70, 80], [90, 100, 110]]))
    assert shown.primary.sum() == 1
    assert shown.hidden.sum() == 4


def figure(hour, value, coverage=1.0):
    start = 1_777_845_600_000 + hour * 3_600_000
    return Figure(
        start,
        start + 3_600_000,
        value,
        value / coverage,
        None,
        None,
        coverage,
        low_coverage=False,
        rate_fps=5.0,
        samples=int(value),
        quantiles={},
        final=True,
        late=0,
    )


def test_open_rows_have_no_corrected_figure_and_hide_the_same_cells_as_the_table():
    found = [
        SeriesFigures(
            Series("nimes", "cam-1", "crossings", "line", "porte", name, "in", "", "", "crossings"),
            "h1",
            "Europe/Paris",
            None,
            [figure(hour, value, 0.8) for hour, value in enumerate(values)],
        )
        for name, values in (("person", [3.0, 60.0, 90.0]), ("car", [40.0, 70.0, 100.0]))
    ]
    rows = open_rows(found, {"cam-1": "Europe/Paris"})
    hidden = suppressed(np.array([[40, 3], [70, 60], [100, 90]])).hidden
    assert [row["state"] == "hidden" for row in rows] == hidden.ravel().tolist()
    assert [row["value"] is None for row in rows] == hidden.ravel().tolist()
    assert {row["coverage"] for row in rows} == {0.8}
    assert not any("corrected" in row or "samples" in row for row in rows)
