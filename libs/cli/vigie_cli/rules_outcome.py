"""What a test of a rule expected, beside what was found."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vigie_common.units import parse_duration
from vigie_rule_engine.expectations import rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vigie_rule_engine.expectations import Expectation

_WIDE: Final = 34
"""Characters of the column of what was expected."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something the rule said; seconds from the test's start."""

    what: str
    """`open`, or the direction of a count."""
    at_s: float
    until_s: float | None = None
    """When the episode ended: the last instant it held."""
    reason: str | None = None
    text: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)
    """What a count brings."""

    def __str__(self) -> str:
        if self.what != "open":
            facts = ", ".join(f"{name} {_value(rounded(value))}" for name, value in self.facts.items())
            return f"count {self.what} at {seconds(self.at_s)}{facts and f': {facts}'}"
        end = "" if self.until_s is None else f", close {seconds(self.until_s)} ({self.reason})"
        return f"open {seconds(self.at_s)}{end}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test expects the rule to say, in the fields of `Found`; seconds from the test's start."""

    what: str
    at_s: float
    until_s: float | None
    within_s: float
    """Tolerance of both."""
    text: str
    """As the test has it."""
    facts: Mapping[str, float | str] = field(default_factory=dict)
    """What a count must bring: a number, or one with its tolerance."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that was expected, one that was found, or both where they belong together."""

    expected: Expected | None
    found: Found | None
    right: bool

    def __str__(self) -> str:
        expected = str(self.expected) if self.expected is not None else "nothing more"
        found = f"found {self.found}" if self.found is not None else "not found"
        return f"  {' ' if self.right else '!'}    {expected:<{_WIDE}}  {found}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one rule."""

    rule: str
    file: str
    line: int
    source: str
    """File or scene of what happens."""
    pairs: tuple[Pair, ...]

    @property
    def passed(self) -> bool:
        """Everything expected was found, and nothing else."""
        return all(pair.right for pair in self.pairs)

    @property
    def found(self) -> tuple[Found, ...]:
        """What the rule said, in the order of time."""
        return tuple(sorted((p.found for p in self.pairs if p.found is not None), key=lambda f: (f.at_s, f.what)))

    def lines(self) -> Iterator[str]:
        """What a person reads: which test, then what was expected beside what was found."""
        yield f"{'ok  ' if self.passed else 'FAIL'} {self.rule}  {self.source}"
        for pair in self.pairs:
            yield str(pair)
        if not self.pairs:
            yield f"       {'nothing':<{_WIDE}}  found nothing"

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "source": self.source,
            "passed": self.passed,
            "results": [
                {
                    "expected": None if pair.expected is None else dataclasses.asdict(pair.expected),
                    "found": None if pair.found is None else dataclasses.asdict(pair.found),
                    "right": pair.right,
                }
                for pair in self.pairs
            ],
        }


def paired(expected: Sequence[Expectation], found: Sequence[Found]) -> tuple[Pair, ...]:
    """What was expected beside what was found; each thing found is used once, and as many as can be are right."""
    fits = [sorted((j for j, f in enumerate(found) if _right(e, f)), key=_off(e, found)) for e in expected]
    partner = _largest_matching(fits)
    free = [j for j in range(len(found)) if j not in partner.values()]
    pairs = []
    for i, expectation in enumerate(expected):
        j, right = partner.get(i), i in partner
        if j is None:
            j = min((j for j in free if _near(expectation, found[j])), key=_off(expectation, found), default=None)
            free = [other for other in free if other != j]
        pairs.append(Pair(_expected(expectation), None if j is None else found[j], right=right))
    return (*pairs, *(Pair(None, found[j], right=False) for j in free))


def _largest_matching(fits: Sequence[Sequence[int]]) -> dict[int, int]:
    """One to one, as many as can be: of each thing expected, which found one it takes.

    Args:
        fits: of each thing expected, the found ones that fit, the nearest first.
    """
    partner: dict[int, int] = {}
    taken_by: dict[int, int] = {}
    for start in range(len(fits)):
        # a path of those who could take another instead (Berge 1957), the shortest first
        reached_from: dict[int, int] = {}
        queue = deque([start])
        while queue:
            i = queue.popleft()
            unseen = [j for j in fits[i] if j not in reached_from]
            reached_from.update(dict.fromkeys(unseen, i))
            free = next((j for j in unseen if j not in taken_by), None)
            if free is not None:
                _change_along(free, start, reached_from, partner, taken_by)
                break
            queue += [taken_by[j] for j in unseen]
    return partner


def _change_along(
    end: int, start: int, reached_from: Mapping[int, int], partner: dict[int, int], taken_by: dict[int, int]
) -> None:
    """Give each on the path the found one that it was reached by, back to the first, which had none."""
    j: int | None = end
    while j is not None:
        i = reached_from[j]
        before = partner.get(i)
        partner[i], taken_by[j] = j, i
        j = None if i == start else before


def _begins_s(expectation: Expectation) -> float:
    return parse_duration(expectation.open or expectation.at).value


def _off(expectation: Expectation, found: Sequence[Found]) -> Callable[[int], float]:
    return lambda j: abs(found[j].at_s - _begins_s(expectation))


def _near(expectation: Expectation, found: Found) -> bool:
    within = parse_duration(expectation.within).value
    return found.what == (expectation.count or "open") and abs(found.at_s - _begins_s(expectation)) <= within


def _right(expectation: Expectation, found: Found) -> bool:
    if not _near(expectation, found) or expectation.close is None:
        return _near(expectation, found) and expectation.fits(found.facts)
    off = None if found.until_s is None else abs(found.until_s - parse_duration(expectation.close).value)
    return off is not None and off <= parse_duration(expectation.within).value


def _expected(expectation: Expectation) -> Expected:
    within = f"within {_as_found(expectation.within)}"
    if expectation.count is not None:
        facts = ", ".join(f"{name} {_value(value)}" for name, value in expectation.facts.items())
        text = f"count {expectation.count} at {_as_found(expectation.at)} {within}{facts and f': {facts}'}"
    else:
        close = "" if expectation.close is None else f", close {_as_found(expectation.close)}"
        text = f"open {_as_found(expectation.open)}{close} {within}"
    return Expected(
        expectation.count or "open",
        _begins_s(expectation),
        None if expectation.close is None else parse_duration(expectation.close).value,
        parse_duration(expectation.within).value,
        text,
        dict(expectation.facts),
    )


def _as_found(duration: str | None) -> str:
    """A duration of a test spelt as what is found beside it."""
    return seconds(parse_duration(duration).value, decimals=3)


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"


def seconds(number: float, decimals: int = 1) -> str:
    """A time from the start as people say it, and as a rule file takes it: 9s, 3m10s, 1m05.2s."""
    minutes, rest = divmod(round(number, decimals), 60)
    whole, _, part = f"{rest:.{decimals}f}".partition(".")
    part = f".{part.rstrip('0')}".rstrip(".")
    if not minutes:
        return f"{whole}{part}s"
    return f"{int(minutes)}m" + (f"{whole:>02}{part}s" if int(whole) or part else "")
