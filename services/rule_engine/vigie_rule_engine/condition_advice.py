"""What is wrong with a condition that the compiler refuses, in an author's words: what it reads as, and the fix.

The compiler names the tokens and overloads that it knows. An author wants to know which side of a comparison is of
another type, and how to write it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SAID: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "double": "a measured value",
    "string": "a text",
    "bool": "true or false",
    "list(string)": "a list of texts",
    "list<string>": "a list of texts",
    "list(int)": "a list of whole numbers",
    "list(double)": "a list of measured values",
}
"""The types of CEL, as people say them."""

_OPERAND: Final = r"\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\d{4}-\d\d-\d\d|-?\d+(?:\.\d+)?|[A-Za-z_][\w.]*"
_EXAMPLE: Final = "the language is CEL, such as local.hour >= 7 && local.hour < 20"
_CLOSING: Final[Mapping[str, str]] = {"(": ")", "[": "]"}


WEEKDAYS: Final = "weekday is a number from 1, Monday, to 7, Sunday"
_DAYS: Final[Mapping[int, str]] = {
    1: "mon monday lun lundi",
    2: "tue tues tuesday mar mardi",
    3: "wed wednesday mer mercredi",
    4: "thu thur thurs thursday jeu jeudi",
    5: "fri friday ven vendredi",
    6: "sat saturday sam samedi",
    7: "sun sunday dim dimanche",
}
"""Days as people name them, by their number in a condition."""


def said_type(name: str) -> str:
    """A type of CEL as people say it: a whole number."""
    return _SAID.get(name.lower(), f"a {name.lower()}")


def syntax(reason: str, bare: str, offset: int) -> str:
    """What is wrong with what is no CEL, and the fix.

    Args:
        reason: the compiler's, without its place.
        bare: the condition without its texts and comments.
        offset: where the compiler gave up.
    """
    sign = re.search(r"(?:input|at:?) '(.*?)'(?: expecting|$)", reason)
    found = sign[1].strip() if sign is not None else ""
    opened = _left_open(bare)
    if "token recognition error" in reason:
        if found[:1] in {'"', "'"}:
            return f"the text that begins with {found[:1]} is not closed: write {found[:1]} at its end"
        return f"{found or 'this'} is no sign of CEL: remove it"
    if "<EOF>" in found:
        if opened:
            return f"{opened} is not closed: write {_CLOSING[opened]}"
        last = re.search(r"(&&|\|\||[=!<>]=|[-+*/%<>?:,.!]|\bin)\s*$", bare.rstrip())
        if last is not None:
            return f"it ends after {last[1]}: write what follows, or remove {last[1]}"
        return "a ? b lacks its other half: write a ? b : c" if "':'" in reason else f"it ends too early: {_EXAMPLE}"
    if found in {")", "]"} and not opened:
        return f"{found} closes nothing: remove it"
    if found and not bare[:offset].strip():
        return f"nothing stands before {found}: remove it, or write what it joins"
    if found and "expecting <EOF>" in reason:
        word = re.match(r"[\w.]+|\s", bare[offset:])
        if word is not None:
            return f"{word[0].strip() or 'a text'} follows without && or ||: write one before it, or remove it"
    if found:
        return f"{found} is not expected here: {_EXAMPLE}"
    return f"{reason.removeprefix('Syntax error: ').split(' expecting ')[0]}: {_EXAMPLE}"


def _left_open(bare: str) -> str:
    """The last bracket that is not closed; empty: none."""
    opened: list[str] = []
    for sign in bare:
        if sign in _CLOSING:
            opened.append(sign)
        elif sign in _CLOSING.values() and opened and _CLOSING[opened[-1]] == sign:
            opened.pop()
    return opened[-1] if opened else ""


def unknown(name: str, source: str, known: list[str]) -> str:
    """The fix for a name that is no variable."""
    there = f"known are {', '.join(known)}"
    unit = next(
        (one for one in known if re.fullmatch(rf"{re.escape(name)}_(s|m|mps|kmh|heights|heights_per_s)", one)), ""
    )
    if unit:
        return f"write {unit}, a condition names the unit; {there}"
    day = next((number for number, names in _DAYS.items() if name.lower() in names.split()), None)
    if day is not None and "local.weekday" in source:
        return f"{WEEKDAYS}: write {day}"
    group = next((one for one in known if one.endswith(f".{name}")), "")
    if group:
        return f'{there}; did you mean "{group}"?'
    text = "." not in name and re.search(
        rf"(?:[=!]=|[\[,(])\s*{re.escape(name)}\b|\b{re.escape(name)}\s*(?:[=!]=|in\b)", source
    )
    if text and not nearest(name, known):
        return f'a text is written in quotes, as "{name}"; {there}'
    return there + nearest(name, known)


def overload(reason: str, source: str, offset: int, types: Mapping[str, str]) -> str | None:
    """What is wrong with an operator between two values that do not go together, and the fix; None: it is none.

    Args:
        reason: the compiler's, without its place.
        source: the condition.
        offset: of the operator.
        types: of each variable, as CEL names it.
    """
    refused = re.match(r"found no matching overload for '(.+?)' applied to '\((.*)\)'", reason)
    if refused is None:
        return None
    sign = refused[1].strip("_@")
    kinds = refused[2].split(", ")
    if len(kinds) == 1:
        return f"{sign} does not go with {said_type(kinds[0])}: compare it with something, such as local.hour >= 7"
    left = re.search(rf"({_OPERAND})\s*$", source[:offset])
    right = re.match(rf"\s*({_OPERAND})", source[offset + len(sign) :])
    what = f"{sign} does not go with {said_type(kinds[0])} and {said_type(kinds[1])}"
    if left is None or right is None:
        fix = 'write "name" in camera.tags' if kinds[0].startswith("list") and sign == "contains" else _EXAMPLE
        return f"{what}: {fix}"
    first, second = left[1], right[1]
    if kinds[0] == "bool" and re.search(rf"[<>]=?\s*{re.escape(first)}\s*$", source[:offset]):
        return f"{what}: two comparisons are joined by &&, as {first} > 7 && {first} < 20"
    if sign == "in":
        return f"{what}: {_in_list(first, second, types)}"
    variable, value, turned = (first, second, False) if first in types else (second, first, True)
    mend = _MENDS.get(types.get(variable, ""))
    mended = mend(variable, value, sign) if mend is not None and value not in types else None
    if mended is None:
        return f"{what}: write both as {said_type(kinds[0])}"
    if " " in mended:
        return f"{what}: {mended}"
    return f"{what}: write {f'{mended} {sign} {variable}' if turned else f'{variable} {sign} {mended}'}"


def _in_list(first: str, second: str, types: Mapping[str, str]) -> str:
    """The fix for `in` between two values."""
    if types.get(first, "").startswith("list"):
        return f"write {second} in {first}"
    if not second.startswith("["):
        return f"write {first} in [{second}]"
    mend = _MENDS.get(types.get(first, ""))
    mended = [mend(first, item.strip(), "==") for item in second[1:-1].split(",")] if mend is not None else [None]
    if any(item is None or " " in item for item in mended):
        return f"write a list of what {first} can be"
    return f"write {first} in [{', '.join(str(item) for item in mended)}]"


def _number(value: str) -> str | None:
    """The number in a text or of a literal."""
    found = re.fullmatch(r"[\"']?(-?\d+(?:\.\d+)?)[\"']?", value)
    return found[1] if found is not None else None


def _whole(_variable: str, value: str, _sign: str) -> str | None:
    number = _number(value)
    return None if number is None else f"{round(float(number))}"


def _double(_variable: str, value: str, _sign: str) -> str | None:
    number = _number(value)
    return number if number is None or "." in number else f"{number}.0"


def _text(_variable: str, value: str, _sign: str) -> str | None:
    return None if value.startswith(("[", '"', "'")) else f'"{value}"'


def _truth(variable: str, _value: str, _sign: str) -> str | None:
    return f"write {variable} or !{variable} alone"


def _list(variable: str, value: str, sign: str) -> str | None:
    return f"write !({value} in {variable})" if sign == "!=" else f"write {value} in {variable}"


_MENDS: Final[Mapping[str, Callable[[str, str, str], str | None]]] = {
    "int": _whole,
    "double": _double,
    "string": _text,
    "bool": _truth,
    "list(string)": _list,
}
"""By the type of a variable: the value as it is to be written beside it, or the fix in words; None: not known."""
