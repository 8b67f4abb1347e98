"""What two runs of rules found, side by side: the same, moved, new, gone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.event_times import clock, moment
from vigie_cli.wording import said, terminal_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SAME_MS: Final = 500
"""Instants that differ by no more are the same."""

NEAR_MS: Final = 60_000
"""Two that do not overlap and begin farther apart are not one thing that moved."""

STILL_OPEN: Final = "still open at the end of what was read"
"""Instead of a reason, of an episode that has not ended."""

SHORT_ID: Final = 8
"""Digits of an id that people are shown: `vigie rules explain` takes them."""

ALERTING: Final = frozenset({"live", "exercise"})


@dataclass(frozen=True, slots=True)
class Happening:
    """One episode, or one count. Times are event times in ms."""

    rule: str
    camera: str
    scope: str
    kind: str
    """open, or the direction of a count."""
    at: int
    """When it was told."""
    started_at: int
    ended_at: int | None
    """None: it was still open."""
    reason: str | None
    """Why it ended, or `STILL_OPEN`; None: a count."""
    mode: str
    subject: str
    id: str
    text: str

    @property
    def alerts(self) -> bool:
        """Whether an operator would see it."""
        return self.kind == "open" and self.mode in ALERTING


@dataclass(frozen=True, slots=True)
class Difference:
    """What the changed rules found beside what the present ones find."""

    same: tuple[Happening, ...]
    moved: tuple[tuple[Happening, Happening], ...]
    """(before, after)."""
    new: tuple[Happening, ...]
    gone: tuple[Happening, ...]

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "same": [asdict(h) for h in self.same],
            "moved": [{"before": asdict(old), "after": asdict(new)} for old, new in self.moved],
            "new": [asdict(h) for h in self.new],
            "gone": [asdict(h) for h in self.gone],
        }


def happenings(events: Iterable[Mapping[str, Any]], rename: Mapping[str, str] | None = None) -> tuple[Happening, ...]:
    """Episodes and counts of rule events, in the order of time; repeated events count once.

    Args:
        events: of the rule-events topic, or of a core.
        rename: rules that go under another's id.
    """
    opens: dict[str, Mapping[str, Any]] = {}
    closes: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event["kind"] in {"OPEN", "COUNT"}:
            opens[event["episode_id"]] = event
        elif event["kind"] == "CLOSE":
            closes[event["episode_id"]] = event
    found = [_happening(event, closes.get(identity), rename or {}) for identity, event in opens.items()]
    return tuple(sorted(found, key=lambda h: (h.at, h.camera, h.rule, h.scope, h.subject)))


def _happening(event: Mapping[str, Any], close: Mapping[str, Any] | None, rename: Mapping[str, str]) -> Happening:
    counted = event["kind"] == "COUNT"
    rule = event["rule"]["id"]
    return Happening(
        rule=rename.get(rule, rule),
        camera=event["camera_id"],
        scope=event["scope"],
        kind=event["direction"] or "minute" if counted else "open",
        at=event["started_at"] if counted else event["at"],
        started_at=event["started_at"],
        ended_at=None if close is None else close["ended_at"],
        reason=close["ended_reason"] if close is not None else None if counted else STILL_OPEN,
        mode=event["mode"],
        subject=event["subject"],
        id=event["episode_id"],
        text=said(event["text"], terminal_language()),
    )


def compare(before: Sequence[Happening], after: Sequence[Happening]) -> Difference:
    """Match each with its nearest counterpart, one to one: of the same rule, camera, place and kind."""
    pairs = sorted((_distance(before[i], after[j]), i, j) for i, j in comparable(before, after))
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    same = tuple(after[j] for i, j in sorted(partner.items()) if not _moved(before[i], after[j]))
    moved = tuple((before[i], after[j]) for i, j in sorted(partner.items()) if _moved(before[i], after[j]))
    return Difference(
        same,
        moved,
        tuple(new for j, new in enumerate(after) if j not in taken),
        tuple(old for i, old in enumerate(before) if i not in partner),
    )


def comparable(before: Sequence[Happening], after: Sequence[Happening]) -> Iterator[tuple[int, int]]:
    """Indices of those that may be one thing: a sweep over time in each place, which looks at neighbours alone."""
    places: dict[tuple[str, str, str, str], list[tuple[float, bool, int]]] = {}
    for later, happened in ((False, before), (True, after)):
        for index, one in enumerate(happened):
            place = places.setdefault((one.rule, one.camera, one.scope, one.kind), [])
            place.append((min(one.started_at, one.at) - NEAR_MS, later, index))
    for place in places.values():
        present: tuple[list[int], list[int]] = ([], [])
        for begin, later, index in sorted(place):
            other = before if later else after
            present[not later][:] = [i for i in present[not later] if _end(other[i]) + NEAR_MS >= begin]
            for i in present[not later]:
                pair = (i, index) if later else (index, i)
                if _meet(before[pair[0]], after[pair[1]]):
                    yield pair
            present[later].append(index)


def _meet(old: Happening, new: Happening) -> bool:
    overlap = _end(old) >= new.started_at and _end(new) >= old.started_at
    return abs(old.at - new.at) <= NEAR_MS or (old.kind == "open" and overlap)


def _end(one: Happening) -> float:
    if one.kind == "open" and one.ended_at is None:
        return inf
    return max(one.at, one.ended_at or one.at)


def _distance(old: Happening, new: Happening) -> tuple[bool, int]:
    return old.subject != new.subject, abs(old.at - new.at)


def _moved(old: Happening, new: Happening) -> bool:
    instants = ((old.started_at, new.started_at), (old.at, new.at), (old.ended_at or 0, new.ended_at or 0))
    return any(abs(one - other) > SAME_MS for one, other in instants) or old.alerts != new.alerts


def lines(difference: Difference, zone: str) -> Iterator[str]:
    """What a person reads: each difference with its times, then the sum."""
    rows: list[tuple[str, Happening | None, Happening | None, Happening]] = []
    rows += [("new", None, h, h) for h in difference.new]
    rows += [("gone", h, None, h) for h in difference.gone]
    rows += [("moved", old, new, new) for old, new in difference.moved]
    for what, old, new, one in sorted(rows, key=lambda row: row[3].at):
        when = times(one, zone) if old is None or new is None else f"{times(old, zone)} → {times(new, zone)}"
        place = f" {one.scope}" if one.scope else ""
        shown = "alert " if one.alerts else "shadow" if one.kind == "open" else "count "
        yield f"{what:<5}  {shown}  {one.camera}  {one.rule}{place}  {when}  {one.id[:SHORT_ID]}"
    yield (
        f"{len(difference.new)} new, {len(difference.gone)} gone, {len(difference.moved)} moved, "
        f"{len(difference.same)} the same"
    )


def times(one: Happening, zone: str) -> str:
    """From when to when its condition held, why it ended, and when it was told: after `for`, or the cooldown."""
    began, told = moment(one.started_at, zone), f"told {clock(one.at, zone)}"
    if one.kind != "open":
        return f"{began} ({one.kind})"
    if one.ended_at is None:
        return f"{began}, {told}, {one.reason}"
    return f"{began}-{clock(one.ended_at, zone)} ({one.reason}), {told}"
