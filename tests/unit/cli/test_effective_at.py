"""The instant from which a publication holds: now, later, or a time."""

import re
from datetime import timedelta

import pytest

from vigie_cli.effective_at import FARTHEST, parse_at
from vigie_cli.options import WrongOptionError
from vigie_common.errors import BadInputError
from vigie_common.topics import load_topics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", timedelta()),
        ("+10s", timedelta(seconds=10)),
        ("+1h30m", timedelta(minutes=90)),
        ("2026-07-01T14:00+02:00", 1_782_907_200_000),
        ("2026-07-01T12:00Z", 1_782_907_200_000),
        ("2026-07-01T14:00", 1_782_907_200_000),
    ],
)
def test_an_instant_is_now_or_later_or_a_time(text, expected):
    assert parse_at(text, 1_000_000, "Europe/Paris") == expected


@pytest.mark.parametrize("text", ["+10", "+", "soon", ""])
def test_what_is_no_instant_is_refused_with_the_fix(text):
    with pytest.raises(BadInputError, match=rf"^--at {text and '.'}.*; or write now, or \+10s"):
        parse_at(text, 1_000_000, "Europe/Paris")


def test_a_time_that_is_past_is_refused_with_the_fix():
    past = r"^--at 2026-07-01T14:00: 2026-07-01 14:00:00 Europe/Paris is past, it is 2026-07-01 14:00:01 Europe/Paris, "
    with pytest.raises(BadInputError, match=past):
        parse_at("2026-07-01T14:00", 1_782_907_201_000, "Europe/Paris")


@pytest.mark.parametrize("text", ["+721h", "2026-07-31T14:00:02"])
def test_a_camera_is_scheduled_no_farther_ahead_than_its_topic_keeps_what_is_in_force(text):
    now = 1_782_907_201_000  # 2026-07-01 14:00:01 in Paris
    from_when = "2026-07-01 15:00:01" if text == "+721h" else "2026-07-01 14:00:02"
    told = (
        rf"^--at {re.escape(text)}: cameras are published 30 days ahead at most, .* from {from_when} Europe/Paris on$"
    )
    with pytest.raises(WrongOptionError, match=told):
        parse_at(text, now, "Europe/Paris", FARTHEST)
    assert parse_at(text, now, "Europe/Paris")
    assert parse_at("+720h", now, "Europe/Paris", FARTHEST) == FARTHEST
    lag = timedelta(milliseconds=int(load_topics()["cameras"].config["min.compaction.lag.ms"]))
    assert lag >= FARTHEST + timedelta(days=2)
