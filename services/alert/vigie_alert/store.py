"""Alerts in the database: a batch of records is one transaction over alerts and outbox."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vigie_alert.book import AlertBook
from vigie_alert.loading import Reach, load, parts
from vigie_alert.rows import EvidenceRow, alert_values, cooling_values, evidence_values, member_values
from vigie_alert.tables import (
    affirmations,
    alert_revisions,
    alerts,
    compound_cooldowns,
    compound_members,
    decisions,
    evidence,
    outbox,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from vigie_alert.lifecycle import Standing
    from vigie_alert.publication import Publication

Told = TypeVar("Told")


@dataclass(slots=True)
class Turn(Generic[Told]):
    """What came of a transaction's work: to be written, and to be told to the caller."""

    told: Told
    publications: list[Publication] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Errand:
    """What one caller wants of a transaction, and what came of it."""

    reach: Reach
    work: Callable[[AlertBook], Turn[Any]]
    turn: Turn[Any] | None = None
    failed: Exception | None = None


class AlertStore:
    """The alert database.

    Args:
        engine: of the database.
        written: by shard of the outbox: called after each transaction that put something into it.
    """

    def __init__(self, engine: AsyncEngine, written: Sequence[Callable[[], None]]) -> None:
        self._engine = engine
        self._written = written
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        # SQLite has one writer: waiting here is fair, waiting for its lock is not
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._waiting: list[_Errand] = []

    async def transact(self, reach: Reach, work: Callable[[AlertBook], Turn[Told]]) -> Told:
        """Load what the records may touch, let `work` apply them, write what changed: all or nothing.

        `work` runs inside the transaction, and again when the caller repeats it: it has no effect of its own. Records
        that touch nothing (counts, most of what comes) need no transaction. Whoever has to wait for a turn shares the
        next transaction with all who wait, in the order in which they came.
        """
        if not reach:
            return work(AlertBook()).told
        errand = _Errand(reach, work)
        self._waiting.append(errand)
        try:
            async with self._turn:
                if errand in self._waiting:  # else whoever had the turn before took it along
                    together, self._waiting = self._waiting, []
                    await self._run(together, errand)
        finally:
            if errand in self._waiting:
                self._waiting.remove(errand)
        if errand.failed is not None:
            raise errand.failed
        if errand.turn is None:
            raise AssertionError("an errand is neither done nor failed")
        told: Told = errand.turn.told
        return told

    async def _run(self, errands: Sequence[_Errand], own: _Errand) -> None:
        """One transaction for all of them; if its caller is cancelled, the others wait again."""
        try:
            turns = await self._transaction(errands)
        except Exception as failed:  # noqa: BLE001 - each caller raises it
            for errand in errands:
                errand.failed = failed
            return
        except BaseException:
            self._waiting[:0] = [errand for errand in errands if errand is not own]
            raise
        for errand, turn in zip(errands, turns, strict=True):
            errand.turn = turn
        shards = {publication.shard for turn in turns for publication in turn.publications}
        for shard, call in enumerate(self._written):
            if shard in shards:
                call()

    async def _transaction(self, errands: Sequence[_Errand]) -> list[Turn[Any]]:
        async with self._engine.begin() as connection:
            book = await load(connection, Reach.union([errand.reach for errand in errands]))
            before, affirmed = dict(book.standings.by_id), dict(book.affirmed)
            members, cooling = dict(book.meetings.members), dict(book.meetings.cooling)
            turns = [errand.work(book) for errand in errands]
            changed = [s for alert_id, s in book.standings.by_id.items() if before.get(alert_id) is not s]
            await self._write_alerts(connection, changed)
            await self._write_publications(connection, [p for turn in turns for p in turn.publications])
            images = [evidence_values(row) for turn in turns for row in turn.evidence]
            await self._upsert(connection, evidence, ["alert_id"], images)
            minutes = [
                {"site": site, "camera_id": camera, "session": session, "minute": minute}
                for (site, camera), (session, minute) in book.affirmed.items()
                if affirmed.get((site, camera)) != (session, minute)
            ]
            await self._upsert(connection, affirmations, ["site", "camera_id"], minutes)
            moved = [member_values(m) for key, m in book.meetings.members.items() if members.get(key) is not m]
            await self._upsert(connection, compound_members, ["compound", "episode_id"], moved)
            cooled = [cooling_values(c) for key, c in book.meetings.cooling.items() if cooling.get(key) is not c]
            await self._upsert(connection, compound_cooldowns, ["compound"], cooled)
            rows = [{"id": s["id"], "alert_id": s["alert_id"], "decided_at": s["decided_at"]} for s in book.decisions]
            if rows:
                await connection.execute(sa.insert(decisions), rows)
        return turns

    async def known(self, alert_ids: Iterable[str]) -> set[str]:
        """Which of these alerts exist."""
        async with self._turn, self._engine.connect() as connection:
            found = await connection.execute(sa.select(alerts.c.id).where(alerts.c.id.in_(list(alert_ids))))
            return {row.id for row in found}

    async def due_evidence(self, now: int, limit: int) -> list[EvidenceRow]:
        """Images still to be fetched whose next attempt has come, those that wait longest first."""
        chosen = (
            sa.select(evidence)
            .where(evidence.c.kind == "pending", evidence.c.due_at <= now)
            .order_by(evidence.c.due_at, evidence.c.alert_id)
            .limit(limit)
        )
        async with self._turn, self._engine.connect() as connection:
            return [EvidenceRow(**row) for row in (await connection.execute(chosen)).mappings()]

    async def postpone_evidence(self, alert_id: str, due_at: int) -> None:
        """Try that image again, not before `due_at` (ms)."""
        update = sa.update(evidence).where(evidence.c.alert_id == alert_id, evidence.c.kind == "pending")
        async with self._turn, self._engine.begin() as connection:
            await connection.execute(update.values(due_at=due_at))

    async def forget_ended(self, before: int) -> int:
        """Delete ended alerts whose last revision was made before that wall clock (ms), with all that is theirs."""
        last = sa.select(alert_revisions.c.alert_id).group_by(alert_revisions.c.alert_id)
        old = last.having(sa.func.max(alert_revisions.c.produced_at) < before)
        gone = sa.select(alerts.c.id).where(
            alerts.c.state == "ENDED", alerts.c.id.in_(old), alerts.c.id.not_in(sa.select(outbox.c.alert_id))
        )
        async with self._turn, self._engine.begin() as connection:
            ids = list((await connection.execute(gone.order_by(alerts.c.id).with_for_update())).scalars())
            for part in parts(ids):
                for owner in (alert_revisions.c.alert_id, evidence.c.alert_id, decisions.c.alert_id, alerts.c.id):
                    await connection.execute(sa.delete(owner.table).where(owner.in_(part)))
        return len(ids)

    async def forget_members(self, before: int) -> int:
        """Delete members of compounds whose episodes ended before that event time (ms), and openings from before."""
        async with self._turn, self._engine.begin() as connection:
            await connection.execute(sa.delete(compound_cooldowns).where(compound_cooldowns.c.opened_at < before))
            gone = await connection.execute(sa.delete(compound_members).where(compound_members.c.ended_at < before))
        return int(gone.rowcount)

    async def _write_alerts(self, connection: AsyncConnection, standings: Sequence[Standing]) -> None:
        # what ended first: it frees the key that a newer alert takes
        ordered = sorted(standings, key=lambda s: (s.is_open, s.id))
        for group in (False, True):
            rows = [alert_values(s) for s in ordered if s.is_open is group]
            await self._upsert(connection, alerts, ["id"], rows)

    async def _write_publications(self, connection: AsyncConnection, publications: Sequence[Publication]) -> None:
        if not publications:
            return
        # a plain insert: a rival's revision of the same number makes it fail, and the batch begins anew
        await connection.execute(
            sa.insert(alert_revisions),
            [
                {
                    "alert_id": p.alert_id,
                    "revision": p.revision,
                    "produced_at": p.produced_at,
                    "value": p.value,
                    "headers": json.dumps([[name, value.decode("latin-1")] for name, value in p.headers]),
                }
                for p in publications
            ],
        )
        await connection.execute(
            sa.insert(outbox),
            [{"shard": p.shard, "alert_id": p.alert_id, "revision": p.revision} for p in publications],
        )

    async def _upsert(
        self, connection: AsyncConnection, table: sa.Table, key: list[str], rows: Sequence[dict[str, Any]]
    ) -> None:
        if not rows:
            return
        insert = self._insert(table)
        changed = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in key}
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changed), rows)
