"""Compound rules: several episodes that come together within a time are one more alert. Pure; event time only.

The rule engine stamps each OPEN with the compounds that its rule and camera belong to, so an event says all that is
needed. The episodes of one compound in one place are its members:

- a member is *there* at an instant if it has begun by then, and goes on or ended at most `within_ms` before;
- the compound holds from the first instant at which a member begins and enough rules and cameras are there;
- its alert opens then, names its members, gains those that come while one of them goes on, and ends with the last;
- while it cools down after another (`cooling`) it is held back, and told when that is over if it still goes on;
- a member is there under an authorisation only as long as that lasts: its end ends the member too;
- a member is there only as long as its camera's affirmations name the compound as it was: one that they name no more,
  or name with other parameters (`rule_changed`) or under another mode (`authorisation_ended`), ends the member.

What is concluded hangs on the set of members, not on the order in which cameras' records arrive, as far as nothing that
was told is taken back: a member that turns out to have begun after the end is released, and judged as if it came now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from vigie_alert.lifecycle import AFFIRMATIONS_TO_LOSE
from vigie_common.compound_terms import PLACEHOLDERS
from vigie_common.identity import episode_id, event_id
from vigie_common.instants import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vigie_alert.lifecycle import Standing

TEMPLATE: Final = "compound"
"""What a compound's alert names as its template."""


@dataclass(frozen=True, slots=True)
class Coming:
    """The event by which a member came, and its stamp: all that an alert which it completes is made of."""

    event: Mapping[str, Any]
    stamp: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One episode of a compound in one place.

    Attributes:
        key: of the compound's alert (`compound_key`).
        ended_at: last instant the episode held, ms; None while it goes on.
        missed: affirmations in a row that did not list it.
        spent: its compound's alert has ended: it counts for no other.
        until: when the authorisation ends that the compound has on its camera, ms; None: it needs none.
        changed: it ended because the compound was changed or is gone.
        told_at: when its OPEN was told, ms; `for` after its start.
        within_ms: how long after its end it is there.
        coming: where it completed or joined what began before: how it came.
    """

    key: str
    episode_id: str
    site: str
    camera_id: str
    rule: str
    started_at: int
    ended_at: int | None = None
    missed: int = 0
    spent: bool = False
    until: int | None = None
    changed: bool = False
    told_at: int = 0
    within_ms: int = 0
    coming: Coming | None = None

    @property
    def end_reason(self) -> str:
        """Why it ended, as the alert contract says it."""
        if self.changed:
            return "rule_changed"
        return "over" if self.until is None or self.ended_at != self.until else "authorisation_ended"


@dataclass(frozen=True, slots=True)
class Meeting:
    """The first instant at which enough members are there, and which they are, by their start."""

    at: int
    members: tuple[Member, ...]

    @property
    def ended_at(self) -> int | None:
        """When the last of them ended, ms; None while one goes on."""
        ends = [m.ended_at for m in self.members if m.ended_at is not None]
        return max(ends) if len(ends) == len(self.members) else None

    @property
    def told_at(self) -> int:
        """When all of them had been told, ms."""
        return max(m.told_at for m in self.members)


def compound_key(event: Mapping[str, Any], stamp: Mapping[str, Any]) -> str:
    """What at most one open alert of a compound may be about: mode, site, and the camera or zone if it asks for one."""
    same = stamp["same"]
    parts = (
        stamp["mode"],
        event["site"],
        "" if same == "site" else event["camera_id"],
        stamp["id"],
        stamp["version"],
        event["scope"] if same == "zone" else "",
        TEMPLATE,
    )
    return "/".join(quote(part, safe=" ") for part in parts)


def place_of(key: str) -> str:
    """A compound's key without its version: what cools down, however the compound has been changed since."""
    mode, site, camera, name, _, scope, _ = key.split("/")
    return f"{mode}/{site}/{camera}/{name}/{scope}"


def counts(event: Mapping[str, Any], stamp: Mapping[str, Any]) -> bool:
    """Whether an episode is a member: its compound alerts and, where it asks for one zone, the episode is in one."""
    in_zone = event["scope"] and event["scope_kind"] in {"track", "zone"}
    return bool(stamp["mode"] != "shadow" and (stamp["same"] != "zone" or in_zone))


def member_of(event: Mapping[str, Any], stamp: Mapping[str, Any]) -> Member:
    """The member that an episode is."""
    authorisation = stamp["authorisation"]
    return Member(
        compound_key(event, stamp),
        event["episode_id"],
        event["site"],
        event["camera_id"],
        event["rule"]["id"],
        event["started_at"],
        until=None if authorisation is None else authorisation["valid_until"],
        told_at=event["at"],
        within_ms=stamp["within_ms"],
    )


def meeting(members: Iterable[Member], stamp: Mapping[str, Any], since: int) -> Meeting | None:
    """The first instant, not before `since` (ms), at which a member begins and the compound holds.

    Args:
        members: of one compound in one place.
        stamp: CompoundStamp of the rule event (`schemas/rule-event`).
        since: start of the member that came last; what held earlier was concluded earlier.
    """
    there: list[Member] = []
    for at, beginning in groupby(sorted(members, key=_begun), key=attrgetter("started_at")):
        # who is gone at an instant is gone at every later one
        there = [m for m in (*there, *beginning) if _there(m, at)]
        enough_rules = len({m.rule for m in there}) >= stamp["min_rules"]
        if at >= since and enough_rules and len({m.camera_id for m in there}) >= stamp["min_cameras"]:
            return Meeting(at, tuple(there))
    return None


def met_again(members: Iterable[Member], released: Sequence[Member]) -> tuple[Coming, Meeting] | None:
    """The meeting of those whom an alert has released, with others or each other, and how the last of them came."""
    comings = {m.episode_id: m.coming for m in released if m.coming is not None}
    if not comings:
        return None
    found = meeting(members, next(iter(comings.values())).stamp, min(m.started_at for m in released))
    last = max((m for m in found.members if m.episode_id in comings), key=_told, default=None) if found else None
    if found is None or last is None or (last.until is not None and last.until <= last.told_at):
        return None
    return comings[last.episode_id], found


def gathered(members: Iterable[Member], at: int) -> Meeting:
    """The meeting that began at `at` (ms) as it is now: who was there, and who has come since while it went on."""
    here: list[Member] = []
    last = at
    for m in sorted((m for m in members if not m.spent), key=_begun):
        if _there(m, at) or at < m.started_at < last:
            here.append(m)
            last = max(last, LAST_MS if m.ended_at is None else m.ended_at)
    return Meeting(at, tuple(here))


def _begun(member: Member) -> tuple[int, str]:
    return member.started_at, member.episode_id


def _told(member: Member) -> tuple[int, str]:
    return member.told_at, member.episode_id


def _there(member: Member, at: int) -> bool:
    """Whether a member has begun by `at`, and goes on then or ended at most `within_ms` before."""
    if member.started_at > at or member.spent or (member.until is not None and member.until <= at):
        return False
    return member.ended_at is None or member.ended_at >= at - member.within_ms


def compound_event(
    event: Mapping[str, Any], stamp: Mapping[str, Any], found: Meeting, *, ordinal: int, identity: str | None = None
) -> dict[str, Any]:
    """The rule event that a compound's alert is made of, as if an engine had found it.

    Args:
        event: the member's event that completed or joined it: its frame, boxes and place stand for the compound.
        stamp: CompoundStamp of that event.
        found: the members that are there.
        ordinal: of the step within the alert.
        identity: the alert's id, where it is open already.
    """
    key = compound_key(event, stamp)
    episode = identity or episode_id(event["site"], "", stamp["id"], stamp["version"], key, "", found.at)
    cameras = sorted({m.camera_id for m in found.members})
    rules = sorted({m.rule for m in found.members})
    starts = [m.started_at for m in found.members]
    words = {"cameras": ", ".join(cameras), "rules": ", ".join(rules), "count": str(len(found.members))}
    return {
        **event,
        "kind": "UPDATE" if identity else "OPEN",
        "id": event_id(episode, ordinal),
        "episode_id": episode,
        "ordinal": ordinal,
        "started_at": found.at,
        "rule": {
            **event["rule"],
            "id": stamp["id"],
            "version": stamp["version"],
            "template": TEMPLATE,
            "severity": stamp["severity"],
            "category": stamp["category"],
        },
        "mode": stamp["mode"],
        "authorisation": stamp["authorisation"],
        "scope": event["scope"] if stamp["same"] == "zone" else "",
        "subject": "",
        "title": dict(stamp["title"]),
        "text": {language: filled(text, words) for language, text in stamp["explain"].items()},
        "facts": {
            "cameras": float(len(cameras)),
            "episodes": float(len(found.members)),
            "rules": float(len(rules)),
            "spread_s": (max(starts) - min(starts)) / 1000,
        },
        "compounds": [],
    }


def without_strangers(standing: Standing, found: Meeting) -> Standing:
    """A compound's alert that names only who was of its meeting: some may have joined that began after its end."""
    there = {m.episode_id for m in found.members}
    named = [name for name in standing.alert["related_ids"] if name in there]
    came = next((m.coming for m in found.members if m.coming is not None), None)
    if came is None or named == standing.alert["related_ids"]:
        return standing
    told = compound_event(came.event, came.stamp, found, ordinal=0, identity=standing.id)
    explanation = {"text": told["text"], "facts": told["facts"]}
    return replace(standing, alert=standing.alert | {"related_ids": named, "explanation": explanation})


def filled(text: str, words: Mapping[str, str]) -> str:
    """A compound's text with its placeholders filled in."""
    for name in PLACEHOLDERS:
        text = text.replace(f"{{{name}}}", words[name])
    return text


def ended(member: Member, at: int) -> Member:
    """A member whose episode has ended, or whose authorisation had before."""
    if member.ended_at is not None:
        return member
    return replace(member, ended_at=at if member.until is None else min(at, member.until))


def authorised(member: Member, at: int) -> Member:
    """A member at an event time: ended where its authorisation has."""
    return member if member.until is None or at < member.until else ended(member, member.until)


def withdrawn(member: Member, stamps: Sequence[Mapping[str, Any]], at: int) -> Member:
    """A member that goes on, under the compounds as they stand on its camera at `at` (ms): as it was, or ended."""
    mode, _, _, name, version, _, _ = map(unquote, member.key.split("/"))
    modes = [stamp["mode"] for stamp in stamps if (stamp["id"], stamp["version"]) == (name, version)]
    if mode in modes:
        return member
    if modes and member.until is not None:
        return replace(member, ended_at=at, until=at)
    return replace(member, ended_at=at, changed=True)


def affirmed(member: Member, event: Mapping[str, Any]) -> Member:
    """A member after an AFFIRM of its camera: listed, missed once more, or, as an alert would be lost, ended unseen."""
    at = event["at"]
    member = authorised(member, at)
    if member.ended_at is not None:
        return member
    if member.episode_id in event["open_episodes"]:
        return withdrawn(replace(member, missed=0), event["compounds"], at)
    missed = member.missed + 1
    return replace(member, missed=missed, ended_at=at if missed >= AFFIRMATIONS_TO_LOSE else None)
