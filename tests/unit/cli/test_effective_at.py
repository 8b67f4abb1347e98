"""The instant from which a publication holds: now, later, or a time."""

from datetime import timedelta

import pytest

from vigie_cli.effective_at import parse_at
from vigie_common.errors import BadInputError


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
