"""From when a publication holds: `--at` of `vigie apply` and `vigie rules publish`."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from vigie_cli.event_times import event_time, instant
from vigie_cli.options import WrongOptionError
from vigie_common.units import parse_duration

At = int | timedelta
"""An event time (ms), or so long after the publication."""

SOON: Final = timedelta(seconds=10)
"""By default."""

FARTHEST: Final = timedelta(days=30)
"""For a camera: compaction takes the version that is in force until then once one behind it is 35 days old (the topic's
`min_compaction_lag`)."""


_MS: Final = timedelta(milliseconds=1)


def parse_at(text: str, now: int, zone: str, farthest: timedelta | None = None) -> At:
    """What `--at` says: `now`, `+10s`, or an ISO time that is still to come, local to the zone without an offset.

    Args:
        text: of the option.
        now: ms since 1970 UTC.
        zone: time zone of the site.
        farthest: how far ahead it may be; none: as far as one likes.

    Raises:
        WrongOptionError: it is none of them, lies in the past, or too far ahead.
    """
    at = _parsed(text, now, zone)
    ahead = at if isinstance(at, timedelta) else timedelta(milliseconds=at - now)
    if farthest is not None and ahead > farthest:
        earliest = instant(now + round((ahead - farthest) / _MS), zone)
        raise WrongOptionError(
            f"--at {text}: cameras are published {farthest.days} days ahead at most, since their topic keeps the "
            f"version before for 35: apply it later, from {earliest} on"
        )
    return at


def _parsed(text: str, now: int, zone: str) -> At:
    fix = "; or write now, or +10s"
    if text == "now":
        return timedelta()
    if text.startswith("+"):
        try:
            return timedelta(seconds=parse_duration(text[1:]).value)
        except ValueError as error:
            raise WrongOptionError(f"--at {text}: {error}{fix}") from error
    at = event_time("--at", text, zone, fix)
    if at < now:
        raise WrongOptionError(
            f"--at {text}: {instant(at, zone)} is past, it is {instant(now, zone)}, and what was judged stays judged: "
            "give a time to come, or now"
        )
    return at


def effective_ms(at: At) -> int:
    """The event time (ms) for what is sent now: asked last, since the tests before it may take minutes.

    So long after now is rounded up to a whole second, so that what is printed names the instant.
    """
    if isinstance(at, int):
        return at
    return now_ms() if not at else -(-(now_ms() + round(at / _MS)) // 1000) * 1000


def now_ms() -> int:
    """The present, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
