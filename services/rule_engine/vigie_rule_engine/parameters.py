"""The parameters of a rule in base units: what the author wrote under `with`, checked against the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from vigie_common.class_words import class_name
from vigie_common.field_types import refuse_loose_accents
from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.units import BeyondError, parse_distance, parse_speed
from vigie_common.yaml_document import shown
from vigie_common.yaml_model import nearest
from vigie_rule_engine.catalogue import default_of
from vigie_rule_engine.quantities import METRIC_UNITS, PARSE, allowed, allowed_words, disordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.units import Quantity
    from vigie_rule_engine.quantities import Allowed
    from vigie_rule_engine.template import Parameter, Template


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a rule in base units, defaults filled in.

    Attributes:
        classes: of the taxonomy.
        zones: zone names; empty: the whole image.
        lines: line names.
        numbers: by name and unit: `for_s`, `within_m`, `within_heights`.
    """

    classes: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)


def _quantity(template: Template, parameter: Parameter, value: object) -> Quantity:
    """A parameter in its base unit.

    Raises:
        ValueError: no or another unit, metres where the template measures in heights alone or the other way round,
            or a value that is not allowed.
    """
    try:
        quantity = _parsed(parameter, value)
    except BeyondError:
        raise ValueError(f"it must be {allowed_words(parameter)}") from None
    if quantity.unit in METRIC_UNITS and not parameter.metric:
        raise ValueError(f"{template.name} measures in heights of the object, not in metres: write {parameter.default}")
    within = allowed(parameter).get(quantity.unit)
    if within is None:
        raise ValueError(f"{template.name} measures it on the ground: write {allowed_words(parameter)}")
    _refuse_outside(within, quantity.value)
    return quantity


def _parsed(parameter: Parameter, value: object) -> Quantity:
    """A parameter in its base unit; the message offers no unit that the parameter does not take.

    Raises:
        ValueError: no unit, or none of its kind.
    """
    metric, heights = parameter.metric or parameter.ground, not parameter.ground
    if parameter.kind == "distance":
        return parse_distance(value, [unit for unit, may in (("m", metric), ("heights", heights)) if may])
    if parameter.kind == "speed":
        return parse_speed(value, [u for u, may in (("km/h", metric), ("m/s", metric), ("heights/s", heights)) if may])
    return PARSE[parameter.kind](value)


def _refuse_outside(within: Allowed, value: float) -> None:
    refusal = within.refusal(value)
    if refusal is not None:
        raise ValueError(refusal)


def _names(value: object) -> list[str]:
    """A name, or a list of names, as a list.

    Raises:
        ValueError: it is neither.
    """
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in values):
        raise ValueError("write a name or a list of names")
    if isinstance(value, str) and "," in value:
        several = ", ".join(name.strip() for name in value.split(",") if name.strip())
        raise ValueError(f"a name has no comma, several are a list: write [{several}]")
    names = [str(v) for v in values]
    for name in names:
        refuse_loose_accents(name)
    return names


def _listed_wrong(name: str, value: object) -> list[tuple[list[object], str]]:
    """That a list of names is empty, or what of it is no name or is there already; each with its path."""
    found: list[tuple[list[object], str]] = []
    if isinstance(value, list) and not value:
        example = ", such as [person]" if name == "classes" else f", such as {name}: name, or remove the key"
        found.append(([name], f"with.{name}: the list is empty: write one name at least{example}"))
    for i, one in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(one, str):
            found.append(([name, i], f"with.{name}[{i}]: {shown(one)} where a name is expected: write a name"))
        elif isinstance(value, list) and one in value[:i]:
            found.append(([name, i], f'with.{name}[{i}]: "{one}" is listed twice: remove one'))
    return found


def normalised(template: Template, given: Mapping[str, Any]) -> tuple[Parameters, list[tuple[list[object], str]]]:
    """Parameters in base units, and the problems, each with its path below `with`.

    Args:
        template: whose parameters they are.
        given: as the author wrote them.
    """
    problems: list[tuple[list[object], str]] = []
    known = [parameter.name for parameter in template.parameters]
    for name in given:
        if name not in known:
            text = f"with.{name}: {template.name} has no such parameter; it has {', '.join(known)}"
            problems.append(([name], text + nearest(name, known)))
    named: dict[str, tuple[str, ...]] = {"classes": (), "zone": (), "line": ()}
    numbers: dict[str, float] = {}
    metric = _metric(template, given)
    for parameter in template.parameters:
        value = given.get(parameter.name, default_of(parameter, metric=metric))
        if value is None and parameter.name in given:
            default = default_of(parameter, metric=metric)
            fix = f"write {default}, its default, or another value" if default else f"write a value ({parameter.doc})"
            problems.append(([parameter.name], f"with.{parameter.name}: is left empty: {fix}"))
            continue
        if value is None:
            text = f"with.{parameter.name}: is missing: {template.name} needs it ({parameter.doc})"
            problems.append(([], text))
            continue
        try:
            wrong = _listed_wrong(parameter.name, value) if parameter.kind in named else []
            problems += wrong
            if wrong:
                continue
            if parameter.kind in named:
                named[parameter.kind] = tuple(_names(value)) if value != () else ()
            elif parameter.kind == "number":
                numbers[parameter.name] = _number(parameter, value)
            elif parameter.kind == "choice":
                numbers[parameter.name] = _choice(parameter, value)
            else:
                quantity = _quantity(template, parameter, value)
                _refuse_mixed(parameter, quantity, metric=metric)
                numbers[f"{parameter.name}_{quantity.unit}"] = quantity.value
        except ValueError as error:
            problems.append(([parameter.name], f"with.{parameter.name}: {shown(value)}: {error}"))
    for below, above in disordered(template, numbers):
        low, high = (given.get(name, template.parameter(name).default) for name in (below, above))
        text = f"with.{below}: {low} is above `{above}`, {high}: as soon as it is on it would be over; write less"
        problems.append(([below if below in given else above], text))
    problems += _unknown_classes(given, named["classes"])
    classes = tuple(c for c in CLASS_NAMES if c in named["classes"])  # in the taxonomy's order
    return Parameters(classes, named["zone"], named["line"], dict(sorted(numbers.items()))), problems


def _metric(template: Template, given: Mapping[str, Any]) -> bool:
    """Whether the author gives any distance or speed in metres: then all of them are."""
    for parameter in template.parameters:
        if parameter.metric and parameter.name in given:
            try:
                quantity = PARSE[parameter.kind](given[parameter.name])
            except ValueError:
                continue
            if quantity.unit in METRIC_UNITS:
                return True
    return False


def _refuse_mixed(parameter: Parameter, quantity: Quantity, *, metric: bool) -> None:
    if parameter.metric and metric and quantity.unit not in METRIC_UNITS:
        said = parameter.metric_default or "metres"
        raise ValueError(f"the rule gives other distances in metres: give this one in metres too, such as {said}")


def _choice(parameter: Parameter, value: object) -> float:
    if not isinstance(value, str) or value not in parameter.choices:
        raise ValueError(f"write one of {', '.join(parameter.choices)}{nearest(value, parameter.choices)}")
    return parameter.choices[value]


def _number(parameter: Parameter, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"write a plain number, {allowed_words(parameter)}")
    _refuse_outside(allowed(parameter)[""], value)
    return float(value)


_ALSO_CALLED: Final[Mapping[str, str]] = {
    "animal": "dog cat bird horse wolf boar chien chat",
    "person": "people pedestrian human man woman child crowd piéton gens enfant",
    "bicycle": "bike cycle cyclist",
    "motorcycle": "motorbike moto moped",
    "car": "vehicle taxi auto véhicule",
    "truck": "lorry",
    "bus": "coach",
    "tram": "train streetcar",
    "bag": "backpack suitcase luggage handbag parcel package",
    "fire": "flame flames",
    "weapon": "gun knife pistol",
}
"""Other words for the classes."""


def _meant(name: str) -> str:
    """`; did you mean "x"?` for a class of that or a similar name, or nothing."""
    one = name.lower().removesuffix("s")
    meant = next((known for known, words in _ALSO_CALLED.items() if one in words.split()), None)
    meant = meant or next((known for known in CLASS_NAMES[1:] if class_name(known, "fr") == one), None)
    return f'; did you mean "{meant}"?' if meant is not None else nearest(name, CLASS_NAMES[1:])


def _unknown_classes(given: Mapping[str, Any], classes: tuple[str, ...]) -> list[tuple[list[object], str]]:
    allowed = CLASS_NAMES[1:]
    listed = isinstance(given.get("classes"), list)
    return [
        (
            ["classes", i] if listed else ["classes"],
            f'with.classes: "{name}" is not a class; classes are {", ".join(allowed)}{_meant(name)}',
        )
        for i, name in enumerate(classes)
        if name not in allowed
    ]
