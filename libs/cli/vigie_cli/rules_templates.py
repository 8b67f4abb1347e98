"""`vigie rules templates`: what a rule may judge by, from the catalogue that the engine itself reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vigie_common.errors import BadInputError
from vigie_rule_engine.catalogue import TEMPLATES, also_called, facts_of_template, nearest_template
from vigie_rule_engine.needs import model_of, needs_of
from vigie_rule_engine.quantities import allowed_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vigie_rule_engine.template import Parameter, Template

_SPELT: Final[Mapping[str, str]] = {
    "duration": "duration: 500ms, 10s, 1h30m",
    "distance": "distance: 0.3 heights",
    "speed": "speed: 0.3 heights/s",
    "fraction": "share: 75%",
    "number": "number",
    "choice": "one of",
    "classes": "class or list of classes",
    "zone": "zone or list of zones",
    "line": "line or list of lines",
}
"""How the value of each kind of parameter is written."""

_METRIC: Final[Mapping[str, str]] = {"distance": ", 2 m, 50 cm", "speed": ", 30 km/h, 8 m/s"}


def all_templates() -> list[Template]:
    """Every template, in the catalogue's order."""
    return list(TEMPLATES.values())


def template_named(name: str) -> Template:
    """The template of that name.

    Raises:
        BadInputError: there is none; the nearest is offered.
    """
    found = TEMPLATES.get(name)
    if found is None:
        known = sorted(TEMPLATES)
        raise BadInputError(f'"{name}" is not a template; templates are {", ".join(known)}{nearest_template(name)}')
    return found


def spelling(parameter: Parameter) -> str:
    """How a parameter is written, with its unit."""
    if parameter.choices:
        return f"one of {', '.join(parameter.choices)}"
    return _SPELT[parameter.kind] + (_METRIC.get(parameter.kind, "") if parameter.metric else "")


def default_text(parameter: Parameter) -> str:
    """The default as the author would write it."""
    if parameter.default is None:
        return "required"
    if parameter.default == ():
        return "the whole image"
    default = f"{parameter.default:g}" if isinstance(parameter.default, float) else str(parameter.default)
    return default if parameter.metric_default is None else f"{default} (or {parameter.metric_default})"


def plain(template: Template) -> dict[str, Any]:
    """A template for programs."""
    return {
        "name": template.name,
        "scope": template.scope,
        "definition": template.doc,
        "also_called": list(also_called(template.name)),
        "formula": template.formula,
        "parameters": [
            {
                "name": p.name,
                "kind": p.kind,
                "written": spelling(p),
                "default": None if p.default == () else p.default,
                "required": p.default is None,
                "allowed": allowed_words(p),
                "meaning": p.doc,
            }
            for p in template.parameters
        ],
        "needs": needs_of(template),
        "classes": sorted(template.classes),
        "limits": template.limits,
        "facts": list(facts_of_template(template.name)),
        "gives": "counts" if template.counts else "episodes",
        "scenes": list(template.scenes),
        "source": template.source,
    }


def listing() -> Iterator[str]:
    """Every template on a line: name, what it is about, what it says."""
    wide = max(map(len, TEMPLATES))
    for name, template in TEMPLATES.items():
        needs = needs_of(template)
        yield f"{name:<{wide}}  {template.doc}" + (f" Needs {', '.join(needs)}." if needs else "")


def page(template: Template) -> Iterator[str]:
    """A template as a person reads it."""
    yield f"{template.name} ({template.scope}): {template.doc}"
    if template.formula:
        yield f"\n{template.formula}"
    yield "\nParameters"
    rows = [(p.name, default_text(p), spelling(p), allowed_words(p), p.doc) for p in template.parameters]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for *columns, doc in rows:
        aligned = (f"{column:<{width}}" for column, width in zip(columns, widths, strict=True))
        yield f"  {'  '.join(aligned)}  {doc}"
    yield f"\nAlso called: {', '.join(word.replace('_', ' ') for word in also_called(template.name))}"
    yield f"Needs: {', '.join([*needs_of(template), model_of(template)])}"
    yield f"Gives: {'counts' if template.counts else 'episodes'}"
    yield f"Facts: {', '.join(f'facts.{name}' for name in facts_of_template(template.name))}"
    for title, text in (("Limits", template.limits), ("Source", template.source)):
        if text:
            yield f"{title}: {text}"
    if any(template.scenes):
        yield "Happens: {}. Nearly: {}. Looks alike: {}.".format(*template.scenes)
    yield f"\nBegin: vigie rules new NAME --template {template.name}"
