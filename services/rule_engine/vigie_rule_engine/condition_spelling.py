"""What people write in a condition that CEL writes otherwise, and how CEL writes it.

Signs of other languages and of word processors, numbers with a decimal comma or a unit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.spaces import odd_space
from vigie_common.units import Quantity, parse_distance, parse_duration, parse_speed

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("and", "et"), "&&"),
    **dict.fromkeys(("or", "ou"), "||"),
    **dict.fromkeys(("not", "non", "pas"), "!"),
    **dict.fromkeys(("is", "est"), "=="),
    "is not": "!=",
}
"""Words of other languages, and CEL's sign for them."""

_SIGNS: Final[Mapping[str, str]] = {
    "=": "==",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "&": "&&",
    "|": "||",
    "≥": ">=",
    "⩾": ">=",
    "≤": "<=",
    "⩽": "<=",
    "≠": "!=",
    "×": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "∧": "&&",
    "∨": "||",
    "¬": "!",
    "∈": "in",
}
"""Signs of other languages, of mathematics and of word processors, and CEL's for them."""

_QUOTES: Final = "“”„‟«»‹›‘’‚′″´"
"""Quotation marks of word processors."""

_OTHERWISE: Final = re.compile(
    rf"(?P<word>(?<![\w.])(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?!\w))"
    r"|(?P<sign>(?<![=!<>])=[<>]|<>|(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)"
    rf"|[{''.join(sign for sign in _SIGNS if not sign.isascii())}])"
    rf"|(?P<quote>[{_QUOTES}])",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(
    r"(?P<name>[a-z_][\w.]*)\s+(?P<word>between|entre)\s+(?P<low>[\w.]+)\s+(?:and|et)\s+(?P<high>[\w.]+)", re.IGNORECASE
)
_TIME_OF_DAY: Final = re.compile(
    r"(?:local\.\w+\s*(?P<sign>[=!<>]=|[<>])\s*)?(?<![\w.:])(?P<time>(?P<hour>\d{1,2}):(?P<minute>\d\d))(?![\w.:])"
)
_WITH_UNIT: Final = re.compile(
    r"(?<![\w.,])(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*"
    r"(?:(?P<unit>km/h|m/s|heights?/s|heights?|cm|ms|min|[dhms])(?![\w/(])|(?P<share>%)(?!\s*[\w(.-]))"
)
_DECIMAL_COMMA: Final = re.compile(r"(?<![\w.,])([0-9]+),([0-9]+)(?![\w.,])")
_COMPARED: Final = re.compile(r"(?P<name>[a-z_][\w.]*)\s*(?:[=!<>]=|[<>])\s*$", re.IGNORECASE)


def misspelt(bare: str) -> tuple[int, str] | None:
    """Where the first of it stands, from 0, and what to write; None: nothing of it is there.

    Args:
        bare: a condition that does not parse, without its texts and comments.
    """
    looked = (_between, _time_of_day, _otherwise, _with_unit, _comma, _space)
    found = [told for told in (look(bare) for look in looked) if told is not None]
    return min(found, default=None)


def _between(bare: str) -> tuple[int, str] | None:
    found = _BETWEEN.search(bare)
    if found is None:
        return None
    name = found["name"]
    return found.start("word"), f"{found['word']}: CEL writes {name} >= {found['low']} && {name} <= {found['high']}"


def _time_of_day(bare: str) -> tuple[int, str] | None:
    found = _TIME_OF_DAY.search(bare)
    if found is None:
        return None
    hour, minute, sign = int(found["hour"]), int(found["minute"]), found["sign"]
    if sign is None:
        fix = "compare local.hour and local.minute"
    elif not minute and sign in {">=", "<"}:
        fix = f"write local.hour {sign} {hour}"
    else:
        fix = f"write local.hour * 60 + local.minute {sign} {hour * 60 + minute}"
    return found.start("time"), f"{found['time']}: CEL has no times of day: {fix}"


def _otherwise(bare: str) -> tuple[int, str] | None:
    found = _OTHERWISE.search(bare)
    if found is None:
        return None
    if found["quote"]:
        return found.start(), f"{found[0]} is no quotation mark of CEL: write straight ones, \" or '"
    return found.start(), f"{found[0]}: CEL writes {_WORDS[found[0].lower()] if found['word'] else _SIGNS[found[0]]}"


def _with_unit(bare: str) -> tuple[int, str] | None:
    found = _WITH_UNIT.search(bare)
    if found is None:
        return None
    beside = _COMPARED.search(bare, 0, found.start())
    number = found["number"].replace(",", ".")
    number = _in_unit_of(beside["name"] if beside is not None else "", number, found["unit"] or "%")
    written = f"write {number}" if number else "write the number alone, in the unit in which the name ends"
    return found.start(), f"{found[0]}: a number has no unit here: {written}"


def _in_unit_of(name: str, number: str, unit: str) -> str:
    """The number as it is written beside a name; empty: it has another unit, or its is not known."""
    if not name.startswith("facts."):
        return "" if unit == "%" else number
    quantity = Quantity(float(number), "m") if unit == "m" and name.endswith("_m") else _quantity(number, unit)
    if quantity.unit == "mps" and name.endswith("_kmh"):
        return _double(quantity.value * 3.6)
    return _double(quantity.value) if quantity.unit == "fraction" or name.endswith(f"_{quantity.unit}") else ""


def _quantity(number: str, unit: str) -> Quantity:
    """A number with its unit; `m` is minutes."""
    if unit == "%":
        return Quantity(float(number) / 100, "fraction")
    if "/" in unit:
        return parse_speed(f"{number} {unit}")
    if unit in {"cm", "height", "heights"}:
        return parse_distance(f"{number} {unit}")
    return parse_duration(number + unit.removesuffix("in"))


def _double(value: float) -> str:
    text = f"{value:.9g}"
    return text if set(text) & {".", "e"} else f"{text}.0"


def _comma(bare: str) -> tuple[int, str] | None:
    """A decimal comma; within brackets a comma parts two values."""
    for found in _DECIMAL_COMMA.finditer(bare):
        before = bare[: found.start()]
        if before.count("(") <= before.count(")") and before.count("[") <= before.count("]"):
            return found.start(), f"{found[0]}: decimals follow a point: write {found[1]}.{found[2]}"
    return None


def _space(bare: str) -> tuple[int, str] | None:
    found = odd_space(bare)
    return None if found is None else (found[0], f"{found[1]} is no space to CEL: write an ordinary one")
