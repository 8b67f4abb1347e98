"""What some records may touch, read from the database into a book, and locked there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vigie_alert.book import AlertBook
from vigie_alert.compound import place_of
from vigie_alert.cooling import cooling_of
from vigie_alert.rows import digest, member_of_row, standing_of_row
from vigie_alert.standings import Standings
from vigie_alert.tables import affirmations, alerts, compound_cooldowns, compound_members, decisions
from vigie_common.compound_terms import LONGEST_WITHIN_MS
from vigie_common.instants import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from vigie_alert.compound import Member

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


async def load(connection: AsyncConnection, reach: Reach) -> AlertBook:
    """The book of what may be touched. Its rows are locked in the order of their ids, so that rivals wait."""
    keys = await _touched_compounds(connection, reach)
    wanted = [
        *(alerts.c.id.in_(part) for part in parts(reach.alert_ids)),
        *(alerts.c.open_key.in_(part) for part in parts({digest(key) for key in reach.keys | keys})),
        *(
            sa.and_(alerts.c.state != "ENDED", alerts.c.camera_id.in_(part))
            for part in parts({camera for _, camera in reach.cameras})
        ),
    ]
    book = AlertBook()
    if wanted:
        chosen = sa.select(alerts).where(sa.or_(*wanted)).order_by(alerts.c.id).with_for_update()
        book = AlertBook(Standings({row.id: standing_of_row(row) for row in await connection.execute(chosen)}))
    for part in parts({digest(place_of(key)) for key in keys}):
        cooled = await connection.execute(sa.select(compound_cooldowns).where(compound_cooldowns.c.compound.in_(part)))
        book.meetings.cooling.update({row.place: cooling_of(row.place, row.opened_at, row.held) for row in cooled})
    begun = [s.alert["started_at"] for s in book.standings.by_id.values() if s.key in keys and s.is_open]
    begun += [cooling.held.since for cooling in book.meetings.cooling.values() if cooling.held is not None]
    book.meetings.members = await _load_members(connection, reach, keys, min(begun, default=reach.members_since))
    for part in parts(reach.decision_ids):
        found = await connection.execute(sa.select(decisions.c.id).where(decisions.c.id.in_(part)))
        book.decided.update(row.id for row in found)
    for part in parts({camera for _, camera in reach.cameras}):
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
        *(table.episode_id.in_(part) for part in parts(reach.alert_ids)),
        *(
            sa.and_(table.camera_id.in_(part), table.ended_at.is_(None))
            for part in parts({camera for _, camera in reach.cameras})
        ),
    ]
    if own:
        keys.update((await connection.execute(sa.select(table.compound_key).where(sa.or_(*own)).distinct())).scalars())
    for part in parts(reach.decided_alerts):
        decided = sa.select(alerts.c.subject_key).where(alerts.c.id.in_(part), alerts.c.state != "ENDED")
        keys.update((await connection.execute(decided)).scalars())
    if keys and connection.dialect.name == "postgresql":
        for place in sorted({int(digest(place_of(key))[:15], 16) for key in keys}):
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(place)))
    return frozenset(keys)


async def _load_members(
    connection: AsyncConnection, reach: Reach, keys: frozenset[str], begun: int
) -> dict[tuple[str, str], Member]:
    """The members of compounds that may meet others, or did since `begun` (ms), by (key, episode)."""
    table, members = compound_members.c, {}
    since = min(begun, reach.members_since) - LONGEST_WITHIN_MS
    there = sa.and_(table.spent.is_(False), sa.or_(table.ended_at.is_(None), table.ended_at >= since))
    for part in parts({digest(key) for key in keys}):
        again = table.episode_id.in_(reach.alert_ids)
        chosen = sa.select(compound_members).where(table.compound.in_(part), sa.or_(there, again))
        for row in await connection.execute(chosen.order_by(table.compound, table.episode_id)):
            member = member_of_row(row)
            members[member.key, member.episode_id] = member
    return members


def parts(values: Iterable[str]) -> Iterable[list[str]]:
    """Lists of them, sorted, each short enough for one IN."""
    ordered = sorted(values)
    return (ordered[i : i + _AT_ONCE] for i in range(0, len(ordered), _AT_ONCE))
