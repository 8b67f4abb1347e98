"""What a test of a rule expected beside what was found: as much as can be is right."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_cli.rules_outcome import Found, paired
from vigie_rule_engine.rule_file import Expectation


def opens(at_s, within_s, close_s=None):
    close = None if close_s is None else f"{close_s}s"
    return Expectation(open=f"{at_s}s", within=f"{within_s}s", close=close)


def right(expected, found):
    return sum(pair.right for pair in paired(expected, found))


def test_a_wide_expectation_leaves_the_narrow_one_what_alone_fits_it():
    found = [Found("open", 12.0), Found("open", 14.0)]
    pairs = paired([opens(10, 5), opens(12, 1)], found)
    assert [(pair.found, pair.right) for pair in pairs] == [(found[1], True), (found[0], True)]


def test_what_begins_right_and_ends_wrong_stands_beside_what_was_expected():
    found = [Found("open", 10.0, 20.0, "over"), Found("open", 11.0, 30.0, "over"), Found("in", 10.0)]
    pairs = paired([opens(10, 2, 30), opens(10, 2, 50)], found)
    assert [(pair.found, pair.right) for pair in pairs] == [(found[1], True), (found[0], False), (found[2], False)]
    assert paired([opens(10, 2)], [])[0].found is None


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(1, 4), st.none() | st.integers(5, 9))
        .filter(lambda a: a[2] is None or a[0] <= a[2])
        .map(lambda a: opens(*a)),
        max_size=4,
    ),
    st.lists(st.tuples(st.integers(1, 9), st.integers(5, 12)).map(lambda a: Found("open", *a)), max_size=4),
)
def test_no_other_pairing_has_more_that_is_right(expected, found):
    padded = [*found, *[None] * len(expected)]
    best = max(
        sum(f is not None and right([e], [f]) for e, f in zip(expected, order, strict=False))
        for order in permutations(padded, len(expected))
    )
    pairs = paired(expected, found)
    assert sum(pair.right for pair in pairs) == best
    assert sorted(str(p.found) for p in pairs if p.found is not None) == sorted(map(str, found))
