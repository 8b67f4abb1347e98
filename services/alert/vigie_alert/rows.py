"""Alerts, members and images as rows of the database, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from vigie_alert.compound import Coming, Member
from vigie_alert.lifecycle import Standing

if TYPE_CHECKING:
    import sqlalchemy as sa

    from vigie_alert.cooling import Cooling


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


def digest(key: str) -> str:
    """A subject key is as long as its names are; an index wants it short."""
    return sha256(key.encode()).hexdigest()


def standing_of_row(row: sa.Row[Any]) -> Standing:
    """Where an alert stands."""
    return Standing(json.loads(row.record), row.subject_key, row.last_ordinal, row.seen_at, row.missed)


def alert_values(standing: Standing) -> dict[str, Any]:
    """The row of an alert."""
    alert = standing.alert
    return {
        "id": standing.id,
        "revision": standing.revision,
        "state": alert["state"],
        "mode": alert["mode"],
        "site": alert["site"],
        "camera_id": alert["camera"]["id"],
        "open_key": digest(standing.key) if standing.is_open else None,
        "last_ordinal": standing.last_ordinal,
        "seen_at": standing.seen_at,
        "missed": standing.missed,
        "started_at": alert["started_at"],
        "subject_key": standing.key,
        "record": json.dumps(alert),
    }


def member_of_row(row: sa.Row[Any]) -> Member:
    """A member of a compound."""
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


def member_values(member: Member) -> dict[str, Any]:
    """Its row."""
    return {
        "compound": digest(member.key),
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


def cooling_values(cooling: Cooling) -> dict[str, Any]:
    """The row of a place where a compound has opened."""
    return {
        "compound": digest(cooling.place),
        "place": cooling.place,
        "opened_at": cooling.opened_at,
        "held": cooling.held_text,
    }


def evidence_values(row: EvidenceRow) -> dict[str, Any]:
    """The row of an image."""
    return {name: getattr(row, name) for name in EvidenceRow.__dataclass_fields__}
