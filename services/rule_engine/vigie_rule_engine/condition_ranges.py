"""What of a condition is never true: a comparison with what a clock never shows or with no date, a division by zero.

Only what is certain is told: a comparison of a variable alone with a literal alone, and two of one whole number that
stand together under `&&` and leave no number.
"""

from __future__ import annotations

import operator
import re
from datetime import date
from typing import TYPE_CHECKING, Final

from vigie_rule_engine.conditions import place_of, without_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RANGES: Final[Mapping[str, range]] = {
    "local.hour": range(24),
    "local.minute": range(60),
    "local.weekday": range(1, 8),
}
"""The whole numbers that a variable can be."""

_NAME: Final = "|".join(map(re.escape, RANGES))
_COMPARED: Final = re.compile(
    rf"(?:(?P<name>{_NAME})\s*(?P<sign>[=!<>]=|[<>])\s*(?P<number>-?\d+)"
    rf"|(?P<first>-?\d+)\s*(?P<turned>[=!<>]=|[<>])\s*(?P<after>{_NAME}))"
    r"(?=\s*(?:$|\)|\]|&&|\|\||\?|:|,))"
)
_BEFORE: Final = re.compile(r"(?:^|\(|\[|&&|\|\||\?|:|,|!)\s*$")
"""What stands before a comparison that is one by itself, and no part of a sum."""

_LISTED: Final = re.compile(rf"(?<![\w.])(?P<name>{_NAME})\s+in\s*\[(?P<numbers>[\s\d,-]*)\]")
_SIGNS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

_BY_ZERO: Final = re.compile(r"[/%]\s*-?0+(?:\.0*)?(?![\w.])")
_DATED: Final = re.compile(r"(?<![\w.])local\.date\s*(?P<sign>[=!<>]=|[<>]|in\s*\[[^\]]*)\s*$")
_DATED_AFTER: Final = re.compile(r"^\s*(?P<sign>[=!<>]=|[<>])\s*local\.date(?![\w.(])")
_BEGUN: Final = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
"""What a date begins with, which compares with it in order."""

Found = tuple[str, int, int]
"""What is wrong, and the line and column, from 1, where it stands in the condition."""


def never_true(source: str) -> Iterator[Found]:
    """What of a condition can never be true whatever the clock says.

    Args:
        source: of a condition that compiles.
    """
    bare, texts = without_texts(source)
    seen = list(_compared(bare))
    for name, sign, number, at in seen:
        if not any(_SIGNS[sign](one, number) for one in RANGES[name]):
            yield f"when: {name} is never {_words(sign)}{number}: {_range_words(name)}", *place_of(source, at)
    for listed in _LISTED.finditer(bare):
        name = listed["name"]
        for item in re.finditer(r"-?\d+", listed["numbers"]):
            if int(item[0]) not in RANGES[name]:
                at = listed.start("numbers") + item.start()
                yield f"when: {name} is never {item[0]}: {_range_words(name)}", *place_of(source, at)
    for zero in _BY_ZERO.finditer(bare):
        text = f"when: {zero[0]} divides by zero, and what fails is false: divide by another number"
        yield text, *place_of(source, zero.start())
    yield from _contradictions(source, bare, seen)
    yield from _undated(source, bare, texts)


def _compared(bare: str) -> Iterator[tuple[str, str, int, int]]:
    """Each variable that is compared with a number, the sign as if it stood first, and where the comparison begins."""
    for found in _COMPARED.finditer(bare):
        if _BEFORE.search(bare, 0, found.start()):
            name, number = found["name"] or found["after"], int(found["number"] or found["first"])
            yield name, found["sign"] or _TURNED[found["turned"]], number, found.start()


def _words(sign: str) -> str:
    return "" if sign == "==" else f"{sign} "


def _range_words(name: str) -> str:
    there = RANGES[name]
    days = ", Monday to Sunday" if name == "local.weekday" else ""
    return f"it is {there.start} to {there.stop - 1}{days}"


def _contradictions(source: str, bare: str, seen: list[tuple[str, str, int, int]]) -> Iterator[Found]:
    """Comparisons of one variable of which each may be true, and never all: `local.hour >= 22 && local.hour < 6`."""
    if re.search(r"\|\||\?|!(?!=)|\(|\[", re.sub(r"\[[\s\d,-]*\]", "", bare)):
        return  # what stands beside them may make it true all the same
    for name, there in RANGES.items():
        mine = [(sign, number, at) for other, sign, number, at in seen if other == name]
        alone = [any(_SIGNS[sign](one, number) for one in there) for sign, number, _ in mine]
        if all(alone) and not any(all(_SIGNS[sign](one, number) for sign, number, _ in mine) for one in there):
            said = " && ".join(f"{name} {sign} {number}" for sign, number, _ in mine)
            yield f"when: {said} is never true: write || where one of them is enough", *place_of(source, mine[0][2])


def _undated(source: str, bare: str, texts: list[tuple[int, int]]) -> Iterator[Found]:
    """Texts that `local.date` is compared with, and that are no date."""
    for begin, end in texts:
        beside = _DATED.search(bare, 0, begin) or _DATED_AFTER.match(bare[end:])
        said = source[begin + 1 : end - 1]
        if beside is None or source[begin] not in "\"'" or not said or said[0] in "\"'" or "\\" in said:
            continue
        ordered = beside["sign"] in {"<", "<=", ">", ">="}
        if not (_BEGUN.fullmatch(said) if ordered else _is_date(said)):
            fix = f'write year-month-day, such as "{_meant(said)}"'
            yield f'when: local.date is never as "{said}": {fix}', *place_of(source, begin)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _meant(text: str) -> str:
    """`2026-05-04` for `04/05/2026`, the day first as in Europe; an example for what is no date at all."""
    found = re.fullmatch(r"(\d{1,2})\D(\d{1,2})\D(\d{4})", text, re.ASCII)
    meant = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found is not None else ""
    return meant if _is_date(meant) else "2026-05-04"
