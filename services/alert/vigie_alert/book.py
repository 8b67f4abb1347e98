"""The alerts that some records concern, as one pure fold: records in, revisions out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vigie_alert import compound, cooling
from vigie_alert.incoming import check_decision, check_event
from vigie_alert.lifecycle import (
    Standing,
    after_affirmation,
    after_decision,
    after_event,
    over,
    placed_as,
    related,
    superseded,
    with_evidence,
)
from vigie_common.errors import PoisonRecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vigie_alert.compound import Meeting, Member
    from vigie_alert.cooling import Cooling, Held


@dataclass(slots=True)
class AlertBook:
    """What some records may touch: alerts, affirmed minutes, decisions already taken, members of compounds.

    Alerts are by id, minutes by (site, camera), each behind the session that affirmed it, members by (compound key,
    episode id), cooldowns by place. A book holds all that its records may touch: for a service what the database
    gave, for a replay all. `decisions` collects those taken here, `met` the events of the compounds that began here,
    whose images are still to be fetched. Each method applies one record and returns the revisions that it brought,
    oldest first. A record that is refused (PoisonRecordError) leaves the book as it was.
    """

    standings: dict[str, Standing] = field(default_factory=dict)
    affirmed: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    decisions: list[Mapping[str, Any]] = field(default_factory=list)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    cooling: dict[str, Cooling] = field(default_factory=dict)
    met: list[dict[str, Any]] = field(default_factory=list)
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
        return self._apply_step(event, evidence) + self._apply_members(event)

    def _apply_step(self, event: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Revisions of the episode's own alert."""
        before = self.standings.get(event["episode_id"])
        after = after_event(before, event)
        if after is None or after is before:
            return []
        revisions = []
        if before is None:
            after = replace(after, alert=after.alert | {"evidence": [dict(e) for e in evidence]})
            older = self._open.get(after.key)
            if older is not None and after.is_open:
                revisions += self._put(superseded(self.standings[older], event))
                after = related(after, older)
        return revisions + self._put(after)

    def _apply_members(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Revisions of the compounds that the episode is a member of."""
        if event["kind"] == "CLOSE":
            at = event["at"] if event["ended_at"] is None else event["ended_at"]
            own = [m for m in self.members.values() if m.episode_id == event["episode_id"]]
            return self._end_members([compound.ended(m, at) for m in own], event["at"])
        revisions = []
        for stamp in event["compounds"]:
            member = compound.member_of(event, stamp)
            if not compound.counts(event, stamp) or (member.key, member.episode_id) in self.members:
                continue
            present = self._members_of(member.key)
            revisions += self._end_members([compound.authorised(m, event["at"]) for m in present], event["at"])
            revisions += self._tell_held(member.key, event["at"])
            self._keep(member)
            revisions += self._meet(event, stamp, member)
        return revisions

    def _meet(self, event: Mapping[str, Any], stamp: Mapping[str, Any], member: Member) -> list[dict[str, Any]]:
        """The revision of a compound that a new member completes or joins."""
        present = self._members_of(member.key)
        came = replace(member, coming=compound.Coming({**event, "compounds": []}, stamp))
        standing = self.standings.get(self._open.get(member.key, ""))
        if standing is not None:
            self._keep(came)
            joined = compound.gathered(present, standing.alert["started_at"])
            step = compound.compound_event(
                event, stamp, joined, ordinal=standing.last_ordinal + 1, identity=standing.id
            )
            after = after_event(standing, step)
            if after is None:
                return []
            return self._put(related(placed_as(after, standing), member.episode_id))
        held = self._held(member.key)
        if held is not None:
            self._keep(came)
            self._hold(member.key, cooling.Held(held.since, event, stamp))
            return []
        found = compound.meeting(present, stamp, member.started_at)
        if found is None:
            return []
        self._keep(came)
        return self._begin(event, stamp, member.key, found)

    def _begin(
        self, event: Mapping[str, Any], stamp: Mapping[str, Any], key: str, found: Meeting
    ) -> list[dict[str, Any]]:
        """The revision of a compound that holds from now on, unless it cools down; `event` completed it."""
        place = compound.place_of(key)
        cools = self.cooling.get(place)
        if cools is not None and cools.cools(found.told_at, stamp):
            self._hold(key, cooling.Held(found.at, event, stamp))
            return []
        together = compound.gathered(self._members_of(key), found.at)
        opening = compound.compound_event(event, stamp, together, ordinal=0)
        revisions = self._open_compound(opening, key, together)
        if revisions:
            self.cooling[place] = cooling.Cooling(place, found.told_at, None if cools is None else cools.held)
        return revisions

    def _held(self, key: str) -> Held | None:
        """What a compound holds back; another version of it in the same place holds its own."""
        cools = self.cooling.get(compound.place_of(key))
        return None if cools is None or cools.held is None or cools.held.key != key else cools.held

    def _hold(self, key: str, held: Held | None) -> None:
        place = compound.place_of(key)
        self.cooling[place] = replace(self.cooling[place], held=held)

    def _open_compound(
        self, opening: dict[str, Any], key: str, found: Meeting, told_at: int = 0
    ) -> list[dict[str, Any]]:
        """The first revision of a compound, told by its opening or, later, at `told_at` (ms)."""
        at = max(opening["at"], told_at)
        born = None if opening["episode_id"] in self.standings else after_event(None, opening | {"at": at})
        if born is None:
            return []
        self.met.append(opening)
        for m in found.members:
            born = related(born, m.episode_id)
        return self._put(replace(born, key=key))

    def _members_of(self, key: str) -> list[Member]:
        return [m for m in self.members.values() if m.key == key]

    def _keep(self, member: Member) -> None:
        self.members[member.key, member.episode_id] = member

    def tell_held(self, at: int) -> list[dict[str, Any]]:
        """Revisions of the compounds that went on when their cooldown was over, by `at` (ms)."""
        held = [cools.held.key for _, cools in sorted(self.cooling.items()) if cools.held is not None]
        return [revision for key in held for revision in self._tell_held(key, at)]

    def _tell_held(self, key: str, at: int) -> list[dict[str, Any]]:
        """The first revision of what a compound holds back, if its cooldown is over by `at` (ms)."""
        held, place = self._held(key), compound.place_of(key)
        if held is None or self.cooling[place].cools(at, held.stamp):
            return []
        due = self.cooling[place].opened_at + held.stamp["cooldown_ms"]
        self._hold(key, None)
        told_at = max(held.event["at"], due)
        if not cooling.may_tell(held, told_at):
            return []
        self.cooling[place] = cooling.Cooling(place, due)
        found = compound.gathered(self._members_of(key), held.since)
        opening = compound.compound_event(held.event, held.stamp, found, ordinal=0)
        return self._open_compound(opening, key, found, told_at)

    def _end_members(self, members: Iterable[Member], at: int) -> list[dict[str, Any]]:
        """Put members back, and end the compounds of which none goes on; `at` is when that was known."""
        revisions = []
        for member in members:
            if self.members.get((member.key, member.episode_id)) != member:
                self._keep(member)
                revisions += self._conclude(member.key, at)
        return revisions

    def _conclude(self, key: str, at: int) -> list[dict[str, Any]]:
        """End a compound of which none goes on, alerting or held back, and judge anew who came after its end."""
        held, standing = self._held(key), self.standings.get(self._open.get(key, ""))
        if standing is not None:
            began = int(standing.alert["started_at"])
        elif held is not None:
            began = held.since
        else:
            return []
        together = compound.gathered(self._members_of(key), began)
        if together.ended_at is None:
            return []
        revisions = []
        if held is not None:
            revisions += self._tell_held(key, together.ended_at)
            self._hold(key, None)
            standing = self.standings.get(self._open.get(key, ""))
        if standing is not None:
            last = max(together.members, key=lambda m: m.ended_at or 0)
            ended = over(compound.without_strangers(standing, together), together.ended_at, at, last.end_reason)
            revisions += self._put(ended)
        self._spend(together.members)
        return revisions + self._judge_anew(key, at)

    def _judge_anew(self, key: str, at: int) -> list[dict[str, Any]]:
        """What follows from members that had joined what was over before they began, as if they came now."""
        released = [m for m in self._members_of(key) if m.coming is not None]
        found = compound.met_again(self._members_of(key), released)
        if found is None:
            self.members |= {(key, m.episode_id): replace(m, coming=None) for m in released}
            return []
        came, meeting = found
        return self._begin(came.event, came.stamp, key, meeting) + self._conclude(key, at)

    def _spend(self, members: Iterable[Member]) -> None:
        """These count for no other alert."""
        self.members |= {(m.key, m.episode_id): replace(m, spent=True, coming=None) for m in members}

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
        after = after_decision(standing, decision)
        if standing.is_open and not after.is_open:
            named = set(standing.alert["related_ids"])
            self._spend([m for m in self._members_of(standing.key) if m.episode_id in named])
        return self._put(after)

    def apply_evidence(self, alert_id: str, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The revision that late evidence brings."""
        return self._put(with_evidence(self.standings[alert_id], evidence))

    def _apply_affirmation(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        camera = (event["site"], event["camera_id"])
        # sessions sort by their start: a newer one may affirm an earlier minute, for its camera's clock was set right
        affirmed = (event["session"], event["minute"])
        if affirmed <= self.affirmed.get(camera, ("", -1)):
            return []
        self.affirmed[camera] = affirmed
        revisions = [
            revision for standing in self._open_of(camera) for revision in self._put(after_affirmation(standing, event))
        ]
        own = [m for m in self.members.values() if (m.site, m.camera_id) == camera]
        revisions += self._end_members([compound.affirmed(m, event) for m in sorted(own, key=_order)], event["at"])
        on = {m.key for m in own if self.members[m.key, m.episode_id].ended_at is None}
        return revisions + [r for key in sorted(on) for r in self._tell_held(key, event["at"])]

    def _open_of(self, camera: tuple[str, str]) -> Iterable[Standing]:
        """Open alerts of a camera, by id: the order of revisions must not hang on the order of loading."""
        standings = (self.standings[alert_id] for alert_id in sorted(self._open.values()))
        return [
            s
            for s in standings
            if (s.alert["site"], s.alert["camera"]["id"]) == camera and s.alert["rule"]["template"] != compound.TEMPLATE
        ]

    def _put(self, standing: Standing) -> list[dict[str, Any]]:
        before = self.standings.get(standing.id)
        self.standings[standing.id] = standing
        if standing.is_open:
            self._open[standing.key] = standing.id
        elif self._open.get(standing.key) == standing.id:
            del self._open[standing.key]
        grown = before is None or standing.revision > before.revision
        return [standing.alert] if grown else []


def _order(member: Member) -> tuple[str, str]:
    return member.key, member.episode_id
