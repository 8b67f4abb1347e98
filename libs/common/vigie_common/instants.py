"""Instants as people write them: ISO 8601 dates and times, local to a zone where they have no offset."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LAST_MS: Final = 32_503_680_000_000
"""Event times, milliseconds since 1970 UTC, lie before the year 3000: what is later counts in another unit."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


_CLOCK: Final = (
    r"(?P<hour>[01]?\d|2[0-3])(?:[:h](?P<minute>[0-5]\d)|h)(?P<second>:[0-5]\d)?(?P<offset>Z|[+-]\d\d:?\d\d)?"
)
_DAY: Final = (
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<one>\d{1,2})[-/.](?P<other>\d{1,2})[-/.](?P<last>\d{4}))"
)


def _advice(text: str) -> str:
    """What to write instead of a text that is no ISO 8601 date or time, as near as can be."""
    alone = re.fullmatch(_CLOCK, text.strip(), re.ASCII)
    if alone is not None:
        return f"a time of day without its date: write 2026-05-01{_clock(alone)}"
    found = re.fullmatch(rf"{_DAY}(?:[T ]+{_CLOCK})?", text.strip(), re.ASCII)
    days = [] if found is None else _days(found)
    if found is not None and any(day <= _length(year, month) for year, month, day in days):
        clock = "" if found["hour"] is None else _clock(found)
        meant = [f"{y:04}-{m:02}-{d:02}{clock}" for y, m, d in days if d <= _length(y, m)]
        return f"not a time: write {' or '.join(meant)}"
    for year, month, _ in days:
        if _length(year, month):
            return f"not a time: {year:04}-{month:02} has {_length(year, month)} days"
    return "not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00+02:00"


def _days(found: re.Match[str]) -> list[tuple[int, int, int]]:
    """(year, month, day) as they may be meant: where the year comes last the day comes first, or the month."""
    if found["year"] is not None:
        meant = [(found["year"], found["month"], found["day"])]
    else:
        meant = [(found["last"], found["other"], found["one"]), (found["last"], found["one"], found["other"])]
    return list(dict.fromkeys((int(year), int(month), int(day)) for year, month, day in meant if int(day)))


def _length(year: int, month: int) -> int:
    """Days of a month; 0: there is none of that number."""
    return monthrange(year, month)[1] if year and 1 <= month <= 12 else 0


def _clock(found: re.Match[str]) -> str:
    return f"T{found['hour']:0>2}:{found['minute'] or '00'}{found['second'] or ''}{found['offset'] or ''}"


def parse_instant(text: str, zone: str, *, end_of_day: bool = False) -> int:
    """Milliseconds since 1970 UTC of an ISO 8601 date or time; without an offset it is local to `zone`.

    A date alone is its first instant, or the first of the next day with `end_of_day`.

    Raises:
        ValueError: it is neither a date nor a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_advice(text)) from error
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
