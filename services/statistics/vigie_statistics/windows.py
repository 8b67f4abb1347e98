"""The windows of event time: a minute, a quarter, an hour, and a day of the site, which may have 23 or 25 hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
LENGTH_MS: Final = {"m1": MINUTE_MS, "m15": 15 * MINUTE_MS, "h1": HOUR_MS}
WINDOWS: Final = ("m1", "m15", "h1", "d1")
"""From the shortest; each consists of whole ones of every shorter one."""


class Span(NamedTuple):
    """One window."""

    window: str
    start: int
    """First instant, event time in ms."""
    end: int
    """First instant after it."""
    local_date: str | None = None
    """Of a day: the site's date."""


def span_of(window: str, at: int, zone: ZoneInfo) -> Span:
    """The window of this length that an instant lies in.

    Args:
        window: one of `WINDOWS`.
        at: event time, ms.
        zone: of the site; only a day depends on it.
    """
    if window in LENGTH_MS:
        length = LENGTH_MS[window]
        start = at - at % length
        return Span(window, start, start + length)
    date = datetime.fromtimestamp(at // 1000, zone).date()
    midnights = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in (date, date + timedelta(days=1))]
    start, end = (round(midnight.timestamp()) * 1000 for midnight in midnights)
    return Span(window, start, end, date.isoformat())


def spans_ending(window: str, after: int, until: int, zone: ZoneInfo) -> Iterator[Span]:
    """The windows of this length whose end lies in (after, until], in order."""
    span = span_of(window, after, zone)
    while span.end <= until:
        if span.end > after:
            yield span
        span = span_of(window, span.end, zone)
