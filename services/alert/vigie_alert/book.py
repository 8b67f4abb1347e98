"""The alerts that some records concern, as one pure fold: records in, revisions out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vigie_alert.compound import TEMPLATE
from vigie_alert.incoming import check_decision, check_event
from vigie_alert.lifecycle import after_affirmation, after_decision, after_event, related, superseded, with_evidence
from vigie_alert.meetings import Meetings
from vigie_alert.standings import Standings
from vigie_common.errors import PoisonRecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(slots=True)
class AlertBook:
    """What some records may touch: alerts, affirmed minutes, decisions already taken, members of compounds.

    Minutes are by (site, camera), each behind the session that affirmed it. A book holds all that its records may
    touch: for a service what the database gave, for a replay all. `decisions` collects those taken here. Each method
    applies one record and returns the revisions that it brought, oldest first. A record that is refused
    (PoisonRecordError) leaves the book as it was.
    """

    standings: Standings = field(default_factory=Standings)
    affirmed: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    decisions: list[Mapping[str, Any]] = field(default_factory=list)
    meetings: Meetings = field(init=False)

    def __post_init__(self) -> None:
        self.meetings = Meetings(self.standings)

    def apply_event(self, event: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
        """Revisions that a rule event brings; `evidence` goes into the first revision of a new alert."""
        check_event(event)
        if event["kind"] == "COUNT":
            return []
        if event["kind"] == "AFFIRM":
            return self._apply_affirmation(event)
        return self._apply_step(event, evidence) + self.meetings.apply_step(event)

    def _apply_step(self, event: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Revisions of the episode's own alert."""
        before = self.standings.by_id.get(event["episode_id"])
        after = after_event(before, event)
        if after is None or after is before:
            return []
        revisions = []
        if before is None:
            after = replace(after, alert=after.alert | {"evidence": [dict(e) for e in evidence]})
            older = self.standings.open_for(after.key)
            if older is not None and after.is_open:
                revisions += self.standings.put(superseded(older, event))
                after = related(after, older.id)
        return revisions + self.standings.put(after)

    def apply_decision(self, decision: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Revisions that an operator's decision brings: one, or none when it is known already."""
        check_decision(decision)
        if decision["id"] in self.decided:
            return []
        standing = self.standings.by_id.get(decision["alert_id"])
        if standing is None:
            raise PoisonRecordError(
                f"decision {decision['id']!r} is about alert {decision['alert_id']}, which does not exist: "
                "decide on ids that the alerts topic has"
            )
        self.decided.add(decision["id"])
        self.decisions.append(decision)
        after = after_decision(standing, decision)
        if standing.is_open and not after.is_open:
            self.meetings.close(standing)
        return self.standings.put(after)

    def apply_evidence(self, alert_id: str, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The revision that late evidence brings."""
        return self.standings.put(with_evidence(self.standings.by_id[alert_id], evidence))

    def _apply_affirmation(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        camera = (event["site"], event["camera_id"])
        # sessions sort by their start: a newer one may affirm an earlier minute, for its camera's clock was set right
        affirmed = (event["session"], event["minute"])
        if affirmed <= self.affirmed.get(camera, ("", -1)):
            return []
        self.affirmed[camera] = affirmed
        own = [s for s in self.standings.open_on(camera) if s.alert["rule"]["template"] != TEMPLATE]
        revisions = [
            revision for standing in own for revision in self.standings.put(after_affirmation(standing, event))
        ]
        return revisions + self.meetings.apply_affirmation(event)
