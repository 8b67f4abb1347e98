"""The course in `vigie rules explain`: of whom the answer is about, around the moment, then of who else was there."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from vigie_cli.event_times import clock
from vigie_cli.rules_answer import THEN_MS, came_nearest, is_asked, number_of, values
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vigie_cli.rules_explain import Explained, Question
    from vigie_rule_engine.trace import Sample

MOST: Final = 20
"""Lines of whom the answer is about."""

MOST_OTHERS: Final = 5
"""Lines of all others."""

MOST_IDS: Final = 10
"""Track ids that a message lists."""

Stretch = tuple["Sample", "Sample"]
"""First and last sample of a time in which nothing changed but numbers."""


def course_lines(found: Explained, track: str | None = None) -> Iterator[str]:
    """What a person reads.

    Args:
        found: the answer, with its samples.
        track: id of another track that is shown instead.

    Raises:
        BadInputError: that track was not in view.
    """
    question, everyone = found.question, _stretches(found.samples)
    if track is not None:
        own = [stretch for stretch in everyone if number_of(stretch[0].subject) == track]
        shown, others = _around(question, own), []
        if not own:
            raise BadInputError(f"--track {track}: was not in view in this time; nearest to the moment {_ids(found)}")
        left = len(own) - len(shown)
    else:
        meant = _who(found)
        mattered = {_who_is(first) for first, _ in everyone if first.verdict in {"on", "hold"} or first.phase != "idle"}
        then = [s for s in everyone if _who_is(s[0]) in mattered - {meant} and _distance(question, s) <= THEN_MS]
        shown = _around(question, [stretch for stretch in everyone if _who_is(stretch[0]) == meant])
        others = _around(question, then, MOST_OTHERS)
        left = sum(_who_is(first) in mattered | {meant} for first, _ in everyone) - len(shown) - len(others)
    if shown or others:
        yield "course (from, to; what the template said; where the episode stood; the last values):"
    yield from (_line(stretch, found.time_zone) for stretch in shown)
    if shown and others:
        yield f"others within {THEN_MS // 1000} s of the moment:"
    yield from (_line(stretch, found.time_zone) for stretch in others)
    if left:
        yield f"  and {counted(left, 'line')} more: --track ID shows one object, --json every frame"


def _line(stretch: Stretch, zone: str) -> str:
    first, last = stretch
    who = "zone" if last.subject == "zone" else f"{last.object_class} {number_of(last.subject)}"
    scope = f" {last.scope}" if last.scope else ""
    return (
        f"  {clock(first.at, zone)}-{clock(last.at, zone)}  {who}{scope}  {last.verdict:<6} {last.phase:<7}  "
        f"{values(last)}"
    )


def _who(found: Explained) -> tuple[str, str] | None:
    """Scope and subject of what opened at the moment, else of what came nearest; None: nothing was in view."""
    for one in found.opened:
        if is_asked(found.question, one):
            own = (s for s in found.samples if s.scope == one.scope and s.subject in {one.subject, "zone"})
            first = next(own, None)
            return None if first is None else _who_is(first)
    best = came_nearest(found.question, found.samples)
    return None if best is None else _who_is(best)


def _who_is(sample: Sample) -> tuple[str, str]:
    return sample.scope, sample.subject


def _ids(found: Explained) -> str:
    """Of those in view, the nearest to the moment first, and how many more there were."""
    near = sorted(_stretches(found.samples), key=lambda stretch: _distance(found.question, stretch))
    ids = list(dict.fromkeys(number_of(first.subject) for first, _ in near))
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    return f"there were {', '.join(ids[:MOST_IDS]) or 'none'}{more}"


def _around(question: Question, stretches: Sequence[Stretch], most: int = MOST) -> list[Stretch]:
    """The nearest to the moment, in the order of time."""
    nearest = sorted(stretches, key=lambda stretch: _distance(question, stretch))[:most]
    return sorted(nearest, key=lambda stretch: stretch[0].at)


def _distance(question: Question, stretch: Stretch) -> int:
    """How long (ms) before or after the moment it was; 0: then."""
    return max(stretch[0].at - question.at, question.at - stretch[1].at, 0)


def _stretches(samples: Iterable[Sample]) -> list[Stretch]:
    """Of everyone, one after the other, each in the order of time."""
    ordered = sorted(samples, key=lambda s: (s.scope, s.subject, s.at))
    found = []
    for _, own in groupby(ordered, key=_who_is):
        for _, group in groupby(own, key=lambda s: (s.verdict, s.phase, s.condition, s.held_up)):
            same = list(group)
            found.append((same[0], same[-1]))
    return found
