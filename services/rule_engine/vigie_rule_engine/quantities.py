"""How the values of parameters are read, and which are allowed: one table for the lint, the engine, editors and pages.

A parameter's own limits stand in the catalogue; what it leaves open is here, by unit. The engine refuses what the lint
refuses, so that a bundle from elsewhere finds the same limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vigie_common.units import Quantity, parse_distance, parse_duration, parse_fraction, parse_speed, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vigie_rule_engine.template import Bounds, Kind, Parameter, Template

PARSE: Final[Mapping[str, Callable[[object], Quantity]]] = {
    "duration": parse_duration,
    "distance": parse_distance,
    "speed": parse_speed,
    "fraction": parse_fraction,
}
"""The reader of every kind that is written with its unit."""

METRIC_UNITS: Final = frozenset({"m", "mps"})
"""Of what is measured on the ground."""

_LIMITS: Final[Mapping[Kind, tuple[Bounds, Bounds]]] = {
    "duration": (("0s",), ("30d",)),
    "distance": (("0 heights", "0 m"), ("100 heights", "1000 m")),
    "speed": (("0 heights/s", "0 km/h"), ("100 heights/s", "500 km/h")),
    "fraction": (("0%",), ("100%",)),
    "number": ((0.0,), (1e6,)),
}
"""Least and most of a kind in each of its units: more is nothing that a camera sees or an operator waits for."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a parameter may be in one of its units.

    Attributes:
        unit: at the end of its name in a rule record; empty: none.
        least: in base units; so is `most`.
        words: both as an author writes them.
    """

    unit: str
    least: float
    most: float
    words: str

    def refusal(self, value: float) -> str | None:
        """What is wrong with a value in base units, if anything."""
        return None if self.least <= value <= self.most else f"it must be {self.words}"


def allowed(parameter: Parameter) -> Mapping[str, Allowed]:
    """What a parameter of one of these kinds may be, by unit; metres only where it measures the ground."""
    own = _allowed(parameter.kind, parameter.least, parameter.most)
    if parameter.ground:
        return {unit: one for unit, one in own.items() if unit in METRIC_UNITS}
    return own if parameter.metric else {unit: one for unit, one in own.items() if unit not in METRIC_UNITS}


@lru_cache(maxsize=256)
def _allowed(kind: Kind, least: Bounds, most: Bounds) -> Mapping[str, Allowed]:
    if kind not in _LIMITS:
        return {}
    lowest = {**_by_unit(kind, _LIMITS[kind][0]), **_by_unit(kind, least)}
    highest = {**_by_unit(kind, _LIMITS[kind][1]), **_by_unit(kind, most)}
    return {
        unit: Allowed(unit, low, highest[unit][0], _words(spelt, highest[unit][1]))
        for unit, (low, spelt) in lowest.items()
    }


def _by_unit(kind: Kind, bounds: Bounds) -> dict[str, tuple[float, str]]:
    """Each bound in base units beside its spelling."""
    read = [(bound, PARSE[kind](bound) if kind in PARSE else None) for bound in bounds]
    return {
        "" if quantity is None else quantity.unit: (float(bound) if quantity is None else quantity.value, _spelt(bound))
        for bound, quantity in read
    }


def _spelt(bound: str | float) -> str:
    return bound if isinstance(bound, str) else f"{bound:g}"


def _words(least: str, most: str) -> str:
    """`1 to 2048`, `0.1 to 500 km/h`, `0s to 30d`."""
    low, _, unit = least.partition(" ")
    return f"{low if unit and most.endswith(f' {unit}') else least} to {most}"


def allowed_words(parameter: Parameter) -> str:
    """What is allowed in each unit, for pages; empty for a kind without limits."""
    return " or ".join(one.words for one in allowed(parameter).values())


def disordered(template: Template, numbers: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Pairs of parameters that stand the wrong way round: as soon as an episode is on it would be over.

    Args:
        template: whose parameters they are.
        numbers: by name and unit, as in a rule record.
    """
    for below, above in template.ascending:
        low, high = (_value(template.parameter(name), numbers) for name in (below, above))
        if low is not None and high is not None and low > high:
            yield below, above


def too_many_frames(
    template: Template, numbers: Mapping[str, float], camera_id: str, fps: float
) -> Iterator[tuple[str, str]]:
    """Parameters that ask for more frames of a camera than are kept, and what to write.

    Args:
        template: whose parameters they are.
        numbers: by name and unit, as in a rule record.
        camera_id: for the message.
        fps: frames a second that the camera is sampled at.
    """
    for parameter in template.parameters:
        asked_s, most = numbers.get(f"{parameter.name}_s", 0.0), parameter.most_frames
        if most and asked_s * fps > most:
            frames = f"{asked_s:g}s, which is {asked_s * fps:g} frames of camera {camera_id}"
            yield parameter.name, f"{frames}, and {most} are kept: write {most / fps:g}s or less"


def _value(parameter: Parameter, numbers: Mapping[str, float]) -> float | None:
    found = _quantity(parameter, numbers)
    return None if found is None else found.value


def _quantity(parameter: Parameter, numbers: Mapping[str, float]) -> Quantity | None:
    """The value of a parameter in a rule record; the unit of a plain number or a choice is empty."""
    for unit in allowed(parameter) or ("",):
        name = f"{parameter.name}_{unit}" if unit else parameter.name
        if name in numbers:
            return Quantity(numbers[name], unit)
    return None


def written_parameters(template: Template, numbers: Mapping[str, float]) -> dict[str, str]:
    """The parameters of a rule record as an author writes them: `{"for": "60s", "within": "0.3 heights"}`.

    Args:
        template: whose parameters they are.
        numbers: by name and unit, as in the record.
    """
    found: dict[str, str] = {}
    for parameter in template.parameters:
        quantity = _quantity(parameter, numbers)
        if quantity is not None:
            word = next((word for word, number in parameter.choices.items() if number == quantity.value), None)
            found[parameter.name] = word or (written(quantity) if quantity.unit else f"{quantity.value:g}")
    return found
