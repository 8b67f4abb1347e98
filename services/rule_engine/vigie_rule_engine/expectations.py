"""What a test of a rule or of a compound expects: episodes, and counts with the values that they bring."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from vigie_common.units import DURATION_PATTERN, parse_duration
from vigie_common.yaml_model import FileModel, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vigie_rule_engine.template import Template


def _duration(value: object) -> object:
    parse_duration(value)
    return value


Duration = Annotated[str, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})]

_NUMBER: Final = r"-?\d{1,9}(?:\.\d{1,9})?"
_RANGE: Final = rf"^{_NUMBER} to {_NUMBER}$"
_DECIMALS: Final = 2
"""Of a measured value, as a test's report shows it."""


def _measured(value: object) -> object:
    bounds(value)
    return value


Measured = Annotated[
    float | str,
    BeforeValidator(_measured),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _RANGE.replace("(?:", "(")}]}),
]
"""A value that a count brings: a number, to two decimals, or `1.9 to 2.3`."""


def bounds(value: object) -> tuple[float, float]:
    """The least and the most of an expected value.

    Raises:
        ValueError: it is neither a number nor a range; the message shows the fix.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return rounded(value), rounded(value)
    if isinstance(value, str) and re.fullmatch(_RANGE, value, re.ASCII):
        least, most = map(float, value.split(" to "))
        if least > most:
            raise ValueError(f"begins above its end: write {most:g} to {least:g}")
        return least, most
    about = re.fullmatch(rf"({_NUMBER}) *(?:±|\+/?-) *({_NUMBER})", str(value), re.ASCII)
    if about is not None:
        middle, off = float(about[1]), abs(float(about[2]))
        raise ValueError(f"write {middle - off:.9g} to {middle + off:.9g}")
    raise ValueError("write a number, such as 3, or the least and the most, such as 1.9 to 2.3")


def rounded(value: float) -> float:
    """A measured value as a test compares it and its report shows it."""
    return round(value, _DECIMALS)


class Expectation(FileModel):
    """One thing that must happen in a test: an episode, or a count."""

    open: Duration | None = Field(default=None, description="when an episode opens, from the test's start")
    close: Duration | None = Field(default=None, description="when it closes; left out: not checked")
    count: Literal["in", "out", "minute"] | None = Field(
        default=None, description="a count in this direction, or of a zone's minute"
    )
    at: Duration | None = Field(default=None, description="when the count happens")
    facts: dict[str, Measured] = Field(
        default={}, description="values that the count brings: max: 3, mean: 1.9 to 2.3; left out: not checked"
    )
    within: Duration = Field(default="1s", description="how far off each instant may be")

    @model_validator(mode="after")
    def _one_kind(self) -> Expectation:
        if (self.open is None) == (self.count is None):
            raise ValueError("expect an episode {open: 3m} or a count {count: in, at: 12s}")
        if (self.count is None) != (self.at is None):
            raise ValueError("`at` goes with `count`: write {count: in, at: 12s}")
        if self.count is not None and self.close is not None:
            raise ValueError("`close` goes with `open`: a count is one instant")
        if self.count is None and self.facts:
            raise ValueError("`facts` goes with `count`: write {count: minute, at: 0s, facts: {max: 3}}")
        begins, ends = (None if t is None else parse_duration(t).value for t in (self.open, self.close))
        if begins is not None and ends is not None and ends < begins:
            raise ValueError(f"close ({self.close}) is before open ({self.open}): both count from the test's start")
        return self

    def fits(self, facts: Mapping[str, float]) -> bool:
        """Whether measured values are as expected."""
        return all(
            name in facts and bounds(value)[0] <= rounded(facts[name]) <= bounds(value)[1]
            for name, value in self.facts.items()
        )


Found = tuple[list[object], str]
"""A path below a test, and what is wrong there."""


def never_found(expected: Sequence[Expectation], template: Template | None) -> Iterator[Found]:
    """What a test expects that its rule can never say.

    Args:
        expected: of the test.
        template: of the rule; None: a compound.
    """
    name = "a compound" if template is None else template.name
    counts = template is not None and template.counts
    zone = template is not None and template.scope == "zone"
    kinds: tuple[str, ...] = () if not counts else ("minute",) if zone else ("in", "out")
    known = template.facts if template is not None and zone else ()
    for i, one in enumerate(expected):
        where = f"expect[{i}]"
        if one.count is None and counts:
            fix = f"write {{count: {kinds[0]}, at: {one.open}}}"
            yield ["expect", i, "open"], f"{where}.open: {name} counts and opens no episode: {fix}"
        elif one.count is not None and not counts:
            text = f"{where}.count: {one.count}: {name} opens episodes and counts nothing: write {{open: {one.at}}}"
            yield ["expect", i, "count"], text
        elif one.count is not None and one.count not in kinds:
            text = f"{where}.count: {one.count}: {name} counts {' and '.join(kinds)}: write count: {kinds[0]}"
            yield ["expect", i, "count"], text
        else:
            for fact in one.facts:
                if fact not in known:
                    there = f"values are {', '.join(known)}" if known else "a crossing has none: remove it"
                    text = f"{where}.facts.{fact}: {name} brings no such value; {there}"
                    yield ["expect", i, "facts", fact], text + nearest(fact, known)
