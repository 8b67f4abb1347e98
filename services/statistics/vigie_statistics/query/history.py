"""Questions to the history: series over time, two periods, a typical week, places, means of transport, notices."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, replace
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from vigie_statistics.history.baseline import LEAST_COVERAGE, LEAST_WEEKS
from vigie_statistics.history.notices import judged_value
from vigie_statistics.query.loading import (
    MOST_FIGURES,
    MOST_SERIES,
    figure_of,
    load_notices,
    load_series,
    load_sums,
    load_time_zones,
    load_windows,
)
from vigie_statistics.query.measures import MODES
from vigie_statistics.query.model import (
    Comparison,
    Figure,
    HourOfWeek,
    ModalShare,
    Ranked,
    Series,
    SeriesFigures,
    TypicalWeek,
)
from vigie_statistics.query.period import checked, suited, whole
from vigie_statistics.query.totals import added, change, total, with_quantiles
from vigie_statistics.sketches import merged_quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from vigie_statistics.query.model import Asked, Total

_NORMAL: Final = 1.4826
_DEFAULT_ZONE: Final = "Europe/Paris"


class History:
    """Answers from the database of figures; reads only."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def series(self, asked: Asked, limit: int = MOST_SERIES) -> list[Series]:
        """The series that fit, whether or not they have figures in the period."""
        return await load_series(self._engine, asked, limit)

    async def figures(self, asked: Asked, limit: int = MOST_FIGURES) -> list[SeriesFigures]:
        """Each series that fits, window by window, with its total.

        Raises:
            BadInputError: the period ends before it begins, or more figures than `limit` fit.
        """
        checked(asked.since, asked.until)
        window = asked.window or suited(asked.since, asked.until)
        found = await load_windows(self._engine, replace(asked, window=window), limit)
        zones = await self.time_zones()
        return [
            SeriesFigures(one, window, zones.get(one.camera_id, _DEFAULT_ZONE), _total(one, rows, own, asked), own)
            for one, rows in found.values()
            for own in [[figure_of(row) for row in rows]]
        ]

    async def compare(self, asked: Asked, earlier: int) -> list[Comparison]:
        """Each series in the period and in one of the same length that begins at `earlier` (ms)."""
        checked(asked.since, asked.until)
        window = asked.window or whole(asked.since, asked.until)
        after = replace(asked, window=window)
        before = replace(after, since=earlier, until=earlier + asked.until - asked.since)
        first, second = await load_windows(self._engine, before), await load_windows(self._engine, after)
        answer = []
        for key in sorted({*first, *second}, key=lambda k: _order((second.get(k) or first[k])[0])):
            one = (second.get(key) or first[key])[0]
            old, new = (
                _total(one, rows, [figure_of(row) for row in rows], period)
                for rows, period in (
                    (first[key][1] if key in first else [], before),
                    (second[key][1] if key in second else [], after),
                )
            )
            answer.append(
                Comparison(one, old, new, change(old, new), comparable=not (old.low_coverage or new.low_coverage))
            )
        return answer

    async def typical_week(self, asked: Asked) -> list[TypicalWeek]:
        """Median and spread of each hour of the week, in local time; hours watched by less than half are left out."""
        checked(asked.since, asked.until)
        found = await load_windows(self._engine, replace(asked, window="h1"))
        zones = await self.time_zones()
        weeks = []
        for one, rows in found.values():
            zone = zones.get(one.camera_id, _DEFAULT_ZONE)
            hours: dict[tuple[int, int], list[Any]] = defaultdict(list)
            for row in rows:
                local = datetime.fromtimestamp(row.start / 1000, UTC).astimezone(ZoneInfo(zone))
                hours[local.isoweekday(), local.hour].append(row)
            each = [_hour(day, hour, hours[day, hour]) for day in range(1, 8) for hour in range(24)]
            weeks.append(TypicalWeek(one, zone, each, enough=all(h.weeks >= LEAST_WEEKS for h in each)))
        return weeks

    async def top(self, asked: Asked, limit: int = 10) -> list[Ranked]:
        """The places with the most, of the corrected figure where it is known; parts of another series are left out."""
        totals = await self._sums(asked)
        places: dict[tuple[str, str, str, str], list[Total]] = defaultdict(list)
        for one, figure in totals:
            places[one.site, one.camera_id, one.place_kind, one.place].append(figure)
        together = [(key, added(parts, str(asked.measure))) for key, parts in places.items()]
        together.sort(key=lambda item: (-judged_value(item[1].value, item[1].corrected), item[0]))
        return [Ranked(rank, *key, figure) for rank, (key, figure) in enumerate(together[:limit], 1)]

    async def modal_split(self, asked: Asked) -> list[ModalShare]:
        """The share of each means of transport, of series of single classes."""
        totals = await self._sums(asked, single=True)
        parts = {mode: [t for one, t in totals if one.object_class in classes] for mode, classes in MODES.items()}
        sums = {mode: added(own, str(asked.measure)) for mode, own in parts.items()}
        raw = sum(one.value for one in sums.values())
        best = {mode: judged_value(one.value, one.corrected) for mode, one in sums.items()}
        corrected = sum(best.values())
        return [
            ModalShare(
                mode,
                list(MODES[mode]),
                one,
                one.value / raw if raw else None,
                best[mode] / corrected if corrected else None,
            )
            for mode, one in sums.items()
        ]

    async def unusual(self, asked: Asked, limit: int = 1000) -> list[dict[str, Any]]:
        """The notices of hours in the period that stand, newest first, each with the time zone of its site."""
        checked(asked.since, asked.until)
        zones = await self.time_zones()
        found = await load_notices(self._engine, asked, limit)
        return [notice | {"time_zone": zones.get(notice["camera_id"], _DEFAULT_ZONE)} for notice in found]

    async def time_zones(self) -> dict[str, str]:
        """The time zone of each camera's site."""
        return await load_time_zones(self._engine)

    async def time_zone(self) -> str:
        """The time zone that dates without one are read in: that of most cameras."""
        zones = list((await self.time_zones()).values())
        return max(sorted(set(zones)), key=zones.count, default=_DEFAULT_ZONE)

    async def _sums(self, asked: Asked, *, single: bool = False) -> list[tuple[Series, Total]]:
        """The total of every series that can be added to the others."""
        checked(asked.since, asked.until)
        window = asked.window or whole(asked.since, asked.until)
        return await load_sums(self._engine, replace(asked, window=window), single=single)


def _order(one: Series) -> tuple[str, ...]:
    return tuple(map(str, astuple(one)))


def _total(one: Series, rows: Sequence[Any], own: Sequence[Figure], asked: Asked) -> Total:
    found = total(one.measure, one.unit, own, asked.since, asked.until)
    return with_quantiles(found, merged_quantiles(row.sketch for row in rows)) if one.measure == "dwell" else found


def _hour(weekday: int, hour: int, rows: Sequence[Any]) -> HourOfWeek:
    watched = [judged_value(r.value, r.corrected) for r in rows if r.coverage >= LEAST_COVERAGE]
    coverage = sum(r.coverage for r in rows) / len(rows) if rows else 0.0
    if not watched:
        return HourOfWeek(weekday, hour, None, None, 0, coverage)
    centre = median(watched)
    spread = _NORMAL * median(abs(value - centre) for value in watched)
    return HourOfWeek(weekday, hour, centre, spread, len(watched), coverage)
