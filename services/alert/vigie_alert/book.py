"""The alerts that some records concern, as one pure fold: records in, revisions out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vigie_alert.incoming import check_decision, check_event
from vigie_alert.lifecycle import (
    Standing,
    after_affirmation,
    after_decision,
    after_event,
    related,
    superseded,
    with_evidence,
)
from vigie_common.errors import PoisonRecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(slots=True)
class AlertBook:
    """Alerts by id, the last affirmed minute by (site, camera), and the ids of the decisions already taken.

    A book holds all that its records may touch: for a service what the database gave, for a replay all.
    `decisions` collects those taken here. Each method applies one record and returns the revisions that it
    brought, oldest first. A record that is refused (PoisonRecordError) leaves the book as it was.
    """

    standings: dict[str, Standing] = field(default_factory=dict)
    affirmed: dict[tuple[str, str], int] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    decisions: list[Mapping[str, Any]] = field(default_factory=list)
    _open: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._open = {s.key: s.id for s in self.standings.values() if s.is_open}

    def apply_event(self, event: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
        """Revisions that a rule event brings; `evidence` goes into the first revision of a new alert."""
        check_event(event)
        if event["kind"] == "COUNT":
            return []
        if event["kind"] == "AFFIRM":
            return self._apply_affirmation(event)
        before = self.standings.get(event["episode_id"])
        after = after_event(before, event)
        if after is None or after is before:
            return []
        revisions = []
        if before is None:
            after = Standing(
                after.alert | {"evidence": [dict(e) for e in evidence]},
                after.key,
                after.last_ordinal,
                after.seen_at,
            )
            older = self._open.get(after.key)
            if older is not None and after.is_open:
                revisions += self._put(superseded(self.standings[older], event))
                after = related(after, older)
        return revisions + self._put(after)

    def apply_decision(self, decision: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Revisions that an operator's decision brings: one, or none when it is known already."""
        check_decision(decision)
        if decision["id"] in self.decided:
            return []
        standing = self.standings.get(decision["alert_id"])
        if standing is None:
            raise PoisonRecordError(
                f"decision {decision['id']!r} is about alert {decision['alert_id']}, which does not exist: "
                "decide on ids that the alerts topic has"
            )
        self.decided.add(decision["id"])
        self.decisions.append(decision)
        return self._put(after_decision(standing, decision))

    def apply_evidence(self, alert_id: str, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The revision that late evidence brings."""
        return self._put(with_evidence(self.standings[alert_id], evidence))

    def _apply_affirmation(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        camera = (event["site"], event["camera_id"])
        if event["minute"] <= self.affirmed.get(camera, -1):
            return []
        self.affirmed[camera] = event["minute"]
        return [
            revision for standing in self._open_of(camera) for revision in self._put(after_affirmation(standing, event))
        ]

    def _open_of(self, camera: tuple[str, str]) -> Iterable[Standing]:
        """Open alerts of a camera, by id: the order of revisions must not hang on the order of loading."""
        standings = (self.standings[alert_id] for alert_id in sorted(self._open.values()))
        return [s for s in standings if (s.alert["site"], s.alert["camera"]["id"]) == camera]

    def _put(self, standing: Standing) -> list[dict[str, Any]]:
        before = self.standings.get(standing.id)
        self.standings[standing.id] = standing
        if standing.is_open:
            self._open[standing.key] = standing.id
        elif self._open.get(standing.key) == standing.id:
            del self._open[standing.key]
        grown = before is None or standing.revision > before.revision
        return [standing.alert] if grown else []
