"""Event times as people write them in options, and as they are printed.

One convention: what is said of one site is local to it, of several or of none it is UTC. Every printed instant says its
zone, or stands below a line that says it.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from vigie_cli.options import WrongOptionError
from vigie_common.instants import clock_change, parse_event_time


def event_time(option: str, text: str, zone: str, fix: str = "") -> int:
    """Milliseconds since 1970 UTC of an ISO date or time; without an offset it is local to `zone`.

    Args:
        option: that says it, for the message.
        text: what it says.
        zone: name of the time zone.
        fix: what else may be written.

    Raises:
        WrongOptionError: it is no time, none of the years 1970 to 2999, or one that the clocks of `zone` skip or show
            twice.
    """
    try:
        at = parse_event_time(text, zone)
    except (ValueError, OverflowError) as wrong:
        raise WrongOptionError(f"{option} {text}: {wrong}{fix}") from None
    change = clock_change(text, zone)
    if change is not None:
        raise WrongOptionError(f"{option} {text}: {change}")
    return at


def moment(at: int, zone: str) -> str:
    """An event time (ms) as the clocks of a zone show it, with tenths: for below a line that names the zone."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000}"


def clock(at: int, zone: str) -> str:
    """The time of day of an event time (ms), with tenths."""
    return moment(at, zone)[11:]


def instant(at: int, zone: str) -> str:
    """An event time (ms) to the second, with its zone: 2026-05-01 20:56:38 Europe/Paris."""
    return f"{moment(at, zone)[:19]} {zone}"


def written_instant(at: int, zone: str) -> str:
    """An event time (ms) as options take it, exactly and in one way: 2026-05-01T20:56:38+02:00."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    return local.isoformat(timespec="milliseconds" if at % 1000 else "seconds")


def understood(at: int, zone: str) -> str:
    """For messages, what a written time (ms) was taken as: 2026-05-01 18:56:38 UTC (20:56:38 Europe/Paris)."""
    local = "" if zone == "UTC" else f" ({moment(at, zone)[11:19]} {zone})"
    return f"{instant(at, 'UTC')}{local}"
