"""Alerts in the database: a batch of records is one transaction over alerts and outbox."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vigie_alert.book import AlertBook
from vigie_alert.compound import Coming, Member, place_of
from vigie_alert.cooling import cooling_of
from vigie_alert.lifecycle import Standing
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
from vigie_common.compound_terms import LONGEST_WITHIN_MS
from vigie_common.units import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from vigie_alert.cooling import Cooling
    from vigie_alert.publication import Publication

Told = TypeVar("Told")

_AT_ONCE: Final = 500
"""Values in one IN list: databases bound the number of parameters."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What some records may touch.

    Alerts by id, by subject key, by (site, camera); decisions by id; compounds by key, through their members by
    episode and camera, and by the id of an alert that is decided on.
    """

    alert_ids: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    cameras: frozenset[tuple[str, str]] = frozenset()
    decision_ids: frozenset[str] = frozenset()
    decided_alerts: frozenset[str] = frozenset()
    compounds: frozenset[str] = frozenset()
    members_since: int = LAST_MS
    """Start (event time, ms) of the first episode that may meet others, however long after it is told."""

    def __bool__(self) -> bool:
        return any((self.alert_ids, self.keys, self.cameras, self.decision_ids, self.compounds))

    @classmethod
    def union(cls, reaches: Sequence[Reach]) -> Reach:
        """What all of them may touch."""
        return cls(
            alert_ids=frozenset().union(*(reach.alert_ids for reach in reaches)),
            keys=frozenset().union(*(reach.keys for reach in reaches)),
            cameras=frozenset().union(*(reach.cameras for reach in reaches)),
            decision_ids=frozenset().union(*(reach.decision_ids for reach in reaches)),
            decided_alerts=frozenset().union(*(reach.decided_alerts for reach in reaches)),
            compounds=frozenset().union(*(reach.compounds for reach in reaches)),
            members_since=min(reach.members_since for reach in reaches),
        )


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """The image of an alert as the database knows it; while pending, `request` is the event to draw."""

    alert_id: str
    kind: str
    uri: str = ""
    sha256: str = ""
    expires_at: int = 0
    due_at: int = 0
    give_up_at: int = 0
    request: str = ""


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
            book = await _load(connection, Reach.union([errand.reach for errand in errands]))
            before, affirmed, members = dict(book.standings), dict(book.affirmed), dict(book.members)
            cooling = dict(book.cooling)
            turns = [errand.work(book) for errand in errands]
            changed = [s for alert_id, s in book.standings.items() if before.get(alert_id) is not s]
            await self._write_alerts(connection, changed)
            await self._write_publications(connection, [p for turn in turns for p in turn.publications])
            images = [_evidence_values(row) for turn in turns for row in turn.evidence]
            await self._upsert(connection, evidence, ["alert_id"], images)
            minutes = [
                {"site": site, "camera_id": camera, "session": session, "minute": minute}
                for (site, camera), (session, minute) in book.affirmed.items()
                if affirmed.get((site, camera)) != (session, minute)
            ]
            await self._upsert(connection, affirmations, ["site", "camera_id"], minutes)
            moved = [_member_values(m) for key, m in book.members.items() if members.get(key) is not m]
            await self._upsert(connection, compound_members, ["compound", "episode_id"], moved)
            cooled = [_cooling_values(c) for key, c in book.cooling.items() if cooling.get(key) is not c]
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
            for part in _parts(ids):
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
            rows = [_alert_values(s) for s in ordered if s.is_open is group]
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


async def _load(connection: AsyncConnection, reach: Reach) -> AlertBook:
    """The book of what may be touched. Its rows are locked in the order of their ids, so that rivals wait."""
    keys = await _touched_compounds(connection, reach)
    wanted = [
        *(alerts.c.id.in_(part) for part in _parts(reach.alert_ids)),
        *(alerts.c.open_key.in_(part) for part in _parts({_digest(key) for key in reach.keys | keys})),
        *(
            sa.and_(alerts.c.state != "ENDED", alerts.c.camera_id.in_(part))
            for part in _parts({camera for _, camera in reach.cameras})
        ),
    ]
    book = AlertBook()
    if wanted:
        chosen = sa.select(alerts).where(sa.or_(*wanted)).order_by(alerts.c.id).with_for_update()
        book = AlertBook({row.id: _standing(row) for row in await connection.execute(chosen)})
    for part in _parts({_digest(place_of(key)) for key in keys}):
        cooled = await connection.execute(sa.select(compound_cooldowns).where(compound_cooldowns.c.compound.in_(part)))
        book.cooling.update({row.place: cooling_of(row.place, row.opened_at, row.held) for row in cooled})
    begun = [s.alert["started_at"] for s in book.standings.values() if s.key in keys and s.is_open]
    begun += [cooling.held.since for cooling in book.cooling.values() if cooling.held is not None]
    book.members = await _load_members(connection, reach, keys, min(begun, default=reach.members_since))
    for part in _parts(reach.decision_ids):
        found = await connection.execute(sa.select(decisions.c.id).where(decisions.c.id.in_(part)))
        book.decided.update(row.id for row in found)
    for part in _parts({camera for _, camera in reach.cameras}):
        minutes = await connection.execute(sa.select(affirmations).where(affirmations.c.camera_id.in_(part)))
        book.affirmed.update({(row.site, row.camera_id): (row.session, row.minute) for row in minutes})
    return book


async def _touched_compounds(connection: AsyncConnection, reach: Reach) -> frozenset[str]:
    """The keys of every compound that may be touched.

    Whoever touches a compound holds the lock of its place: two cameras whose episodes meet may be two processes' work.
    """
    table = compound_members.c
    keys = set(reach.compounds)
    own = [
        *(table.episode_id.in_(part) for part in _parts(reach.alert_ids)),
        *(
            sa.and_(table.camera_id.in_(part), table.ended_at.is_(None))
            for part in _parts({camera for _, camera in reach.cameras})
        ),
    ]
    if own:
        keys.update((await connection.execute(sa.select(table.compound_key).where(sa.or_(*own)).distinct())).scalars())
    for part in _parts(reach.decided_alerts):
        decided = sa.select(alerts.c.subject_key).where(alerts.c.id.in_(part), alerts.c.state != "ENDED")
        keys.update((await connection.execute(decided)).scalars())
    if keys and connection.dialect.name == "postgresql":
        for place in sorted({int(_digest(place_of(key))[:15], 16) for key in keys}):
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(place)))
    return frozenset(keys)


async def _load_members(
    connection: AsyncConnection, reach: Reach, keys: frozenset[str], begun: int
) -> dict[tuple[str, str], Member]:
    """The members of compounds that may meet others, or did since `begun` (ms), by (key, episode)."""
    table, members = compound_members.c, {}
    since = min(begun, reach.members_since) - LONGEST_WITHIN_MS
    there = sa.and_(table.spent.is_(False), sa.or_(table.ended_at.is_(None), table.ended_at >= since))
    for part in _parts({_digest(key) for key in keys}):
        again = table.episode_id.in_(reach.alert_ids)
        chosen = sa.select(compound_members).where(table.compound.in_(part), sa.or_(there, again))
        for row in await connection.execute(chosen.order_by(table.compound, table.episode_id)):
            member = _member(row)
            members[member.key, member.episode_id] = member
    return members


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[i : i + _AT_ONCE] for i in range(0, len(ordered), _AT_ONCE))


def _digest(key: str) -> str:
    """A subject key is as long as its names are; an index wants it short."""
    return sha256(key.encode()).hexdigest()


def _standing(row: sa.Row[Any]) -> Standing:
    return Standing(json.loads(row.record), row.subject_key, row.last_ordinal, row.seen_at, row.missed)


def _alert_values(standing: Standing) -> dict[str, Any]:
    alert = standing.alert
    return {
        "id": standing.id,
        "revision": standing.revision,
        "state": alert["state"],
        "mode": alert["mode"],
        "site": alert["site"],
        "camera_id": alert["camera"]["id"],
        "open_key": _digest(standing.key) if standing.is_open else None,
        "last_ordinal": standing.last_ordinal,
        "seen_at": standing.seen_at,
        "missed": standing.missed,
        "started_at": alert["started_at"],
        "subject_key": standing.key,
        "record": json.dumps(alert),
    }


def _member(row: sa.Row[Any]) -> Member:
    return Member(
        row.compound_key,
        row.episode_id,
        row.site,
        row.camera_id,
        row.rule,
        row.started_at,
        row.ended_at,
        row.missed,
        row.spent,
        row.authorised_until,
        row.changed,
        row.told_at,
        row.within_ms,
        None if row.coming is None else Coming(**json.loads(row.coming)),
    )


def _member_values(member: Member) -> dict[str, Any]:
    return {
        "compound": _digest(member.key),
        "episode_id": member.episode_id,
        "compound_key": member.key,
        "site": member.site,
        "camera_id": member.camera_id,
        "rule": member.rule,
        "started_at": member.started_at,
        "ended_at": member.ended_at,
        "missed": member.missed,
        "spent": member.spent,
        "authorised_until": member.until,
        "changed": member.changed,
        "told_at": member.told_at,
        "within_ms": member.within_ms,
        "coming": None if member.coming is None else json.dumps(asdict(member.coming)),
    }


def _cooling_values(cooling: Cooling) -> dict[str, Any]:
    return {
        "compound": _digest(cooling.place),
        "place": cooling.place,
        "opened_at": cooling.opened_at,
        "held": cooling.held_text,
    }


def _evidence_values(row: EvidenceRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in EvidenceRow.__dataclass_fields__}
