"""The answer of `vigie rules explain` in words: what opened and why, or the first reason why nothing did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.event_times import clock, moment
from vigie_rule_engine.authority import applies
from vigie_rule_engine.catalogue import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_difference import Happening
    from vigie_cli.rules_explain import Question
    from vigie_rule_engine.trace import Sample, Trace

THEN_MS: Final = 30_000
"""What was so near a moment answers for it."""

MOST_BLIND: Final = 5
"""Times without sight that are listed."""

MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one rule on one camera made of the tracks around a moment."""

    rule: Mapping[str, Any]
    camera: Mapping[str, Any]
    refused: Sequence[str]
    """Why the camera cannot run the rule."""
    opened: Sequence[Happening]
    facts: Mapping[str, Mapping[str, float]]
    """Of each that opened or was counted, by its id."""
    trace: Trace
    statuses: Sequence[tuple[str, int, int]]
    """(status of the frames, from, to) around the moment."""
    first: int
    """Event time of the first record that was judged, ms."""

    @property
    def zone(self) -> str:
        """Time zone of the camera."""
        return str(self.camera["time_zone"])

    @property
    def classes(self) -> str:
        """What the rule is about."""
        return ", ".join(self.rule["classes"])


def answer(question: Question, seen: Evidence) -> Iterator[str]:
    """What opened or was counted and why, or the first reason that explains why nothing was."""
    mine = [one for one in seen.opened if is_asked(question, one)]
    for one in mine:
        yield from _why_opened(one, seen)
        if one.kind == "open" and one.started_at <= seen.first:
            yield f"the tracks that were judged begin at {clock(seen.first, seen.zone)}: it may have held for longer"
    if not mine:
        yield from _why_nothing(question, seen)
    blind = [span for span in seen.statuses if span[0] != "ok"]
    if blind and seen.trace.frames:
        yield f"not watched: {blind_words(blind, seen.zone)}; blind time neither matures nor ends anything"


def blind_words(blind: Sequence[tuple[str, int, int]], zone: str) -> str:
    """When it was not watched: the first times, and how many more."""
    spans = ", ".join(f"{status} {clock(a, zone)}-{clock(b, zone)}" for status, a, b in blind[:MOST_BLIND])
    return spans + (f", and {len(blind) - MOST_BLIND} times more" if len(blind) > MOST_BLIND else "")


def is_asked(question: Question, one: Happening) -> bool:
    """Whether the question is about it: by its id, or because the moment lies in it, or near a crossing."""
    if question.episode is not None:
        return one.id == question.episode
    if one.kind == "minute":
        return one.started_at <= question.at < one.started_at + MINUTE_MS
    if one.kind != "open":
        return abs(one.at - question.at) <= THEN_MS
    ends = one.ended_at if one.ended_at is not None else question.at
    return one.started_at <= question.at <= max(ends, one.at)


def _why_opened(one: Happening, seen: Evidence) -> Iterator[str]:
    """An episode, with the values of that instant; a count, with its own facts."""
    zone, rule = seen.zone, seen.rule
    if one.kind != "open":
        yield f"counted {moment(one.at, zone)} ({one.kind}); id {one.id}"
        yield f"  then: {_named(seen.facts[one.id])}"
        return
    yield f"opened {moment(one.at, zone)}: it had held since {clock(one.started_at, zone)}; episode {one.id}"
    at = next((s for s in seen.trace.samples if s.at >= one.at and _is_of(s, one)), None)
    if at is not None:
        yield f"  then: {values(at)}"
        yield from _inherited(at, seen)
    waited = [s for s in seen.trace.samples if s.held_up and one.started_at <= s.at < one.at and _is_of(s, one)]
    if waited:
        yield f"before that {_cooling(waited[0], zone)}"
    yield str(one.reason) if one.ended_at is None else f"ended {clock(one.ended_at, zone)}: {one.reason}"
    if one.mode == "shadow":
        why = (
            f"status {rule['status']}"
            if rule["status"] != "stable"
            else f"no authorisation in force then for category {rule['category']}"
        )
        yield f"in shadow, so nobody was alerted: {why}"


def _is_of(sample: Sample, one: Happening) -> bool:
    return sample.subject in {one.subject, "zone"}


def _cooling(sample: Sample, zone: str) -> str:
    """That the rule was cooling down, until when and why."""
    opened = clock(sample.cooling_until - sample.cooldown_ms, zone)
    return f"the rule was cooling down until {clock(sample.cooling_until, zone)}: another episode opened at {opened}"


def _why_nothing(question: Question, seen: Evidence) -> Iterator[str]:
    rule, trace = seen.rule, seen.trace
    if question.episode is not None:
        yield (
            f"judged again from {clock(seen.first, seen.zone)} on, the tracks do not give this episode: other "
            "tracks or another camera file, or it hangs on what lies before"
        )
    elif rule["status"] == "draft":
        yield "the rule is a draft: it does not run"
    elif not applies(rule["camera_tags"], rule["camera_ids"], seen.camera, otherwise=True):  # type: ignore[arg-type]  # a Camera record
        yield f"the rule does not mean camera {question.camera}: neither its id nor all of its tags are there"
    elif seen.refused:
        yield f"the camera cannot run the rule: {seen.refused[0]}"
    elif not seen.statuses:
        yield "no tracks of the camera around this moment: it was off, or they are not in what was read"
    elif not trace.frames:
        what = ", ".join(sorted({status for status, _, _ in seen.statuses}))
        yield f"the camera was blind: its frames were {what}"
    elif not trace.samples:
        yield f"nothing of {seen.classes} was in view"
    else:
        best = came_nearest(question, trace.samples)
        if best is not None:
            yield from _why_not(best, seen)
        else:
            yield f"nothing of {seen.classes} was in view within {THEN_MS // 1000} s of that moment"


def came_nearest(question: Question, samples: Iterable[Sample]) -> Sample | None:
    """The sample that went farthest, of those near the moment; None: there are none."""
    near = [sample for sample in samples if abs(sample.at - question.at) <= THEN_MS]
    return max(near, key=lambda sample: (*_progress(sample), -abs(sample.at - question.at)), default=None)


def _why_not(best: Sample, seen: Evidence) -> Iterator[str]:
    """How near it came: by the sample that went farthest."""
    who = "the zone" if best.subject == "zone" else f"a {best.object_class} ({number_of(best.subject)})"
    template = TEMPLATES[seen.rule["template"]]
    came = f"{who} came nearest at {clock(best.at, seen.zone)}"
    if template.counts and template.scope == "zone":
        yield "no count of this minute was told: the tracks end within it, or it was not watched"
    elif template.scope == "track over line" and best.phase == "idle":
        yield f"nobody surely crossed the line; {came}"
    elif best.held_up:
        yield f"{who} held for {best.held_s:g} s, which is enough, but {_cooling(best, seen.zone)}"
    elif best.phase == "pending" and best.condition is False and best.held_s >= best.for_s:
        yield f"{who} held for {best.held_s:g} s, which is enough, but the condition was false: {seen.rule['when']}"
    elif best.phase == "pending":
        yield f"{came}: held for {best.held_s:g} s of {best.for_s:g} s (`for`)"
    elif best.phase in {"open", "closing"}:
        yield f"an episode was {best.phase} then, of {who}: one episode at a time"
    else:
        yield f"the template never said on; {came}"
    yield f"  then: {values(best)}"
    yield from _inherited(best, seen)


def _inherited(sample: Sample, seen: Evidence) -> Iterator[str]:
    """Whose stay it went on with: those who held since that very instant, and no longer when the object began to."""
    if sample.phase == "idle" or sample.subject == "zone":
        return
    same = [s for s in seen.trace.samples if s.since == sample.since and s.scope == sample.scope]
    began = min(s.at for s in same if s.subject == sample.subject)
    after = {s.subject for s in same if s.at >= began}
    before = [s for s in same if s.subject not in after]
    if not before:
        return
    others = list(dict.fromkeys(s.subject for s in before))
    last = max((s.at for s in before if s.subject == others[-1] and s.verdict != "unseen"), default=sample.since)
    whom = ", then ".join(f"{sample.object_class} {number_of(subject)}" for subject in others)
    yield (
        f"  it went on with the stay of {whom}, last seen {clock(last, seen.zone)}: one was taken for the other; "
        "what it moved and for how long it was seen are its own"
    )


def number_of(subject: str) -> str:
    """The track id, without its session; `zone`."""
    return subject.rpartition(":")[2]


def _progress(sample: Sample) -> tuple[int, float, int, int, float]:
    """How far it went: the episode, the time, the verdict, the values that hold, how little the others lack.

    What only the cooldown held up comes before an episode that was open at another time.
    """
    phases = {"idle": 0, "pending": 4 if sample.held_up else 1, "closing": 2, "open": 3}
    verdicts = {"unseen": 0, "off": 0, "hold": 1, "doubted": 2, "on": 3}
    holding = sum(m.holds for m in sample.measured)
    lacking = sum(m.short_by for m in sample.measured)
    return phases[sample.phase], sample.held_s, verdicts[sample.verdict], holding, -lacking


def values(sample: Sample) -> str:
    """What was measured in one frame, against what; nothing twice, and no facts of a frame that did not show it."""
    parts = [f"template {sample.verdict}", *map(str, sample.measured)]
    told = [m.value for m in sample.measured]
    if sample.phase == "pending" and not any(m.unit == "s" and _same(m.value, sample.held_s) for m in sample.measured):
        told.append(sample.held_s)
        parts.append(f"held {sample.held_s:g} s (needs >= {sample.for_s:g})")
    if sample.held_up:
        parts.append(f"cooling down for {(sample.cooling_until - sample.at) / 1000:g} s more")
    if sample.condition is not None:
        parts.append(f"when is {str(sample.condition).lower()}")
    facts = {name: value for name, value in sample.facts.items() if not any(_same(value, known) for known in told)}
    if sample.verdict == "unseen":  # they go on with the clock
        facts = {}
    return "; ".join([*parts, *([_named(facts)] if facts else [])])


def _same(one: float, other: float) -> bool:
    """Whether both are printed alike."""
    return one != 0 and f"{one:.3g}" == f"{other:.3g}"


def _named(facts: Mapping[str, float]) -> str:
    return "; ".join(f"{name} {value:g}" for name, value in sorted(facts.items()))
