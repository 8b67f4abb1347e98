"""Event times as people write them, and as they are printed: local to the site, and the zone is said."""

import pytest

from vigie_cli.event_times import clock, event_time, instant, understood
from vigie_cli.rules_topics import time_range
from vigie_common.errors import BadInputError

NOON = 1_782_907_200_000  # 2026-07-01T12:00Z


def test_an_instant_without_an_offset_is_local_to_the_site():
    assert event_time("--at", "2026-07-01T14:00", "Europe/Paris") == NOON
    assert event_time("--at", "2026-07-01T12:00Z", "Europe/Paris") == NOON
    assert time_range("2026-07-01T14:00", "2026-07-01T14:05", "1h", "Europe/Paris") == (NOON, NOON + 300_000)


def test_what_is_printed_says_its_zone():
    assert instant(NOON, "Europe/Paris") == "2026-07-01 14:00:00 Europe/Paris"
    assert clock(NOON + 250, "Europe/Paris") == "14:00:00.2"


def test_a_message_says_what_a_time_was_taken_for():
    assert understood(NOON, "Europe/Paris") == "2026-07-01 12:00:00 UTC (14:00:00 Europe/Paris)"
    assert understood(NOON, "UTC") == "2026-07-01 12:00:00 UTC"
    with pytest.raises(BadInputError, match=r"^--from 2026-07-01 12:00:00 UTC \(14:00:00 Europe/Paris\) is not before"):
        time_range("2026-07-01T14:00", "2026-07-01T12:00", "1h", "Europe/Paris")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "2026-10-25T02:30",
            r"Europe/Paris shows this time twice, .*: write 2026-10-25T02:30\+02:00 or 2026-10-25T02:30\+01",
        ),
        (
            "2026-03-29T02:30",
            r"Europe/Paris does not show this time, .*: write 2026-03-29T02:30\+01:00 or 2026-03-29T02:30\+02",
        ),
    ],
)
def test_a_time_at_which_the_clocks_change_needs_its_offset(text, told):
    with pytest.raises(BadInputError, match=rf"^--at {text}: {told}"):
        event_time("--at", text, "Europe/Paris")
    assert event_time("--at", f"{text}+02:00", "Europe/Paris") == event_time("--at", f"{text}Z", "UTC") - 7_200_000


def test_times_beside_a_change_and_dates_are_as_ever():
    assert event_time("--at", "2026-10-25T03:00", "Europe/Paris") == event_time("--at", "2026-10-25T02:00Z", "UTC")
    assert event_time("--at", "2026-03-29T01:59", "Europe/Paris") == event_time("--at", "2026-03-29T00:59Z", "UTC")
    assert event_time("--at", "2026-04-24", "Africa/Cairo") == event_time("--at", "2026-04-23T22:00Z", "UTC")
