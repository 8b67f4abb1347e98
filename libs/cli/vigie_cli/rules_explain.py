"""`vigie rules explain`: why an episode opened, or why nothing did, from the values that the rule measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.event_times import moment
from vigie_cli.rules_answer import Evidence, answer
from vigie_cli.rules_compounds import compound_happenings
from vigie_cli.rules_course import course_lines
from vigie_cli.rules_difference import Happening, happenings
from vigie_cli.rules_explain_compound import compound_answer
from vigie_cli.rules_judge import judge, unjudged
from vigie_common.errors import BadInputError
from vigie_common.yaml_model import nearest
from vigie_rule_engine.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_bundles import Published
    from vigie_common.stream import ConfigVersion
    from vigie_rule_engine.trace import Sample

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
    seen_by: Sequence[ConfigVersion] | None = None,
) -> Explained:
    """Judge the tracks again and say what the rule measured.

    Args:
        question: what is asked.
        records: of the tracks, from some time before the moment.
        camera: as it was at the moment.
        bundle: as it was at the moment.
        each: what judged each record, where bundles changed in between; None: `bundle` throughout.
        seen_by: how the camera was at each record, where it changed in between; None: `camera` throughout.

    Raises:
        BadInputError: the bundle has no such rule.
    """
    rules = {str(rule["id"]): rule for rule in bundle["rules"]}
    compounds = {str(compound["id"]): compound for compound in bundle["compounds"]}
    if question.rule in compounds:
        return _explain_compound(question, records, camera, bundle, each, seen_by)
    if question.rule not in rules:
        known = ", ".join(sorted(rules | compounds)) or "none"
        fix = nearest(question.rule, rules | compounds)
        where = "among these rules" if each is None else "in the bundle that judged then"
        raise BadInputError(f'there is no rule "{question.rule}" {where}, which has {known}{fix}')
    rule = rules[question.rule]
    begin, end = question.at - AROUND_MS, (question.until or question.at) + AROUND_MS // 2
    trace = Trace(question.rule, question.camera, begin, end)
    judged = judge(
        records, [camera], bundle if each is None else None, watcher=trace, each=each, seen_by=seen_by, ends=False
    )
    opened = tuple(one for one in happenings(judged.events) if one.rule == question.rule)
    near = [r for r in records if r["camera_id"] == question.camera and begin <= r["captured_at"] <= end]
    statuses = _spans((r["status"], r["captured_at"]) for r in near)
    refused = [e["message"] for e in judged.errors if e["rule"] == question.rule]
    first = next((int(r["captured_at"]) for r in records if r["camera_id"] == question.camera), question.at)
    facts = {event["episode_id"]: event["facts"] for event in judged.events if event["kind"] in {"OPEN", "COUNT"}}
    said = list(answer(question, Evidence(rule, camera, refused, opened, facts, trace, statuses, first)))
    said += unjudged(judged.refused, {})
    zone = str(camera["time_zone"])
    return Explained(question, tuple(said), opened, tuple(trace.samples), statuses, zone)


def _explain_compound(
    question: Question,
    records: Sequence[Mapping[str, Any]],
    camera: Mapping[str, Any],
    bundle: Mapping[str, Any],
    each: Sequence[Published | None] | None,
    seen_by: Sequence[ConfigVersion] | None,
) -> Explained:
    compound = next(one for one in bundle["compounds"] if one["id"] == question.rule)
    judged = judge(records, [camera], bundle if each is None else None, each=each, seen_by=seen_by, ends=False)
    everything = (*happenings(judged.events), *compound_happenings(judged.events))
    found = tuple(
        h for h in everything if h.rule == question.rule or (h.rule in compound["rules"] and h.kind == "open")
    )
    said = tuple(compound_answer(question, compound, bundle, camera, found))
    near = [r for r in records if abs(r["captured_at"] - question.at) <= AROUND_MS]
    statuses = _spans((r["status"], r["captured_at"]) for r in near if r["camera_id"] == question.camera)
    return Explained(question, said, found, (), statuses, str(camera["time_zone"]))


def _spans(seen: Iterable[tuple[str, int]]) -> tuple[tuple[str, int, int], ...]:
    spans = []
    for status, group in groupby(seen, key=lambda one: one[0]):
        times = [at for _, at in group]
        spans.append((status, times[0], times[-1]))
    return tuple(spans)


def lines(found: Explained, track: str | None = None) -> Iterator[str]:
    """What a person reads: the answer, then the course of whom it is about, or of a track that is named."""
    question, zone = found.question, found.time_zone
    yield f"{question.rule} on {question.camera}, {moment(question.at, zone)} {zone}"
    yield from (f"  {line}" for line in found.answer)
    yield from course_lines(found, track)
