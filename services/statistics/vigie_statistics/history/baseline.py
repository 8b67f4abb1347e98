"""What is usual for an hour of the week, robustly, and whether a figure is not. Pure.

The centre is the median and the spread the median absolute deviation (MAD), which a few odd weeks do not move; a figure
is unusual beyond 3.5 spreads, as B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers (1993), section 3.3,
advise. Where the past hardly varies the spread has a floor: what chance alone does to a count (its square root), or a
tenth of the centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST_WEEKS: Final = 4
"""Fewer weeks are not enough history."""
WEEKS: Final = 26
"""Older weeks are no longer what is usual."""
LEAST_COVERAGE: Final = 0.5
"""An hour watched for less is neither judged nor judged by."""
BEYOND: Final = 3.5
"""Spreads from the centre."""
_NORMAL: Final = 1.4826
"""MAD times this is the standard deviation, for a normal distribution."""
_COUNTED: Final = frozenset({"crossings", "episodes", "unique"})
_LEAST: Final = {"crossings": 10.0, "episodes": 5.0, "unique": 10.0, "congestion_minutes": 5.0, "dwell": 10.0}
"""The least difference that is worth a notice, in the measure's unit."""
_LEAST_OTHER: Final = 1.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual: the centre, the band of what is expected, and from how many weeks that is known."""

    centre: float
    spread: float
    low: float
    high: float
    weeks: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a figure is unusual; `score` is its distance from the centre in spreads."""

    side: Literal["above", "below", "usual"]
    score: float


def baseline(measure: str, past: Sequence[float]) -> Baseline | None:
    """What the same hour of earlier weeks says is usual; None: not enough history."""
    if len(past) < LEAST_WEEKS:
        return None
    centre = median(past)
    spread = _NORMAL * median(abs(value - centre) for value in past)
    floor = math.sqrt(max(centre, 1.0)) if measure in _COUNTED else max(0.1 * abs(centre), 0.1)
    spread = max(spread, floor)
    reach = max(BEYOND * spread, _LEAST.get(measure, _LEAST_OTHER))
    return Baseline(centre, spread, max(0.0, centre - reach), centre + reach, len(past))


def judge(value: float, usual: Baseline) -> Judgement:
    """Where a figure lies."""
    score = (value - usual.centre) / usual.spread
    if value > usual.high:
        return Judgement("above", score)
    return Judgement("below" if value < usual.low else "usual", score)


def earlier(start: int, time_zone: str, holidays: Iterable[str]) -> tuple[bool, list[int]]:
    """The hours that an hour is compared to: whether it is a holiday's, and the starts (ms), newest first.

    An hour of a holiday is compared to the same hour of earlier holidays, whatever their weekday; any other to the same
    hour of the week, holidays left out. Local time, so that a change of the clocks moves nothing.
    """
    zone = ZoneInfo(time_zone)
    moment = datetime.fromtimestamp(start / 1000, UTC).astimezone(zone)
    calendar = set(holidays)
    if moment.date().isoformat() in calendar:
        days = sorted((d for d in calendar if d < moment.date().isoformat()), reverse=True)[:WEEKS]
        times = [moment.replace(tzinfo=None, year=y, month=m, day=d) for y, m, d in map(_parts, days)]
        return True, [_instant(t, zone) for t in times]
    weeks = [moment.replace(tzinfo=None) - timedelta(weeks=k) for k in range(1, WEEKS + 1)]
    return False, [_instant(t, zone) for t in weeks if t.date().isoformat() not in calendar]


def _parts(day: str) -> tuple[int, int, int]:
    year, month, number = day.split("-")
    return int(year), int(month), int(number)


def _instant(local: datetime, zone: ZoneInfo) -> int:
    return round(local.replace(tzinfo=zone).timestamp() * 1000)
