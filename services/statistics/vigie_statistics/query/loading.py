"""What answers are made of, as the database of figures has it: series, their windows, sums of windows, notices."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from vigie_common.errors import BadInputError
from vigie_statistics.history.tables import WINDOW_CODES, calendars, figures, notices, series
from vigie_statistics.query.measures import TOGETHER, apart
from vigie_statistics.query.model import LOW_COVERAGE, Figure, Series
from vigie_statistics.query.totals import total

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from vigie_statistics.query.model import Asked, Total

MOST_FIGURES: Final = 100_000
"""More than this is not an answer but a copy: ask for less, or export."""
MOST_SERIES: Final = 2_000
_AT_ONCE: Final = 500
_SERIES: Final = tuple(Series.__dataclass_fields__)
_WINDOW: Final = (
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
"""What `figure_of` unpacks."""


async def load_series(engine: AsyncEngine, asked: Asked, limit: int = MOST_SERIES) -> list[Series]:
    """The series that fit, whether or not they have figures in the period."""
    async with engine.connect() as connection:
        rows = await connection.execute(_fitting(asked).order_by(series.c.key).limit(limit))
        return [_series_of(row) for row in rows]


async def load_windows(
    engine: AsyncEngine, asked: Asked, limit: int = MOST_FIGURES
) -> dict[int, tuple[Series, list[Any]]]:
    """Series with the rows of their windows in the order of time, by id; `asked.window` says which.

    Raises:
        BadInputError: they are more than `limit`.
    """
    async with engine.connect() as connection:
        named = (await connection.execute(_fitting(asked).order_by(series.c.key).limit(MOST_SERIES + 1))).all()
        if len(named) > MOST_SERIES:
            raise BadInputError(f"more than {MOST_SERIES} series fit: name a camera, place, class or direction")
        found: dict[int, tuple[Series, list[Any]]] = {row.id: (_series_of(row), []) for row in named}
        left = limit
        ids = list(found)
        for part in (ids[i : i + _AT_ONCE] for i in range(0, len(ids), _AT_ONCE)):
            chosen = (
                sa.select(*_WINDOW)
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


async def load_sums(engine: AsyncEngine, asked: Asked, *, single: bool) -> list[tuple[Series, Total]]:
    """The total of every series that can be added to the others, summed by the database.

    Args:
        engine: of the database of figures.
        asked: which; `window` says which windows are summed.
        single: only series of single classes.
    """
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
            figures.c.series_id.in_(_fitting(asked).with_only_columns(series.c.id)),
            figures.c.window == WINDOW_CODES[str(asked.window)],
            figures.c.start >= asked.since,
            figures.c.start < asked.until,
        )
        .group_by(figures.c.series_id)
    )
    async with engine.connect() as connection:
        named = {row.id: _series_of(row) for row in await connection.execute(_fitting(asked))}
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


async def load_notices(engine: AsyncEngine, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """The notices of hours in the period that stand, newest first."""
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
    async with engine.connect() as connection:
        rows = await connection.stream(chosen.order_by(notices.c.start.desc(), notices.c.id))
        async for row in rows:
            notice = json.loads(row.record)
            if all(value is None or notice[name] == value for name, value in wanted.items()):
                found.append(notice)
            if len(found) == limit:
                break
        await rows.close()
    return found


async def load_time_zones(engine: AsyncEngine) -> dict[str, str]:
    """The time zone of each camera's site."""
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(calendars.c.camera_id, calendars.c.time_zone))
        return {row.camera_id: row.time_zone for row in rows}


def figure_of(row: Any) -> Figure:
    """The figure of a window's row."""
    # by place: a year has many
    _, start, end, value, corrected, low, high, coverage, rate, samples, quantiles, _, final, late = row
    known = json.loads(quantiles) if quantiles else {}
    little = coverage < LOW_COVERAGE
    return Figure(start, end, value, corrected, low, high, coverage, little, rate, samples, known, final, late)


def _fitting(asked: Asked) -> Any:
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
