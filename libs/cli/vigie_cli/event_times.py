"""Event times that people write in options."""

from __future__ import annotations

from typing import Final

from vigie_common.errors import BadInputError
from vigie_common.units import parse_instant

LAST_MS: Final = 32_503_680_000_000
"""Event times lie before the year 3000: what is later counts in another unit."""


def event_time(option: str, text: str, zone: str, fix: str = "") -> int:
    """Milliseconds since 1970 UTC of an ISO date or time; without an offset it is local to `zone`.

    Args:
        option: that says it, for the message.
        text: what it says.
        zone: name of the time zone.
        fix: what else may be written.

    Raises:
        BadInputError: it is no time, or none of the years 1970 to 2999.
    """
    try:
        at = parse_instant(text, zone)
    except (ValueError, OverflowError) as wrong:
        raise BadInputError(f"{option} {text}: {wrong}{fix}") from None
    if not 0 <= at < LAST_MS:
        raise BadInputError(f"{option} {text}: write a time of the years 1970 to 2999")
    return at
