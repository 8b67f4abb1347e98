"""Instants as people write them, and what those that are none meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.instants import parse_instant


def test_an_instant_without_offset_is_local_to_the_site():
    noon_utc = parse_instant("2026-07-01T12:00+00:00", "UTC")
    assert parse_instant("2026-07-01T14:00", "Europe/Paris") == noon_utc
    assert parse_instant("2026-07-01T14:00+02:00", "America/New_York") == noon_utc


def test_a_last_day_is_included_whole_even_when_the_clocks_change():
    begin = parse_instant("2026-10-25", "Europe/Paris")
    end = parse_instant("2026-10-25", "Europe/Paris", end_of_day=True)
    assert end - begin == 25 * 3600 * 1000
    assert end == parse_instant("2026-10-26", "Europe/Paris")


def test_an_instant_with_a_time_is_not_moved_to_the_end_of_its_day():
    text = "2026-10-25T08:00"
    assert parse_instant(text, "UTC", end_of_day=True) == parse_instant(text, "UTC")


def test_what_is_no_time_is_refused_with_examples():
    with pytest.raises(ValueError, match="not a time: write 2026-05-01, 2026-05-01T18:00 or"):
        parse_instant("tomorrow", "UTC")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("31/12/2026", "not a time: write 2026-12-31"),
        ("04.05.2026", "not a time: write 2026-05-04 or 2026-04-05"),
        ("4/5/2026 9:30", "not a time: write 2026-05-04T09:30 or 2026-04-05T09:30"),
        ("05/05/2026", "not a time: write 2026-05-05"),
        ("2026/5/1", "not a time: write 2026-05-01"),
        ("2026-05-01T9h30", "not a time: write 2026-05-01T09:30"),
        ("2026-05-01 18h", "not a time: write 2026-05-01T18:00"),
        ("9:30", "a time of day without its date: write 2026-05-01T09:30"),
        ("22h", "a time of day without its date: write 2026-05-01T22:00"),
        ("2026-06-31", "not a time: 2026-06 has 30 days"),
        ("2026-02-29T10:00", "not a time: 2026-02 has 28 days"),
        ("2026-13-01", "not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00+02:00"),
        ("2026-05-01T25:00", "not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00+02:00"),
        ("31/02/2026", "not a time: 2026-02 has 28 days"),
    ],
)
def test_what_is_nearly_a_time_is_refused_with_the_one_that_was_meant(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_instant(text, "UTC")


@given(st.text())
def test_any_text_is_an_instant_or_a_value_error(text):
    try:
        at = parse_instant(text, "Europe/Paris", end_of_day=True)
    except ValueError:
        return
    assert isinstance(at, int)
