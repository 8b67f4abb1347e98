"""What `vigie rules explain` says of a compound: what it correlates, and which of its parts were there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie_cli.event_times import clock, moment
from vigie_cli.rules_answer import is_asked
from vigie_cli.wording import counted
from vigie_common.yaml_model import nearest
from vigie_rule_engine.authority import applies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vigie_cli.rules_difference import Happening
    from vigie_cli.rules_explain import Question


def compound_answer(
    question: Question,
    compound: Mapping[str, Any],
    bundle: Mapping[str, Any],
    camera: Mapping[str, Any],
    found: Sequence[Happening],
) -> Iterator[str]:
    """The alert of the compound at the moment if there was one, what it needs, and each of its parts.

    Args:
        question: what is asked.
        compound: of the bundle.
        bundle: with the rules that are its parts.
        camera: whose tracks were judged: parts on other cameras are not known.
        found: episodes of its parts, and its own alerts.
    """
    zone, within_ms, cooldown_ms = str(camera["time_zone"]), int(compound["within_ms"]), int(compound["cooldown_ms"])
    yield f"{question.rule} is a compound: {needs_words(compound)}"
    at = question.at
    for one in found:
        if one.rule == question.rule and is_asked(question, one):
            at = one.started_at
            ends = f", {one.reason}" if one.ended_at is None else f", ended {clock(one.ended_at, zone)}: {one.reason}"
            told = "in shadow, held" if one.mode == "shadow" else "alerted"
            yield f"{told} {moment(one.at, zone)}, together since {clock(at, zone)}{ends}; alert {one.id}"
        elif one.rule == question.rule and one.at <= at < one.at + cooldown_ms:
            yield (
                f"it was cooling down until {clock(one.at + cooldown_ms, zone)}: "
                f"another alert opened at {clock(one.at, zone)}"
            )
    if compound["status"] == "draft":
        yield "the compound is a draft: it does not run"
    elif not applies(compound["camera_tags"], compound["camera_ids"], camera, otherwise=True):  # type: ignore[arg-type]  # a Camera record
        yield f"it does not mean camera {question.camera}: neither its id nor all of its tags are there"
    rules = {str(rule["id"]): rule for rule in bundle["rules"]}
    for name in compound["rules"]:
        own = [one for one in found if one.rule == name]
        there = [one for one in own if _there(one, at, within_ms)]
        if name not in rules:
            yield f"  {name}: not among the rules{nearest(name, rules)}"
        elif there:
            yield from (f"  {name}: there {span(one, zone)}, {one.scope or 'whole image'}" for one in there)
        else:
            last = max((one for one in own if one.started_at <= at), key=lambda h: h.started_at, default=None)
            before = "" if last is None else f"; the last before {span(last, zone)}"
            yield f"  {name}: not there{before}; why: --rule {name}"
    yield (
        f"judged are the tracks of {question.camera} alone; over other cameras: `vigie rules replay` with --topic or "
        "their --tracks"
    )


def needs_words(compound: Mapping[str, Any]) -> str:
    """What must come together so that a compound alerts."""
    rules, least = list(compound["rules"]), int(compound["min_rules"])
    if len(rules) == 1:
        there = f"{rules[0]} is there"
    elif least == 1:
        there = f"one of {', '.join(rules)} is there"
    else:
        there = f"{least} of {', '.join(rules)} are there"
    within, cooldown = compound["within_ms"] / 1000, compound["cooldown_ms"] / 1000
    return (
        f"it alerts when {there}, in one {compound['same']}, on {counted(compound['min_cameras'], 'camera')} or more, "
        f"each until {within:g} s after its end" + (f"; once in {cooldown:g} s" if cooldown else "")
    )


def _there(one: Happening, at: int, within_ms: int) -> bool:
    return one.started_at <= at and (one.ended_at is None or at <= one.ended_at + within_ms)


def span(one: Happening, zone: str) -> str:
    """From when to when an episode was, times of day."""
    end = "on" if one.ended_at is None else f"to {clock(one.ended_at, zone)}"
    return f"from {clock(one.started_at, zone)} {end}"
