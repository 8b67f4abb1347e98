"""What a test of a rule expected beside what was found: as much as can be is right."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_cli.rules_outcome import Found, paired, seconds
from vigie_common.units import parse_duration
from vigie_rule_engine.expectations import Expectation


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


def minute(**facts):
    return Expectation(count="minute", at="0s", facts=facts)


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ({}, True),
        ({"max": 3}, True),
        ({"max": 4}, False),
        ({"mean": 2.13}, True),
        ({"mean": 2.1}, False),
        ({"mean": "1.9 to 2.3", "max": "3 to 4"}, True),
        ({"mean": "1.9 to 2.3", "max": "4 to 5"}, False),
        ({"unique": 1}, False),
    ],
)
def test_what_a_minute_brings_is_as_expected_or_not(expected, fits):
    found = Found("minute", 0.0, facts={"mean": 2.134, "max": 3.0})
    [pair] = paired([minute(**expected)], [found])
    assert (pair.right, pair.found) == (fits, found)
    assert str(pair).endswith("found count minute at 0s: mean 2.13, max 3")


def test_the_values_choose_between_two_minutes_that_begin_alike():
    found = [Found("minute", 0.0, facts={"max": 3.0}), Found("minute", 0.0, facts={"max": 5.0})]
    pairs = paired([minute(max=5), minute(max=3)], found)
    assert [(pair.found, pair.right) for pair in pairs] == [(found[1], True), (found[0], True)]
    assert str(pairs[0].expected) == "count minute at 0s within 1s: max 5"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.0, "0s"), (9.04, "9s"), (32.2, "32.2s"), (59.97, "1m"), (65.0, "1m05s"), (166.4, "2m46.4s"), (600.0, "10m")],
)
def test_a_time_is_said_as_a_rule_file_takes_it(number, said):
    assert seconds(number) == said
    assert parse_duration(said).value == round(number, 1)


def test_what_was_expected_is_spelt_as_what_was_found():
    [pair] = paired([Expectation(open="166s", close="1h", within="500ms")], [])
    assert str(pair.expected) == "open 2m46s, close 60m within 0.5s"
