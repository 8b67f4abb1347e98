"""The numbers of a rule record as the engine takes them: checked, with the defaults, and in the RULE fields they fill.

A bundle may come from elsewhere: what the lint refuses in a file is refused in a record, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.errors import BadInputError
from vigie_rule_engine.catalogue import default_of
from vigie_rule_engine.quantities import METRIC_UNITS, PARSE, allowed, disordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.records import Rule
    from vigie_rule_engine.template import Parameter, Template

_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "duration": ("s",),
    "distance": ("heights", "m"),
    "speed": ("heights_per_s", "mps"),
    "fraction": ("fraction",),
    "number": ("",),
    "choice": ("",),
}


def _spellings(parameter: Parameter) -> list[str]:
    """The names that a parameter may have in a rule record: with each of its units at the end."""
    return [f"{parameter.name}_{unit}" if unit else parameter.name for unit in _UNITS[parameter.kind]]


def numbers_of(rule: Rule, template: Template) -> dict[str, float]:
    """Every parameter of the template with its unit at the end of its name, defaults filled in.

    Raises:
        BadInputError: one is given twice, is out of range, in the wrong unit, or none of the template's.
    """
    given = dict(rule["numbers"])
    found: dict[str, float] = {}
    metric = any(f"{p.name}_{unit}" in given for p in template.parameters if p.metric for unit in METRIC_UNITS)
    for parameter in template.parameters:
        if parameter.kind not in _UNITS:
            continue
        there = [name for name in _spellings(parameter) if name in given]
        if len(there) > 1:
            raise BadInputError(f"{parameter.name} is given twice, as {' and '.join(there)}: keep one")
        name, value = (there[0], given.pop(there[0])) if there else _default(parameter, template, metric=metric)
        if name.endswith(("_m", "_mps")) and not parameter.metric:
            raise BadInputError(
                f"{parameter.name} is in metres, but {template.name} measures it in heights of the object: give it "
                f"as {parameter.default}"
            )
        if metric and parameter.metric and not name.endswith(("_m", "_mps")):
            raise BadInputError(
                f"{parameter.name} is in heights and another distance of the rule in metres: give it in metres too, "
                f"such as {parameter.metric_default}"
            )
        refusal = _refusal(parameter, name, value)
        if refusal is not None:
            raise BadInputError(f"{name} is {value:g}: {refusal}")
        found[name] = float(value)
    if given:
        known = ", ".join(p.name for p in template.parameters)
        raise BadInputError(f"{min(given)!r} is no parameter of template {template.name}: it has {known}")
    for below, above in disordered(template, found):
        raise BadInputError(f"{below} is above {above}: as soon as the rule is on it would be over, lower {below}")
    return found


def fields_of(template: Template, numbers: Mapping[str, float]) -> dict[str, float]:
    """The RULE fields that parameters fill: durations in ms where the field says so."""
    fields: dict[str, float] = {}
    for parameter in template.parameters:
        name = parameter.fills or {"for": "for_ms", "keep_open": "keep_open_ms"}.get(parameter.name, "")
        if name:
            value = next(numbers[n] for n in _spellings(parameter) if n in numbers)
            fields[name] = round(value * 1000) if name.endswith("_ms") else value
    return fields


def _refusal(parameter: Parameter, name: str, value: float) -> str | None:
    """What is wrong with a value of a rule record, if anything."""
    if parameter.choices:
        known = sorted(parameter.choices.values())
        return None if value in known else f"it must be one of {', '.join(f'{one:g}' for one in known)}"
    within = allowed(parameter).get(name.removeprefix(parameter.name).removeprefix("_"))
    if within is None:
        return f"it must be {' or '.join(one.words for one in allowed(parameter).values())}"
    return within.refusal(value)


def _default(parameter: Parameter, template: Template, *, metric: bool) -> tuple[str, float]:
    default = default_of(parameter, metric=metric)
    if default is None or isinstance(default, tuple):
        raise BadInputError(f"{parameter.name} is missing: template {template.name} cannot do without it")
    if isinstance(default, int | float):
        return parameter.name, float(default)
    if parameter.choices:
        return parameter.name, parameter.choices[default]
    quantity = PARSE[parameter.kind](default)
    return f"{parameter.name}_{quantity.unit}", quantity.value
