"""The compounds that some records concern, as one pure fold: members come, meet, cool down and end, and alerts follow.

What members and meetings are, `compound` says; what a cooldown is, `cooling`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vigie_alert import compound, cooling
from vigie_alert.lifecycle import after_event, over, placed_as, related

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_alert.compound import Meeting, Member
    from vigie_alert.cooling import Cooling, Held
    from vigie_alert.lifecycle import Standing
    from vigie_alert.standings import Standings


@dataclass(slots=True)
class Meetings:
    """Members of compounds, and the alerts that they make among all others.

    Members are by (compound key, episode id), cooldowns by place. `met` collects the events of the compounds that
    began here, whose images are still to be fetched. Each method returns the revisions that it brought, oldest first.
    """

    standings: Standings
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    cooling: dict[str, Cooling] = field(default_factory=dict)
    met: list[dict[str, Any]] = field(default_factory=list)

    def apply_step(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Revisions that an episode's step brings to the compounds that the episode is a member of."""
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

    def apply_affirmation(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Revisions that the affirmation of a camera's minute brings."""
        camera = (event["site"], event["camera_id"])
        own = [m for m in self.members.values() if (m.site, m.camera_id) == camera]
        revisions = self._end_members([compound.affirmed(m, event) for m in sorted(own, key=_order)], event["at"])
        on = {m.key for m in own if self.members[m.key, m.episode_id].ended_at is None}
        return revisions + [r for key in sorted(on) for r in self._tell_held(key, event["at"])]

    def close(self, standing: Standing) -> None:
        """A compound's alert was closed: those whom it names count for no other."""
        named = set(standing.alert["related_ids"])
        self._spend([m for m in self._members_of(standing.key) if m.episode_id in named])

    def tell_held(self, at: int) -> list[dict[str, Any]]:
        """Revisions of the compounds that went on when their cooldown was over, by `at` (ms)."""
        held = [cools.held.key for _, cools in sorted(self.cooling.items()) if cools.held is not None]
        return [revision for key in held for revision in self._tell_held(key, at)]

    def _meet(self, event: Mapping[str, Any], stamp: Mapping[str, Any], member: Member) -> list[dict[str, Any]]:
        """The revision of a compound that a new member completes or joins."""
        present = self._members_of(member.key)
        came = replace(member, coming=compound.Coming({**event, "compounds": []}, stamp))
        standing = self.standings.open_for(member.key)
        if standing is not None:
            self._keep(came)
            joined = compound.gathered(present, standing.alert["started_at"])
            step = compound.compound_event(
                event, stamp, joined, ordinal=standing.last_ordinal + 1, identity=standing.id
            )
            after = after_event(standing, step)
            if after is None:
                return []
            return self.standings.put(related(placed_as(after, standing), member.episode_id))
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
        born = None if opening["episode_id"] in self.standings.by_id else after_event(None, opening | {"at": at})
        if born is None:
            return []
        self.met.append(opening)
        for m in found.members:
            born = related(born, m.episode_id)
        return self.standings.put(replace(born, key=key))

    def _members_of(self, key: str) -> list[Member]:
        return [m for m in self.members.values() if m.key == key]

    def _keep(self, member: Member) -> None:
        self.members[member.key, member.episode_id] = member

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
        held, standing = self._held(key), self.standings.open_for(key)
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
            standing = self.standings.open_for(key)
        if standing is not None:
            last = max(together.members, key=lambda m: m.ended_at or 0)
            ended = over(compound.without_strangers(standing, together), together.ended_at, at, last.end_reason)
            revisions += self.standings.put(ended)
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


def _order(member: Member) -> tuple[str, str]:
    return member.key, member.episode_id
