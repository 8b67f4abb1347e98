"""Periods of time as people write them, and the window that suits them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vigie_common.errors import BadInputError
from vigie_common.instants import clock_change, parse_instant
from vigie_common.units import parse_duration

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_LATEST: Final = 253_402_300_799_000
"""The last second of the year 9999."""


def suited(since: int, until: int) -> str:
    """The finest window that gives at most some hundred figures a series."""
    span = until - since
    if span <= 3 * _HOUR:
        return "m1"
    if span <= 2 * _DAY:
        return "m15"
    return "h1" if span <= 14 * _DAY else "d1"


def whole(since: int, until: int) -> str:
    """The coarsest window that a period's total needs: hours for days, days for weeks."""
    span = until - since
    if span <= 3 * _HOUR:
        return "m1"
    return "h1" if span <= 7 * _DAY else "d1"


def parse_moment(text: str, zone: str, now: int, *, end: bool = False, name: str = "since") -> int:
    """Milliseconds since 1970 UTC of `7d` (that long before now), `now`, a date or a time, local to a zone.

    Raises:
        BadInputError: it is none of them, or a time that the clocks of the zone skip or show twice.
    """
    if text == "now":
        return now
    try:
        return now - round(parse_duration(text).value * 1000)
    except ValueError:
        pass
    try:
        moment = parse_instant(text, zone, end_of_day=end)
    except (ValueError, OverflowError):
        moment = -1
    if not 0 <= moment <= _LATEST:
        raise BadInputError(
            f"{name} {text!r}: not a time: write 7d or 12h (that long ago), 2026-05-01, 2026-05-01T18:00 or "
            "2026-05-01T18:00+02:00"
        )
    change = clock_change(text, zone)
    if change is not None:
        raise BadInputError(f"{name} {text!r}: {change}")
    return moment


def checked(since: int, until: int) -> tuple[int, int]:
    """A period that has a length.

    Raises:
        BadInputError: it ends before it begins.
    """
    if since >= until:
        raise BadInputError(
            f"the period ends ({_said(until)}) before it begins ({_said(since)}): give a `since` before `until`"
        )
    return since, until


def _said(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, ZoneInfo("UTC")).isoformat(timespec="seconds")
