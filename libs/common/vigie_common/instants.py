"""Instants as people write them: ISO 8601 dates and times, local to a zone where they have no offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LAST_MS: Final = 32_503_680_000_000
"""Event times, milliseconds since 1970 UTC, lie before the year 3000: what is later counts in another unit."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_instant(text: str, zone: str, *, end_of_day: bool = False) -> int:
    """Milliseconds since 1970 UTC of an ISO 8601 date or time; without an offset it is local to `zone`.

    A date alone is its first instant, or the first of the next day with `end_of_day`.

    Raises:
        ValueError: it is neither a date nor a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00+02:00") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    if end_of_day and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        moment = (moment.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=moment.tzinfo)
    return round((moment - _EPOCH) / timedelta(milliseconds=1))


def parse_event_time(text: str, zone: str) -> int:
    """The same of an event time, which the services judge by.

    Raises:
        ValueError: it is no time, or none of the years 1970 to 2999.
    """
    at = parse_instant(text, zone)
    if not 0 <= at < LAST_MS:
        raise ValueError("write a time of the years 1970 to 2999")
    return at


def clock_change(text: str, zone: str) -> str | None:
    """That the clocks of `zone` skip a local time or show it twice, and what to write; None: they show it once.

    A date is its first instant, whatever the clocks do, and a time with its offset is one everywhere.

    Args:
        text: what `parse_instant` takes.
        zone: name of the time zone.
    """
    written = datetime.fromisoformat(text)
    if written.tzinfo is not None or len(text) <= len("2026-10-25"):
        return None
    first, second = (written.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return None
    exists = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == written
    what = "shows this time twice" if exists else "does not show this time"
    spelt = "auto" if written.second or written.microsecond else "minutes"
    told = " or ".join(one.isoformat(timespec=spelt) for one in (first, second))
    return f"{zone} {what}, its clocks change then: write {told}"
