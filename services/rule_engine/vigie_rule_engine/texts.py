"""Explanations for people: the placeholders of a rule's `explain`, filled in each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.class_words import class_name
from vigie_rule_engine.catalogue import facts_of_template
from vigie_rule_engine.conditions import VARIABLE_NAMES
from vigie_rule_engine.file_texts import PLACEHOLDER

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from vigie_rule_engine.template import Template

_UNITS: Final[Mapping[str, str]] = {
    "_heights_per_s": "heights/s",
    "_heights": "heights",
    "_mps": "m/s",
    "_m": "m",
}
_UNIT_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {"heights/s": "hauteurs/s", "heights": "hauteurs"},
    "en": {},
}
_UNMOVED: Final[Mapping[str, str]] = {
    "fr": "{0} (n'a jamais bougé depuis son apparition : peut-être du mobilier urbain)",
    "en": "{0} (has never moved since it appeared: perhaps street furniture)",
}


def duration(seconds: float, language: str) -> str:
    """A duration as people say it: `45 s`, `3 min 20 s` (en `3 min 20 s`), `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        tenth = f"{seconds:.1f}" if seconds < 10 and round(seconds, 1) != whole else str(whole)
        return f"{_decimal(tenth, language)} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def _decimal(number: str, language: str) -> str:
    return number.replace(".", ",") if language == "fr" else number


def _short(value: float) -> str:
    """A number as people say it: two digits, or all that stand before the point."""
    return f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"


def _fact(name: str, facts: Mapping[str, float], language: str) -> str | None:
    """A measured value with its unit; `name` may leave the unit out."""
    for key in (name, f"{name}_s", f"{name}_m", f"{name}_mps", f"{name}_heights", f"{name}_heights_per_s"):
        if key in facts:
            if key.endswith("_per_s") or not key.endswith("_s"):
                number = _decimal(_short(facts[key]), language)
                unit = next((u for suffix, u in _UNITS.items() if key.endswith(suffix)), "")
                word = _UNIT_WORDS.get(language, {}).get(unit, unit)
                return f"{number} {word}".rstrip()
            return duration(facts[key], language)
    return None


def fill(template: str, variables: Mapping[str, object], facts: Mapping[str, float], language: str) -> str:
    """`template` with each placeholder replaced; one that is not known stays as it was written."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1).strip()
        if name.startswith("facts."):
            return _fact(name.removeprefix("facts."), facts, language) or found.group()
        if name == "object.class":
            return class_name(str(variables.get(name, "unknown")), language)
        return str(variables[name]) if name in variables else found.group()

    return PLACEHOLDER.sub(value, template)


def explanation(
    explain: Mapping[str, str],
    variables: Mapping[str, object],
    facts: Mapping[str, float],
    *,
    unmoved: bool,
) -> dict[str, str]:
    """The explanation in every language the rule has one for.

    Args:
        explain: templates by language.
        variables: the variables of the rule's condition.
        facts: measured values; the unit ends the name.
        unmoved: the object never moved since it appeared, which the text then says.
    """
    filled = {language: fill(text, variables, facts, language) for language, text in sorted(explain.items())}
    if not unmoved:
        return filled
    return {language: _UNMOVED.get(language, _UNMOVED["en"]).format(text) for language, text in filled.items()}


_IN_HEIGHTS: Final[Mapping[str, str]] = {"m": "heights", "mps": "heights_per_s"}
"""What a fact on the ground ends with, and its name in a rule that measures in heights."""

_SPARED: Final = ("_heights_per_s", "_heights", "_s")
"""Units that a placeholder may leave out; the longest that fits is the unit."""


def placeholders_of(template: str) -> frozenset[str]:
    """What the texts of a rule may name in braces: variables, and the template's facts with or without their unit."""
    facts = facts_of_template(template)
    spelt = {f"facts.{name}" for name in facts} | {
        f"facts.{next((name.removesuffix(unit) for unit in _SPARED if name.endswith(unit)), name)}" for name in facts
    }
    return frozenset({*VARIABLE_NAMES, "camera.title", "direction", *spelt})


def unfilled(template: Template, *, placed: bool, metric: bool) -> dict[str, str]:
    """Of the placeholders of a template, those that nothing fills in a rule, each with the reason and the fix.

    Args:
        template: of the rule.
        placed: the rule names a zone.
        metric: it measures on the ground.
    """
    found: dict[str, str] = {}
    if template.scope == "track over line":
        found["zone.name"] = f"{template.name} is about a line: write {{line.name}}"
    else:
        found["direction"] = f"{template.name} is about no line, which alone has directions: leave it out"
        found["line.name"] = f"{template.name} is about no line: " + (
            "write {zone.name}" if placed else "leave it out, or write {camera.title}"
        )
        if not placed:
            found["zone.name"] = "the rule is about the whole image: add `zone` to `with`, or write {camera.title}"
    for on_ground in template.facts:
        stem, _, unit = on_ground.rpartition("_")
        in_heights = f"{stem}_{_IN_HEIGHTS.get(unit)}"
        if in_heights in template.facts:
            there, lacking = (on_ground, in_heights) if metric else (in_heights, on_ground)
            said = "in metres" if metric else "in heights"
            found[f"facts.{lacking}"] = f"the rule measures {said}: write {{facts.{there}}}"
    return found
