"""What is usual for an hour, and which hours an hour is compared to."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_statistics.history.baseline import LEAST_WEEKS, WEEKS, baseline, earlier, judge

PARIS = ZoneInfo("Europe/Paris")


def ms(*local):
    return round(datetime(*local, tzinfo=PARIS).timestamp() * 1000)


def local(moment):
    return datetime.fromtimestamp(moment / 1000, PARIS).strftime("%Y-%m-%d %H:%M")


def test_fewer_than_four_weeks_are_not_enough():
    assert baseline("crossings", [100] * (LEAST_WEEKS - 1)) is None
    assert baseline("crossings", [100] * LEAST_WEEKS).weeks == LEAST_WEEKS


def test_one_odd_week_moves_neither_centre_nor_band():
    usual, odd = baseline("crossings", [100, 104, 96, 100, 101]), baseline("crossings", [100, 104, 96, 100, 9000])
    assert odd.centre == usual.centre == 100
    assert odd.high < 150


@pytest.mark.parametrize(
    ("measure", "past", "value", "side"),
    [
        ("crossings", [100] * 5, 134, "usual"),
        ("crossings", [100] * 5, 136, "above"),
        ("crossings", [100] * 5, 64, "below"),
        ("crossings", [0] * 5, 9, "usual"),
        ("crossings", [0] * 5, 11, "above"),
        ("occupancy_mean", [4.0] * 5, 5.3, "usual"),
        ("occupancy_mean", [4.0] * 5, 5.5, "above"),
    ],
)
def test_a_past_without_variation_has_a_floor(measure, past, value, side):
    assert judge(value, baseline(measure, past)).side == side


@given(st.lists(st.floats(0, 1e6), min_size=LEAST_WEEKS, max_size=WEEKS))
def test_the_median_is_always_usual(past):
    usual = baseline("crossings", past)
    assert usual.low <= usual.centre <= usual.high
    assert judge(usual.centre, usual).side == "usual"


def test_the_same_local_hour_is_compared_across_a_change_of_the_clocks():
    _, starts = earlier(ms(2026, 4, 6, 9), "Europe/Paris", [])
    assert [local(s) for s in starts[:3]] == ["2026-03-30 09:00", "2026-03-23 09:00", "2026-03-16 09:00"]
    assert len(starts) == WEEKS


def test_holidays_are_left_out_of_ordinary_weeks():
    holiday, starts = earlier(ms(2026, 7, 21, 9), "Europe/Paris", ["2026-07-14"])
    assert not holiday
    assert [local(s) for s in starts[:2]] == ["2026-07-07 09:00", "2026-06-30 09:00"]


def test_a_holiday_is_compared_to_earlier_holidays_of_any_weekday():
    calendar = ["2026-05-25", "2026-07-14", "2026-08-15"]
    holiday, starts = earlier(ms(2026, 7, 14, 9), "Europe/Paris", calendar)
    assert (holiday, [local(s) for s in starts]) == (True, ["2026-05-25 09:00"])
