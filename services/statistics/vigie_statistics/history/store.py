"""The statistics database: a batch of figures is one transaction, written so that a repetition changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vigie_statistics.history.baseline import LEAST_COVERAGE, earlier
from vigie_statistics.history.notices import JUDGED, Past, judged_value, notice_id, verdict, withdrawn
from vigie_statistics.history.tables import WINDOW_CODES, calendars, figures, notices, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

AT_ONCE: Final = 500
"""Values in one IN list: databases bound the number of parameters."""
_COUNTED: Final = frozenset({"crossings", "episodes", "unique", "congestion_minutes"})
"""A watched hour without a figure is an hour of none."""
_SERIES_FIELDS: Final = (
    "site",
    "camera_id",
    "measure",
    "place_kind",
    "place",
    "object_class",
    "direction",
    "direction_label",
    "rule",
    "unit",
)
_FIGURE_FIELDS: Final = (
    "start",
    "end",
    "value",
    "corrected",
    "low",
    "high",
    "coverage",
    "rate_fps",
    "samples",
    "sketch",
    "final",
    "revision",
    "late",
    "updated_at",
)

Record = dict[str, Any]


class HistoryStore:
    """Writes figures, calendars and notices; forgets what has been kept long enough."""

    def __init__(self, engine: AsyncEngine, told: Callable[[str], None] = lambda _: None) -> None:
        self._engine = engine
        self._told = told
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        # SQLite has one writer: waiting here is fair, waiting for its lock is not
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._ids: dict[str, int] = {}

    async def write(self, records: Sequence[Mapping[str, Any]]) -> list[list[Record]]:
        """Keep each figure whose revision is newer, judge the final hours, keep and give their notices.

        Args:
            records: Statistic records in the order of their partition.

        Returns:
            For each record the notices to publish: the same again when the record comes again.
        """
        async with self._turn, self._engine.begin() as connection:
            ids = await self._series(connection, records)
            rows = _newest(records, ids)
            for part in _parts(list(rows.values())):
                await self._upsert_figures(connection, part)
            current = await self._revisions(connection, rows)
            final = {
                (_key(r)): r
                for r in records
                if r["final"]
                and r["window"] == "h1"
                and r["measure"] in JUDGED
                and current.get(_row_key(r, ids)) == r["revision"]
            }
            found = await self._judge(connection, list(final.values()), ids)
        self._ids |= ids
        return [found.pop(_key(r), []) if final.get(_key(r)) is r else [] for r in records]

    async def write_cameras(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Keep the local time and holidays of each camera's site; those of a removed camera stay: its figures do."""
        rows = {
            r["camera_id"]: {
                "camera_id": r["camera_id"],
                "site": r["site"],
                "time_zone": r["time_zone"],
                "holidays": json.dumps(sorted(r["holidays"])),
                "effective_at": r["effective_at"],
            }
            for r in records
            if not r["removed"]
        }
        if not rows:
            return
        insert = self._insert(calendars)
        changed = {c.name: insert.excluded[c.name] for c in calendars.columns if c.name != "camera_id"}
        newer = insert.excluded.effective_at >= calendars.c.effective_at
        async with self._turn, self._engine.begin() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["camera_id"], set_=changed, where=newer),
                sorted(rows.values(), key=lambda row: row["camera_id"]),
            )

    async def forget(self, before: Mapping[str, int]) -> int:
        """Delete the figures of each window that started before that event time (ms), and notices with the hours."""
        deleted = 0
        for window, start in before.items():
            async with self._turn, self._engine.begin() as connection:
                old = sa.delete(figures).where(figures.c.window == WINDOW_CODES[window], figures.c.start < start)
                deleted += int((await connection.execute(old)).rowcount)
                if window == "h1":
                    await connection.execute(sa.delete(notices).where(notices.c.start < start))
        return deleted

    async def _series(self, connection: AsyncConnection, records: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """The id of each record's series, by its key; new series are made."""
        new = {}
        for record in records:
            key = series_key(record)
            if key not in self._ids and key not in new:
                new[key] = {name: record[name] for name in _SERIES_FIELDS} | {
                    "digest": _digest(key),
                    "key": key,
                    "first_start": record["start"],
                }
        ids = {series_key(r): self._ids[series_key(r)] for r in records if series_key(r) in self._ids}
        if not new:
            return ids
        insert = self._insert(series)
        again = {
            "direction_label": insert.excluded.direction_label,
            "unit": insert.excluded.unit,
            "first_start": sa.case(
                (insert.excluded.first_start < series.c.first_start, insert.excluded.first_start),
                else_=series.c.first_start,
            ),
        }
        ordered = sorted(new.values(), key=lambda row: row["digest"])
        await connection.execute(insert.on_conflict_do_update(index_elements=["digest"], set_=again), ordered)
        for part in _parts([row["digest"] for row in ordered]):
            found = await connection.execute(sa.select(series.c.key, series.c.id).where(series.c.digest.in_(part)))
            ids |= {row.key: row.id for row in found}
        return ids

    async def _upsert_figures(self, connection: AsyncConnection, rows: Sequence[Record]) -> None:
        insert = self._insert(figures)
        key = ["series_id", "window", "start"]
        changed = {c.name: insert.excluded[c.name] for c in figures.columns if c.name not in key}
        newer = insert.excluded.revision > figures.c.revision
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changed, where=newer), rows)

    async def _revisions(
        self, connection: AsyncConnection, rows: Mapping[tuple[int, int, int], Record]
    ) -> dict[tuple[int, int, int], int]:
        """The revision that the database has now of each hour of the batch."""
        hours = [key for key in rows if key[1] == WINDOW_CODES["h1"]]
        found: dict[tuple[int, int, int], int] = {}
        for ids in _parts(sorted({key[0] for key in hours})):
            chosen = sa.select(figures.c.series_id, figures.c.window, figures.c.start, figures.c.revision).where(
                figures.c.series_id.in_(ids),
                figures.c.window == WINDOW_CODES["h1"],
                figures.c.start.in_(sorted({key[2] for key in hours})),
            )
            found |= {(r.series_id, r.window, r.start): r.revision for r in await connection.execute(chosen)}
        return found

    async def _judge(
        self, connection: AsyncConnection, hours: Sequence[Mapping[str, Any]], ids: Mapping[str, int]
    ) -> dict[tuple[str, int], list[Record]]:
        """The notices of final hours, kept."""
        if not hours:
            return {}
        past = await _past(connection, hours, ids)
        known: dict[str, Record] = {}
        for part in _parts(sorted(notice_id(r["series"], r["start"]) for r in hours)):
            chosen = sa.select(notices.c.id, notices.c.record).where(notices.c.id.in_(part))
            known |= {row.id: json.loads(row.record) for row in await connection.execute(chosen)}
        found = {}
        for record in hours:
            judged = verdict(record, past[_key(record)])
            self._told(judged.said)
            before = known.get(notice_id(record["series"], record["start"]))
            notice = judged.notice
            if notice is None and before is not None:
                repeated = before["state"] == "withdrawn" and before["revision"] == record["revision"]
                notice = before if repeated else withdrawn(before, record)
            if notice is not None:
                found[_key(record)] = [notice]
        await self._keep([n for kept in found.values() for n in kept], connection)
        return found

    async def _keep(self, kept: Sequence[Record], connection: AsyncConnection) -> None:
        if not kept:
            return
        insert = self._insert(notices)
        changed = {"state": insert.excluded.state, "record": insert.excluded.record}
        rows = [
            {name: n[name] for name in ("id", "site", "camera_id", "start", "state")} | {"record": json.dumps(n)}
            for n in kept
        ]
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["id"], set_=changed), sorted(rows, key=lambda row: row["id"])
        )


async def _past(
    connection: AsyncConnection, hours: Sequence[Mapping[str, Any]], ids: Mapping[str, int]
) -> dict[tuple[str, int], Past]:
    """The hours that each hour is compared to, in as few questions as there are different lists of them."""
    cameras = sorted({r["camera_id"] for r in hours})
    known = {}
    for part in _parts(cameras):
        for row in await connection.execute(sa.select(calendars).where(calendars.c.camera_id.in_(part))):
            known[row.camera_id] = (row.time_zone, tuple(json.loads(row.holidays)))
    past = {_key(r): Past((), holiday=False) for r in hours}
    groups: dict[tuple[int, str, tuple[str, ...]], list[Mapping[str, Any]]] = defaultdict(list)
    for record in hours:
        if record["camera_id"] in known:
            groups[(record["start"], *known[record["camera_id"]])].append(record)
    for (start, zone, holidays), group in groups.items():
        holiday, starts = earlier(start, zone, holidays)
        for part in _parts(group):
            values = await _values(connection, {ids[series_key(r)]: r for r in part}, starts)
            for record in part:
                past[_key(record)] = Past(values[ids[series_key(record)]], holiday)
    return past


async def _values(
    connection: AsyncConnection, asked: Mapping[int, Mapping[str, Any]], starts: Sequence[int]
) -> dict[int, list[float]]:
    """What each series had at these starts, where it was watched enough; a watched hour without a figure had none."""
    chosen = sa.select(series.c.id, series.c.camera_id, series.c.first_start).where(
        sa.or_(
            series.c.id.in_(list(asked)),
            sa.and_(
                series.c.measure == "watched", series.c.camera_id.in_(sorted({r["camera_id"] for r in asked.values()}))
            ),
        )
    )
    rows = (await connection.execute(chosen)).all()
    watched_ids = {row.camera_id: row.id for row in rows if row.id not in asked}
    began = {row.id: row.first_start for row in rows}
    found: dict[tuple[int, int], tuple[float, float]] = {}
    wanted = sorted({*asked, *watched_ids.values()})
    for part in _parts(wanted):
        at = sa.select(
            figures.c.series_id, figures.c.start, figures.c.value, figures.c.corrected, figures.c.coverage
        ).where(
            figures.c.series_id.in_(part), figures.c.window == WINDOW_CODES["h1"], figures.c.start.in_(list(starts))
        )
        for row in await connection.execute(at):
            found[row.series_id, row.start] = (judged_value(row.value, row.corrected), row.coverage)
    values: dict[int, list[float]] = {}
    for series_id, record in asked.items():
        own = values.setdefault(series_id, [])
        for start in starts:
            there = found.get((series_id, start))
            if there is None and record["measure"] in _COUNTED and start >= began[series_id]:
                watched = found.get((watched_ids.get(record["camera_id"], -1), start))
                there = None if watched is None else (0.0, watched[1])
            if there is not None and there[1] >= LEAST_COVERAGE:
                own.append(there[0])
    return values


def series_key(record: Mapping[str, Any]) -> str:
    """What a series is in every window: the topic's series without its window."""
    key: str = record["series"]
    return key.removesuffix(f"/{record['window']}")


def _newest(records: Iterable[Mapping[str, Any]], ids: Mapping[str, int]) -> dict[tuple[int, int, int], Record]:
    """One row for each figure of the batch, that of the highest revision, in the order of their keys."""
    rows: dict[tuple[int, int, int], Record] = {}
    for record in records:
        key = _row_key(record, ids)
        if key not in rows or rows[key]["revision"] < record["revision"]:
            row = {name: record[name] for name in _FIGURE_FIELDS}
            row |= {"series_id": key[0], "window": key[1]}
            rows[key] = row | {"quantiles": json.dumps(record["quantiles"]) if record["quantiles"] else None}
    return dict(sorted(rows.items()))


def _row_key(record: Mapping[str, Any], ids: Mapping[str, int]) -> tuple[int, int, int]:
    return ids[series_key(record)], WINDOW_CODES[record["window"]], record["start"]


def _key(record: Mapping[str, Any]) -> tuple[str, int]:
    return record["series"], record["start"]


def _parts(values: Sequence[Any]) -> Iterable[Any]:
    return (values[i : i + AT_ONCE] for i in range(0, len(values), AT_ONCE))


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
