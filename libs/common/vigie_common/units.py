"""Durations, distances, speeds and shares as people write them, in base units for the machine.

| kind | spelling | base unit |
|---|---|---|
| duration | `500ms`, `10s`, `3m`, `1h30m`, `2d` | seconds |
| distance | `2 m`, `50 cm`, `1.5 heights` (of the object's own box) | metres, or heights |
| speed | `30 km/h`, `8 m/s`, `0.3 heights/s` | metres a second, or heights a second |
| fraction | `75%` | 0..1 |

A number without its unit is refused with the spelling that was probably meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

from vigie_common.spaces import odd_space

if TYPE_CHECKING:
    from collections.abc import Sequence

_DURATION_S: Final[dict[str, float]] = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""Seconds of each unit, longest first: the order in which a duration lists them."""

DURATION_PATTERN: Final = (
    r"^(?=\d)(\d{1,9}(\.\d{1,9})?d)?(\d{1,9}(\.\d{1,9})?h)?(\d{1,9}(\.\d{1,9})?m)?"
    r"(\d{1,9}(\.\d{1,9})?s)?(\d{1,9}(\.\d{1,9})?ms)?$"
)
DISTANCE_PATTERN: Final = r"^\d{1,9}(\.\d{1,9})? ?(m|cm|heights?)$"
SPEED_PATTERN: Final = r"^\d{1,9}(\.\d{1,9})? ?(km/h|m/s|heights?/s)$"
_DIGITS: Final = 9
"""Of the longest whole number in one."""
FRACTION_PATTERN: Final = r"^\d{1,3}(\.\d{1,9})? ?%$"

_DISTANCE: Final = {"m": ("m", 1.0), "cm": ("m", 0.01), "heights": ("heights", 1.0), "height": ("heights", 1.0)}
_SPEED: Final = {
    "km/h": ("mps", 1000.0 / 3600.0),
    "m/s": ("mps", 1.0),
    "heights/s": ("heights_per_s", 1.0),
    "height/s": ("heights_per_s", 1.0),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in its base unit; `unit` ends the name of the parameter (`for_s`, `within_heights`)."""

    value: float
    unit: str


class BeyondError(ValueError):
    """A quantity of its kind that no parameter can be: less than nothing, or of very many digits."""


def _bare(value: object) -> str | None:
    """The digits of a value that is a number alone, as the author would write it; else None."""
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return f"{value:g}"
    if isinstance(value, str) and re.fullmatch(r"\d+([.,]\d+)?", value.strip()):
        return value.strip().replace(",", ".")
    return None


_WORDS: Final = {
    "duration": {
        "s": "s sec secs second seconds seconde secondes",
        "m": "m mn min mins minute minutes",
        "h": "h hr hrs hour hours heure heures",
        "d": "d day days jour jours",
        "ms": "ms msec millisecond milliseconds milliseconde millisecondes",
    },
    "distance": {
        " m": "m metre metres meter meters mètre mètres",
        " cm": "cm centimetre centimetres centimeter centimeters centimètre centimètres",
        " heights": "hauteur hauteurs",
    },
    "speed": {" km/h": "kmh kph km/hour", " m/s": "mps m/sec", " heights/s": "height/sec heights/sec"},
    "share": {"%": "percent pourcent"},
}
"""Units as people also say them, by the spelling that the files take."""


_PATTERNS: Final = {
    "duration": DURATION_PATTERN,
    "distance": DISTANCE_PATTERN,
    "speed": SPEED_PATTERN,
    "share": FRACTION_PATTERN,
}


def _meant(text: str, kind: str) -> str | None:
    """`60m` for `60 minutes`, `1.5s` for `1,5s`."""
    text = re.sub(r"\s", " ", text.replace(",", "."))
    if re.match(_PATTERNS[kind], text.strip(), re.ASCII):
        return text.strip()
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) *([^\W\d][^\s\d]*)", text.strip(), re.ASCII | re.IGNORECASE)
    for unit, words in _WORDS[kind].items() if found is not None else ():
        if found is not None and found[2].lower() in words.split():
            return f"{found[1]}{unit}"
    return _meant_duration(text.strip().lower()) if kind == "duration" else None


def _meant_duration(text: str) -> str | None:
    """`1h30m or 1m30s` for `1:30`, `90s` for `00:01:30` and `PT1M30S`, `14d` for `2 weeks`, `1m5s` for `1 min 5 s`."""
    clock = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,2}):(\d\d)", text, re.ASCII)
    if clock is not None and clock[1] is None:
        first, second = int(clock[2]), int(clock[3])
        return f"{first}h{second}m or {first}m{second}s"
    iso = re.fullmatch(r"p(?:(\d{1,9})d)?(?:t(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?)?", text, re.ASCII)
    counted = clock.groups() if clock is not None else iso.groups() if iso is not None else ()
    if counted:
        seconds = zip((1, 60, 3600, 86_400), (int(part or 0) for part in reversed(counted)), strict=False)
        return written(Quantity(float(sum(unit * number for unit, number in seconds)), "s"))
    weeks = re.fullmatch(r"(\d{1,8}) *(?:w|weeks?|semaines?)", text, re.ASCII)
    if weeks is not None:
        return f"{7 * int(weeks[1])}d"
    units = {word: unit for unit, words in _WORDS["duration"].items() for word in words.split()}
    part = r"(\d{1,9}(?:\.\d{1,9})?) *([^\W\d]+)"
    spelt = "".join(f"{number}{units.get(word, '?')}" for number, word in re.findall(part, text))
    between = set(re.sub(part, "", text).split())
    return spelt if between <= {"and", "et"} and re.match(DURATION_PATTERN, spelt, re.ASCII) else None


def _either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _refusal(value: object, kind: str, examples: str, units: Sequence[str]) -> ValueError:
    number = _bare(value)
    if number is not None:
        return ValueError(f"a {kind} needs its unit: write {_either([f'{number}{unit}' for unit in units])}")
    if isinstance(value, str) and _is_beyond(value.strip(), kind):
        return BeyondError(f"a {kind} is 0 or more, and less than {10**_DIGITS}{units[0]}")
    said = _meant(value, kind) if isinstance(value, str) else None
    return ValueError(f"not a {kind}{_odd(value)}: write {said or f'a number and its unit, such as {examples}'}")


def _is_beyond(text: str, kind: str) -> bool:
    """Whether a text would be of a kind without its minus, or with fewer digits."""
    within = re.sub(rf"(?<![\d.])\d{{{_DIGITS + 1},}}", "1", re.sub(r"^[-−] ?", "", text))
    return within != text and re.match(_PATTERNS[kind], within, re.ASCII) is not None


def _odd(value: object) -> str:
    """`, it has U+00A0 (no-break space)`, which looks as an ordinary space does; or nothing."""
    found = odd_space(value) if isinstance(value, str) else None
    return f", it has {found[1]}" if found is not None else ""


def parse_duration(value: object) -> Quantity:
    """Seconds of `3m`, `500ms`, `1h30m`.

    Raises:
        ValueError: the unit is missing, or it is no duration; the message shows the fix.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not re.match(DURATION_PATTERN, text, re.ASCII):
        raise _refusal(value, "duration", "500ms, 10s, 3m or 1h30m", ("s", "m", "h"))
    parts = re.findall(r"([\d.]+)(ms|d|h|m|s)", text)
    # in thousandths, so that 100ms is 0.1 and not 0.1 and a bit
    return Quantity(sum(float(number) * (_DURATION_S[unit] * 1000) for number, unit in parts) / 1000, "s")


def _measure(value: object, pattern: str, units: dict[str, tuple[str, float]]) -> Quantity | None:
    text = value.strip() if isinstance(value, str) else ""
    if not re.match(pattern, text, re.ASCII):
        return None
    number, unit = re.findall(r"^([\d.]+) ?(.+)$", text)[0]
    base, factor = units[unit]
    return Quantity(float(number) * factor, base)


def parse_distance(value: object, units: Sequence[str] = ("m", "heights")) -> Quantity:
    """Metres of `2 m` and `50 cm`, or body heights of `1.5 heights`.

    Args:
        value: as the author wrote it.
        units: those that may be meant, for the message.

    Raises:
        ValueError: the unit is missing, or it is no distance; the message shows the fix.
    """
    found = _measure(value, DISTANCE_PATTERN, _DISTANCE)
    if found is None:
        examples = {"m": ["2 m", "50 cm"], "heights": ["1.5 heights"]}
        raise _refusal(
            value, "distance", _either([e for unit in units for e in examples[unit]]), [f" {u}" for u in units]
        )
    return found


def parse_speed(value: object, units: Sequence[str] = ("km/h", "m/s", "heights/s")) -> Quantity:
    """Metres a second of `30 km/h` and `8 m/s`, or heights a second of `0.3 heights/s`.

    Args:
        value: as the author wrote it.
        units: those that may be meant, for the message.

    Raises:
        ValueError: the unit is missing, or it is no speed; the message shows the fix.
    """
    found = _measure(value, SPEED_PATTERN, _SPEED)
    if found is None:
        examples = {"km/h": "30 km/h", "m/s": "8 m/s", "heights/s": "0.3 heights/s"}
        raise _refusal(value, "speed", _either([examples[unit] for unit in units]), [f" {unit}" for unit in units])
    return found


def parse_fraction(value: object) -> Quantity:
    """0..1 of `75%`.

    Raises:
        ValueError: the sign is missing, or it is more than 100 %; the message shows the fix.
    """
    found = _measure(value, FRACTION_PATTERN, {"%": ("fraction", 0.01)})
    if found is None:
        number = _bare(value)
        if number is None and isinstance(value, str) and _is_beyond(value.strip(), "share"):
            raise BeyondError("a share is 0% or more: write 0% to 100%")
        if number is None:
            said = _meant(value, "share") if isinstance(value, str) else None
            raise ValueError(f"not a share{_odd(value)}: write {said or 'a number and %, such as 75%'}")
        share = float(number)
        raise ValueError(f"a share needs its sign: write {share * 100 if share <= 1 else share:g}%")
    if found.value > 1.0:
        raise ValueError("more than the whole: write 100% or less")
    return found


_WRITTEN: Final = {
    "m": (1.0, " m"),
    "heights": (1.0, " heights"),
    "mps": (1000.0 / 3600.0, " km/h"),
    "heights_per_s": (1.0, " heights/s"),
    "fraction": (0.01, "%"),
}
"""How large the unit is that a base unit is written in, and its spelling."""

_FEW_S: Final = 120.0
"""Shorter durations are written in seconds: 90s is plainer than 1m30s."""


def written(quantity: Quantity) -> str:
    """A quantity as people write it, as its parser reads it: `60s`, `1h30m`, `0.3 heights`, `30 km/h`, `75%`."""
    if quantity.unit != "s":
        factor, spelling = _WRITTEN[quantity.unit]
        number = f"{quantity.value / factor:.9g}"
        return f"{number}{spelling.replace('heights', 'height') if number == '1' else spelling}"
    if quantity.value < _FEW_S:
        return f"{quantity.value:.9g}s"
    parts, rest = [], round(quantity.value * 1000)
    for unit, seconds in _DURATION_S.items():
        count, rest = divmod(rest, round(seconds * 1000))
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)
