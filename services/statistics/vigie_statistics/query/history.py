"""Questions to the history: series over time, two periods, a typical week, places, means of transport, notices."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from ddsketch.pb.ddsketch_pb2 import DDSketch as SketchMessage
from ddsketch.pb.proto import DDSketchProto

from vigie_common.errors import BadInputError
from vigie_statistics.history.baseline import LEAST_COVERAGE, LEAST_WEEKS
from vigie_statistics.history.notices import judged_value
from vigie_statistics.history.tables import WINDOW_CODES, calendars, figures, notices, series
from vigie_statistics.query.measures import MODES, TOGETHER, apart
from vigie_statistics.query.model import (
    LOW_COVERAGE,
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
from vigie_statistics.sketches import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from vigie_statistics.query.model import Asked, Total

MOST_FIGURES: Final = 100_000
"""More than this is not an answer but a copy: ask for less, or export."""
MOST_SERIES: Final = 2_000
_AT_ONCE: Final = 500
_NORMAL: Final = 1.4826
_DEFAULT_ZONE: Final = "Europe/Paris"
_SERIES: Final = tuple(Series.__dataclass_fields__)
_FIGURE: Final = (
    figures.c.series_id,
    figures.c.start,
    figures.c.end,
    figures.c.value,
    figures.c.corrected,
    figures.c.low,
    figures.c.high,
    figures.c.coverage,
    figures.c.rate_fps,
    figures.c.samples,
    figures.c.quantiles,
    figures.c.sketch,
    figures.c.final,
    figures.c.late,
)
"""What `_figure` unpacks."""


class History:
    """Answers from the database of figures; reads only."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def series(self, asked: Asked, limit: int = MOST_SERIES) -> list[Series]:
        """The series that fit, whether or not they have figures in the period."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_series(asked).order_by(series.c.key).limit(limit))
            return [_series_of(row) for row in rows]

    async def figures(self, asked: Asked, limit: int = MOST_FIGURES) -> list[SeriesFigures]:
        """Each series that fits, window by window, with its total.

        Raises:
            BadInputError: the period ends before it begins, or more figures than `limit` fit.
        """
        checked(asked.since, asked.until)
        window = asked.window or suited(asked.since, asked.until)
        found = await self._load(replace(asked, window=window), limit)
        zones = await self.time_zones()
        return [
            SeriesFigures(one, window, zones.get(one.camera_id, _DEFAULT_ZONE), _total(one, rows, own, asked), own)
            for one, rows in found.values()
            for own in [[_figure(row) for row in rows]]
        ]

    async def compare(self, asked: Asked, earlier: int) -> list[Comparison]:
        """Each series in the period and in one of the same length that begins at `earlier` (ms)."""
        checked(asked.since, asked.until)
        window = asked.window or whole(asked.since, asked.until)
        after = replace(asked, window=window)
        before = replace(after, since=earlier, until=earlier + asked.until - asked.since)
        first, second = await self._load(before), await self._load(after)
        answer = []
        for key in sorted({*first, *second}, key=lambda k: _order((second.get(k) or first[k])[0])):
            one = (second.get(key) or first[key])[0]
            old, new = (
                _total(one, rows, [_figure(row) for row in rows], period)
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
        found = await self._load(replace(asked, window="h1"))
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
        chosen = sa.select(notices.c.record).where(
            notices.c.start >= asked.since, notices.c.start < asked.until, notices.c.state == "raised"
        )
        if asked.site is not None:
            chosen = chosen.where(notices.c.site == asked.site)
        if asked.camera is not None:
            chosen = chosen.where(notices.c.camera_id == asked.camera)
        wanted = {"measure": asked.measure, "place": asked.place, "object_class": asked.object_class}
        wanted |= {"direction": asked.direction}
        found: list[dict[str, Any]] = []
        zones = await self.time_zones()
        async with self._engine.connect() as connection:
            rows = await connection.stream(chosen.order_by(notices.c.start.desc(), notices.c.id))
            async for row in rows:
                notice = json.loads(row.record)
                if all(value is None or notice[name] == value for name, value in wanted.items()):
                    found.append(notice | {"time_zone": zones.get(notice["camera_id"], _DEFAULT_ZONE)})
                if len(found) == limit:
                    break
            await rows.close()
        return found

    async def time_zones(self) -> dict[str, str]:
        """The time zone of each camera's site."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(calendars.c.camera_id, calendars.c.time_zone))
            return {row.camera_id: row.time_zone for row in rows}

    async def time_zone(self) -> str:
        """The time zone that dates without one are read in: that of most cameras."""
        zones = list((await self.time_zones()).values())
        return max(sorted(set(zones)), key=zones.count, default=_DEFAULT_ZONE)

    async def _load(self, asked: Asked, limit: int = MOST_FIGURES) -> dict[int, tuple[Series, list[Any]]]:
        """Series with their rows in the order of time, by id.

        Raises:
            BadInputError: they are more than `limit`.
        """
        async with self._engine.connect() as connection:
            named = (await connection.execute(_series(asked).order_by(series.c.key).limit(MOST_SERIES + 1))).all()
            if len(named) > MOST_SERIES:
                raise BadInputError(f"more than {MOST_SERIES} series fit: name a camera, place, class or direction")
            found: dict[int, tuple[Series, list[Any]]] = {row.id: (_series_of(row), []) for row in named}
            left = limit
            ids = list(found)
            for part in (ids[i : i + _AT_ONCE] for i in range(0, len(ids), _AT_ONCE)):
                chosen = (
                    sa.select(*_FIGURE)
                    .where(
                        figures.c.series_id.in_(part),
                        figures.c.window == WINDOW_CODES[str(asked.window)],
                        figures.c.start >= asked.since,
                        figures.c.start < asked.until,
                    )
                    .order_by(figures.c.series_id, figures.c.start)
                    .limit(left + 1)
                )
                rows = (await connection.execute(chosen)).all()
                left -= len(rows)
                if left < 0:
                    raise BadInputError(
                        f"more than {limit} figures fit: ask for a shorter period, a longer window or fewer series"
                    )
                for row in rows:
                    found[row.series_id][1].append(row)
        return {key: value for key, value in found.items() if value[1]}

    async def _sums(self, asked: Asked, *, single: bool = False) -> list[tuple[Series, Total]]:
        """The total of every series that can be added to the others, summed by the database."""
        checked(asked.since, asked.until)
        window = asked.window or whole(asked.since, asked.until)
        together = TOGETHER.get(str(asked.measure), "sum")
        lasted = figures.c.end - figures.c.start
        weight: Any = figures.c.samples if asked.measure == "dwell" else figures.c.coverage * lasted
        best = sa.func.coalesce(figures.c.corrected, figures.c.value)

        def put(column: Any) -> Any:
            if together == "sum":
                return sa.func.sum(column)
            return sa.func.max(column) if together == "max" else sa.func.sum(column * weight)

        sums = (
            sa.select(
                figures.c.series_id,
                put(figures.c.value).label("value"),
                put(best).label("best"),
                sa.func.count(figures.c.corrected).label("corrections"),
                put(figures.c.low).label("low"),
                put(figures.c.high).label("high"),
                sa.func.count(figures.c.low).label("banded"),
                sa.func.sum(weight).label("weight"),
                sa.func.sum(figures.c.coverage * lasted).label("watched_ms"),
                sa.func.count().label("windows"),
                sa.func.sum(figures.c.samples).label("samples"),
                sa.func.min(sa.case((figures.c.final, 1), else_=0)).label("final"),
            )
            .where(
                figures.c.series_id.in_(_series(asked).with_only_columns(series.c.id)),
                figures.c.window == WINDOW_CODES[window],
                figures.c.start >= asked.since,
                figures.c.start < asked.until,
            )
            .group_by(figures.c.series_id)
        )
        async with self._engine.connect() as connection:
            named = {row.id: _series_of(row) for row in await connection.execute(_series(asked))}
            rows = (await connection.execute(sums)).all()
        there = {named[row.series_id] for row in rows}
        kept = (
            {s for s in there if s.object_class and "+" not in s.object_class}
            if single
            else set(there if asked.object_class is not None else apart(there))
        )
        return [
            (named[row.series_id], _sum_total(named[row.series_id], row, asked, mean=together == "mean"))
            for row in sorted(rows, key=lambda r: r.series_id)
            if named[row.series_id] in kept
        ]


def _series(asked: Asked) -> Any:
    chosen = sa.select(series)
    wanted = {
        series.c.measure: asked.measure,
        series.c.site: asked.site,
        series.c.camera_id: asked.camera,
        series.c.place: asked.place,
        series.c.object_class: asked.object_class,
        series.c.direction: asked.direction,
    }
    for column, value in wanted.items():
        if value is not None:
            # no name has one, and PostgreSQL refuses it
            chosen = chosen.where(sa.false() if "\0" in value else column == value)
    return chosen


def _series_of(row: Any) -> Series:
    return Series(**{name: getattr(row, name) for name in _SERIES})


def _order(one: Series) -> tuple[str, ...]:
    return tuple(str(getattr(one, name)) for name in _SERIES)


def _figure(row: Any) -> Figure:
    # by place: a year has many
    _, start, end, value, corrected, low, high, coverage, rate, samples, quantiles, _, final, late = row
    known = json.loads(quantiles) if quantiles else {}
    little = coverage < LOW_COVERAGE
    return Figure(start, end, value, corrected, low, high, coverage, little, rate, samples, known, final, late)


def _total(one: Series, rows: Sequence[Any], own: Sequence[Figure], asked: Asked) -> Total:
    found = total(one.measure, one.unit, own, asked.since, asked.until)
    return with_quantiles(found, merged_quantiles(row.sketch for row in rows)) if one.measure == "dwell" else found


def merged_quantiles(sketches: Iterable[bytes | None]) -> dict[str, float]:
    """The quantiles of sketches together; empty without any."""
    merged: Any = None
    for data in sketches:
        if data is not None:
            message = SketchMessage()
            message.ParseFromString(data)
            one = DDSketchProto.from_proto(message)  # type: ignore[no-untyped-call]  # ddsketch has no types
            if merged is None:
                merged = one
            else:
                merged.merge(one)
    if merged is None or not merged.count:
        return {}
    return {name: round(float(merged.get_quantile_value(share)), 3) for name, share in QUANTILES.items()}


def _sum_total(one: Series, row: Any, asked: Asked, *, mean: bool) -> Total:
    share = row.weight if mean else 1.0
    each = {
        name: None if getattr(row, name) is None else getattr(row, name) / share if share else 0.0
        for name in ("value", "best", "low", "high")
    }
    empty = total(one.measure, one.unit, [], asked.since, asked.until)
    coverage = min(1.0, row.watched_ms / (asked.until - asked.since))
    banded = row.banded == row.windows
    return replace(
        empty,
        value=float(each["value"] or 0.0),
        corrected=float(each["best"] or 0.0) if row.corrections else None,
        low=each["low"] if banded else None,
        high=each["high"] if banded else None,
        coverage=coverage,
        low_coverage=coverage < LOW_COVERAGE,
        windows=row.windows,
        samples=int(row.samples),
        final=bool(row.final),
    )


def _hour(weekday: int, hour: int, rows: Sequence[Any]) -> HourOfWeek:
    watched = [judged_value(r.value, r.corrected) for r in rows if r.coverage >= LEAST_COVERAGE]
    coverage = sum(r.coverage for r in rows) / len(rows) if rows else 0.0
    if not watched:
        return HourOfWeek(weekday, hour, None, None, 0, coverage)
    centre = median(watched)
    spread = _NORMAL * median(abs(value - centre) for value in watched)
    return HourOfWeek(weekday, hour, centre, spread, len(watched), coverage)
