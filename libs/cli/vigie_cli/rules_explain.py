"""`vigie rules explain`: why an episode opened, or why nothing did, from the values that the rule measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.rules_difference import Happening, happenings, moment
from vigie_cli.rules_judge import judge
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError
from vigie_common.yaml_model import nearest
from vigie_rule_engine.authority import applies
from vigie_rule_engine.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_bundles import Published
    from vigie_rule_engine.trace import Sample

THEN_MS: Final = 30_000
"""What was so near a moment answers for it."""

AROUND_MS: Final = 120_000
"""Values are shown from so long before the moment, or the episode's start, until half of it after."""


@dataclass(frozen=True, slots=True)
class Question:
    """A rule, a camera, and a moment of event time (ms); the episode if it is about one."""

    rule: str
    camera: str
    at: int
    episode: str | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer, and the values that it stands on."""

    question: Question
    answer: tuple[str, ...]
    opened: tuple[Happening, ...]
    samples: tuple[Sample, ...]
    statuses: tuple[tuple[str, int, int], ...]
    """(status of the frames, from, to) in order: what is not `ok` was not watched."""
    time_zone: str

    def plain(self) -> dict[str, Any]:
        """For programs: every sample."""
        return {
            "question": asdict(self.question),
            "answer": list(self.answer),
            "opened": [asdict(one) for one in self.opened],
            "statuses": [{"status": s, "from": a, "to": b} for s, a, b in self.statuses],
            "samples": [asdict(sample) for sample in self.samples],
        }


def explain(
    question: Question,
    records: Sequence[Mapping[str, Any]],
    camera: Mapping[str, Any],
    bundle: Mapping[str, Any],
    each: Sequence[Published | None] | None = None,
) -> Explained:
    """Judge the tracks again and say what the rule measured.

    Args:
        question: what is asked.
        records: of the tracks, from some time before the moment.
        camera: as it was.
        bundle: as it was at the moment.
        each: what judged each record, where bundles changed in between; None: `bundle` throughout.

    Raises:
        BadInputError: the bundle has no such rule.
    """
    rules = {str(rule["id"]): rule for rule in bundle["rules"]}
    if question.rule not in rules:
        known = ", ".join(sorted(rules)) or "none"
        raise BadInputError(f'there is no rule "{question.rule}"; rules are {known}{nearest(question.rule, rules)}')
    rule = rules[question.rule]
    begin, end = question.at - AROUND_MS, (question.until or question.at) + AROUND_MS // 2
    trace = Trace(question.rule, question.camera, begin, end)
    judged = judge(records, [camera], bundle if each is None else None, watcher=trace, each=each)
    opened = tuple(one for one in happenings(judged.events) if one.rule == question.rule)
    near = [r for r in records if r["camera_id"] == question.camera and begin <= r["captured_at"] <= end]
    statuses = _spans((r["status"], r["captured_at"]) for r in near)
    refused = [e["message"] for e in judged.errors if e["rule"] == question.rule]
    first = next((int(r["captured_at"]) for r in records if r["camera_id"] == question.camera), question.at)
    answer = list(_answer(question, rule, camera, refused, opened, trace, statuses, first))
    if judged.refused:
        answer.append(f"{counted(len(judged.refused), 'record')} refused, the first: {judged.refused[0]}")
    zone = str(camera["time_zone"])
    return Explained(question, tuple(answer), opened, tuple(trace.samples), statuses, zone)


def _spans(seen: Iterable[tuple[str, int]]) -> tuple[tuple[str, int, int], ...]:
    spans = []
    for status, group in groupby(seen, key=lambda one: one[0]):
        times = [at for _, at in group]
        spans.append((status, times[0], times[-1]))
    return tuple(spans)


def _answer(
    question: Question,
    rule: Mapping[str, Any],
    camera: Mapping[str, Any],
    refused: Sequence[str],
    opened: Sequence[Happening],
    trace: Trace,
    statuses: Sequence[tuple[str, int, int]],
    first: int,
) -> Iterator[str]:
    """The first reason that explains all, or what opened."""
    zone = str(camera["time_zone"])
    mine = [one for one in opened if _is_asked(question, one)]
    if mine:
        for one in mine:
            yield from _why_opened(one, trace, rule, zone)
            if one.started_at <= first:
                yield f"the tracks that were judged begin at {_clock(first, zone)}: it may have held for longer"
    elif question.episode is not None:
        yield (
            f"judged again from {_clock(first, zone)} on, the tracks do not give this episode: other tracks or another "
            "camera file, or it hangs on what lies before"
        )
    elif rule["status"] == "draft":
        yield "the rule is a draft: it does not run"
    elif not applies(rule["camera_tags"], rule["camera_ids"], camera, otherwise=True):  # type: ignore[arg-type]  # a Camera record
        yield f"the rule does not mean camera {question.camera}: neither its id nor all of its tags are there"
    elif refused:
        yield f"the camera cannot run the rule: {refused[0]}"
    elif not statuses:
        yield "no tracks of the camera around this moment: it was off, or they are not in what was read"
    elif not trace.frames:
        what = ", ".join(sorted({status for status, _, _ in statuses}))
        yield f"the camera was blind: its frames were {what}"
    elif not trace.samples:
        yield f"nothing of {', '.join(rule['classes'])} was in view"
    else:
        near = [sample for sample in trace.samples if abs(sample.at - question.at) <= THEN_MS]
        if near:
            yield from _why_not(near, rule, zone)
        else:
            yield f"nothing of {', '.join(rule['classes'])} was in view within {THEN_MS // 1000} s of that moment"
    blind = [span for span in statuses if span[0] != "ok"]
    if blind and trace.frames:
        spans = ", ".join(f"{s} {_clock(a, zone)}-{_clock(b, zone)}" for s, a, b in blind[:5])
        yield f"not watched: {spans}; blind time neither matures nor ends anything"


def _is_asked(question: Question, one: Happening) -> bool:
    if question.episode is not None:
        return one.id == question.episode
    ends = one.ended_at if one.ended_at is not None else question.at
    return one.started_at <= question.at <= max(ends, one.at)


def _why_opened(one: Happening, trace: Trace, rule: Mapping[str, Any], zone: str) -> Iterator[str]:
    told = "counted" if one.kind != "open" else "opened"
    yield f"{told} {moment(one.at, zone)}: it had held since {_clock(one.started_at, zone)}; episode {one.id}"
    at = next((s for s in trace.samples if s.at >= one.at and s.subject in {one.subject, "zone"}), None)
    if at is not None:
        yield f"  then: {_values(at)}"
    if one.ended_at is not None:
        yield f"ended {_clock(one.ended_at, zone)}: {one.reason}"
    if one.mode == "shadow":
        why = (
            f"status {rule['status']}"
            if rule["status"] != "stable"
            else f"no authorisation in force for category {rule['category']}"
        )
        yield f"in shadow, so nobody was alerted: {why}"


def _why_not(samples: Sequence[Sample], rule: Mapping[str, Any], zone: str) -> Iterator[str]:
    """How near it came: by the sample that went farthest."""
    best = max(samples, key=_progress)
    who = "the zone" if best.subject == "zone" else f"a {best.object_class} ({best.subject.rpartition(':')[2]})"
    if best.phase == "pending" and best.condition is False and best.held_s >= best.for_s:
        yield f"{who} held for {best.held_s:g} s, which is enough, but the condition was false: {rule['when']}"
    elif best.phase == "pending":
        yield f"{who} came nearest at {_clock(best.at, zone)}: held for {best.held_s:g} s of {best.for_s:g} s (`for`)"
    elif best.phase in {"open", "closing"}:
        yield f"an episode was {best.phase} then, of {who}: one episode at a time"
    else:
        yield f"the template never said on; {who} came nearest at {_clock(best.at, zone)}"
    yield f"  then: {_values(best)}"


def _progress(sample: Sample) -> tuple[int, float, int, int]:
    phases = {"idle": 0, "pending": 1, "closing": 2, "open": 3}
    verdicts = {"unseen": 0, "off": 0, "hold": 1, "doubted": 2, "on": 3}
    holding = sum(m.holds for m in sample.measured)
    return phases[sample.phase], sample.held_s, verdicts[sample.verdict], holding


def _values(sample: Sample) -> str:
    parts = [f"template {sample.verdict}", *map(str, sample.measured)]
    if sample.phase == "pending":
        parts.append(f"held {sample.held_s:g} s (needs >= {sample.for_s:g})")
    if sample.condition is not None:
        parts.append(f"when is {str(sample.condition).lower()}")
    parts += [f"{name} {value:g}" for name, value in sorted(sample.facts.items())]
    return "; ".join(parts)


def lines(found: Explained, most: int = 60) -> Iterator[str]:
    """What a person reads: the answer, then the course of every object that came into question."""
    question, zone = found.question, found.time_zone
    yield f"{question.rule} on {question.camera}, {moment(question.at, zone)}"
    yield from (f"  {line}" for line in found.answer)
    courses = _courses(found.samples)
    if courses:
        yield "course (from, to; what the template said; where the episode stood; the last values):"
    for sample_from, last in courses[:most]:
        who = "zone" if last.subject == "zone" else f"{last.object_class} {last.subject.rpartition(':')[2]}"
        scope = f" {last.scope}" if last.scope else ""
        span = f"{_clock(sample_from.at, zone)}-{_clock(last.at, zone)}"
        yield f"  {span}  {who}{scope}  {last.verdict:<6} {last.phase:<7}  {_values(last)}"
    if len(courses) > most:
        yield f"  and {len(courses) - most} more: --json has every frame"


def _courses(samples: Iterable[Sample]) -> list[tuple[Sample, Sample]]:
    """First and last sample of each stretch in which nothing changed but numbers; who never mattered is left out."""
    ordered = sorted(samples, key=lambda s: (s.scope, s.subject, s.at))
    found = []
    for _, own in groupby(ordered, key=lambda s: (s.scope, s.subject)):
        stretches = [list(g) for _, g in groupby(own, key=lambda s: (s.verdict, s.phase, s.condition))]
        if any(stretch[0].verdict in {"on", "hold"} or stretch[0].phase != "idle" for stretch in stretches):
            found += [(stretch[0], stretch[-1]) for stretch in stretches]
    return sorted(found, key=lambda pair: pair[0].at)


def _clock(at: int, zone: str) -> str:
    return moment(at, zone)[11:]
