"""What a test of a rule expected, beside what was found."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_common.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vigie_rule_engine.rule_file import Expectation

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

    def __str__(self) -> str:
        if self.what != "open":
            return f"count {self.what} at {seconds(self.at_s)}"
        end = "" if self.until_s is None else f", close {seconds(self.until_s)} ({self.reason})"
        return f"open {seconds(self.at_s)}{end}"


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that was expected, one that was found, or both where they belong together."""

    expected: str | None
    found: Found | None
    right: bool

    def __str__(self) -> str:
        expected = self.expected if self.expected is not None else "nothing more"
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
                    "expected": pair.expected,
                    "found": None if pair.found is None else dataclasses.asdict(pair.found),
                    "right": pair.right,
                }
                for pair in self.pairs
            ],
        }


def paired(expected: Sequence[Expectation], found: Sequence[Found]) -> tuple[Pair, ...]:
    """What was expected beside what was found; each thing found is used once."""
    return tuple(_pairs(expected, found))


def _pairs(expected: Sequence[Expectation], found: Sequence[Found]) -> Iterator[Pair]:
    left = list(found)
    for expectation in expected:
        what = expectation.count or "open"
        within = parse_duration(expectation.within).value
        begins = parse_duration(expectation.open or expectation.at).value
        ends = None if expectation.close is None else parse_duration(expectation.close).value
        near = [f for f in left if f.what == what and abs(f.at_s - begins) <= within]
        right = [f for f in near if ends is None or (f.until_s is not None and abs(f.until_s - ends) <= within)]
        best = min(right or near, key=lambda f: abs(f.at_s - begins), default=None)
        if best is not None:
            left.remove(best)
        yield Pair(_expected(expectation), best, right=bool(right))
    for more in left:
        yield Pair(None, more, right=False)


def _expected(expectation: Expectation) -> str:
    if expectation.count is not None:
        return f"count {expectation.count} at {expectation.at} within {expectation.within}"
    close = "" if expectation.close is None else f", close {expectation.close}"
    return f"open {expectation.open}{close} within {expectation.within}"


def seconds(number: float) -> str:
    """A time from the start as people say it: 9.0s, 3m10.0s."""
    minutes, rest = divmod(round(number, 1), 60)
    return f"{int(minutes)}m{rest:04.1f}s" if minutes else f"{rest:.1f}s"
