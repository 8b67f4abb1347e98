"""Conditions of rules (`when`): typed CEL expressions over what is known when an episode matures.

A condition is compiled once, must be of type bool, and is bounded: at most `LONGEST` bytes, no comprehension, no
regular expression and no map, so that an evaluation is short whatever its author wrote, and no author's text stops the
engine: what fails is false. Every variable is declared with its type, so a misspelt name is an error when the rule is
read and not a rule that never fires.
Language: Common Expression Language, https://github.com/google/cel-spec.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cel_expr_python import cel

from vigie_common.errors import BadInputError
from vigie_rule_engine.catalogue import facts_of_template
from vigie_rule_engine.condition_advice import WEEKDAYS, overload, said_type, syntax, unknown
from vigie_rule_engine.condition_spelling import misspelt

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = 1024
"""Bytes of the longest condition."""

_LEAST_INT: Final = -(2**63)
"""Of CEL."""

_VARIABLES: Final[Mapping[str, Any]] = {
    "local.hour": cel.Type.INT,
    "local.minute": cel.Type.INT,
    "local.weekday": cel.Type.INT,
    "local.date": cel.Type.STRING,
    "local.holiday": cel.Type.BOOL,
    "object.class": cel.Type.STRING,
    "zone.name": cel.Type.STRING,
    "line.name": cel.Type.STRING,
    "camera.id": cel.Type.STRING,
    "camera.site": cel.Type.STRING,
    "camera.tags": cel.Type.List(cel.Type.STRING),
}
"""What every condition may name; weekday counts from 1, Monday, to 7 (ISO 8601). Facts come beside them."""

VARIABLE_NAMES: Final = tuple(_VARIABLES)
"""Names for error messages and the documentation, facts apart."""

_NO_BOUND: Final = "its cost has no bound: compare with ==, in, startsWith() or contains()"
_FORBIDDEN: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\b(matches|all|exists|exists_one|existsOne|map|filter|transformList|transformMap)\s*\("), _NO_BOUND),
    (
        re.compile(r"\b(has)\s*\("),
        "every name is always there, and the test would never be true: compare its value, such as zone.name != ''",
    ),
    (
        re.compile(r"(\{)"),
        "a map or message is not needed, and one with a key twice fails: write a list, such as local.weekday in [6, 7]",
    ),
)
"""What no condition may contain, and why; braces have no other use in CEL."""

_NO_CODE: Final = re.compile(
    r"//[^\n]*"
    r"|\b(?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n\r]*\"|'[^'\n\r]*')"
    r"|\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|\"(?:[^\"\\\n\r]|\\.)*\"|'(?:[^'\\\n\r]|\\.)*'",
    re.DOTALL,
)
"""Comments and strings, raw ones and those of several lines too (the lexis of the CEL specification)."""


class ConditionError(BadInputError):
    """A condition cannot be used; `line` and `column` count from 1 inside its source."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


_FAILURES: Final = (RuntimeError, ValueError, TypeError, LookupError, ArithmeticError)
"""What the evaluator raises where it gives no error value, such as for a key that a map has twice."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition."""

    source: str
    template: str
    _expression: Any = field(repr=False, compare=False)

    def holds(self, variables: Mapping[str, object]) -> bool:
        """Whether it is true of `variables` (every declared name); an error of evaluation is false."""
        try:
            value = self._expression.eval(data=variables)
            return bool(value.type() == cel.Type.BOOL and value.value() is True)
        except _FAILURES:
            return False

    def constant(self) -> bool | None:
        """What it is whatever the variables are, as `1 > 2` and `true || local.holiday`; None: it depends on them."""
        try:
            value = self._expression.eval(data={})
            return bool(value.value()) if value.type() == cel.Type.BOOL else None
        except _FAILURES:
            return None


@lru_cache(maxsize=32)
def cel_environment(template: str) -> Any:
    """The compiler of a template's conditions, with every name that they may use; its refusals are RuntimeErrors."""
    facts = {f"facts.{name}": cel.Type.DOUBLE for name in facts_of_template(template)}
    return cel.NewEnv(variables={**_VARIABLES, **facts})


@lru_cache(maxsize=4096)
def compile_condition(source: str, template: str) -> Condition:
    """The compiled condition of a rule of `template`.

    Raises:
        ConditionError: too long, not CEL, an unknown variable, a forbidden function or map, or not a bool.
    """
    try:
        size = len(source.encode())
    except UnicodeEncodeError as broken:
        raise ConditionError("when: half of a character (a lone surrogate) is no text: remove it") from broken
    if size > LONGEST:
        raise ConditionError(f"when: {size} bytes is longer than {LONGEST}: split it into several rules")
    bare, _ = without_texts(source)
    for pattern, reason in _FORBIDDEN:
        forbidden = pattern.search(bare)
        if forbidden:
            what = forbidden.group(1) if forbidden.group(1) == "{" else f"{forbidden.group(1)}()"
            raise ConditionError(f"when: {what} may not be used, {reason}", *place_of(bare, forbidden.start()))
    try:
        expression = cel_environment(template).compile(source)
    except RuntimeError as error:
        told = misspelt(bare) if "Syntax error" in str(error) else None
        if told is not None:
            raise ConditionError(f"when: {told[1]}", *place_of(bare, told[0])) from error
        raise _explained(str(error), source, template) from error
    if expression.return_type() != cel.Type.BOOL:
        raise ConditionError(
            f"when: {source!r} gives {said_type(expression.return_type().name())}, not true or false: "
            "compare it with something, such as local.hour >= 7"
        )
    return Condition(source, template, expression)


def without_texts(source: str) -> tuple[str, list[tuple[int, int]]]:
    """The source with its comments and texts blanked, of the same length, and where the texts begin and end."""
    found = list(_NO_CODE.finditer(source))
    bare = _NO_CODE.sub(lambda text: re.sub(r"[^\n]", " ", text.group()), source)
    return bare, [text.span() for text in found if not text.group().startswith("//")]


def is_open(source: str) -> bool:
    """Whether a text in it begins and does not end."""
    bare, _ = without_texts(source)
    return '"' in bare or "'" in bare


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def held(source: str, template: str, variables: Mapping[str, object]) -> bool:
    """Whether a condition of an earlier version holds: one that this engine refuses is false."""
    try:
        return compile_condition(source, template).holds(variables)
    except ConditionError:
        return False


def _explained(message: str, source: str, template: str) -> ConditionError:
    """The error with what its author can do about it."""
    place = re.search(r"<input>:(\d+):(\d+): (.*)", message)
    line, column, reason = (int(place[1]), int(place[2]), place[3]) if place else (1, 1, message)
    reason = reason.removesuffix(" (in container '')")
    if "recursion" in message:
        return ConditionError("when: it is nested deeper than 32 levels: split it into several rules")
    undeclared = re.match(r"undeclared reference to '([^']*)'", reason)
    lines = source.split("\n")
    offset = sum(len(one) + 1 for one in lines[: line - 1]) + column - 1
    facts = {f"facts.{name}": "double" for name in facts_of_template(template)}
    types = {
        **{name: kind.name().lower().replace("<", "(").replace(">", ")") for name, kind in _VARIABLES.items()},
        **facts,
    }
    if "Syntax error" in reason:
        return ConditionError(f"when: {syntax(reason, without_texts(source)[0], offset)}", line, column)
    if undeclared:
        fix = unknown(undeclared[1], source, list(types))
        begins = lines[line - 1].rfind(undeclared[1], 0, column + len(undeclared[1]))
        column = begins + 1 if begins >= 0 else column  # the compiler points at the last point of a name
    elif "string" in reason and "int" in reason and "local.weekday" in source:
        fix = f"{WEEKDAYS}: write local.weekday == 1, or local.weekday in [6, 7]"
        return ConditionError(f"when: {fix}", line, column)
    elif "invalid int literal" in reason:
        fix = f"a number without a point lies between {_LEAST_INT} and {-_LEAST_INT - 1}: write a smaller one"
        return ConditionError(f"when: {fix}", line, column)
    else:
        told = overload(reason, source, offset, types)
        if told is not None:
            return ConditionError(f"when: {told}", line, column)
        fix = "the language is CEL, such as local.hour >= 7 && local.hour < 20"
    return ConditionError(f"when: {reason}: {fix}", line, column)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(at_ms: int, time_zone: str, holidays: frozenset[str]) -> dict[str, object]:
    """The `local.*` variables at an event time.

    Args:
        at_ms: milliseconds since 1970 UTC.
        time_zone: IANA name.
        holidays: ISO dates of the site's calendar.
    """
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    local = (epoch + timedelta(milliseconds=at_ms)).astimezone(_zone(time_zone))
    date = local.date().isoformat()
    return {
        "local.hour": local.hour,
        "local.minute": local.minute,
        "local.weekday": local.isoweekday(),
        "local.date": date,
        "local.holiday": date in holidays,
    }
