"""The condition of a rule file: what may stand at `when`, and what is wrong with it at its place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator

from vigie_common.field_types import Text
from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.yaml_advice import cut_off
from vigie_common.yaml_document import Mark, Problem, shown
from vigie_rule_engine.file_texts import mark_inside

if TYPE_CHECKING:
    from vigie_common.yaml_document import Document
    from vigie_rule_engine.parameters import Parameters
    from vigie_rule_engine.template import Template

_EXAMPLE: Final = "such as local.hour >= 7"
_ALWAYS: Final = "it is always true: leave `when` out"
_NEVER: Final = "it is never true: write status: draft for a rule that does not run"


def _one_condition(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(_no_condition(value))  # noqa: TRY004  pydantic tells of ValueErrors alone
    return value


def _no_condition(value: object) -> str:
    """What is wrong with a value that is no text."""
    if value is None:
        return f"is left empty: write a condition, {_EXAMPLE}, or remove the key"
    if isinstance(value, bool):
        return _ALWAYS if value else _NEVER
    if isinstance(value, list):
        return "a list where one condition is expected: join its items with &&, or with || where one is enough"
    if isinstance(value, dict):
        return "a mapping where one condition is expected: put the whole condition in quotes"
    return f"it is no condition: write one, {_EXAMPLE}"


Condition = Annotated[Text | None, BeforeValidator(_one_condition)]
"""The text of one, or no key at all: a key without a value is refused."""


def condition_problems(document: Document, when: object, template: Template, parameters: Parameters) -> list[Problem]:
    """What is wrong with `when`, at its own line and column where the YAML keeps them."""
    from vigie_rule_engine.condition_names import unknown_names
    from vigie_rule_engine.condition_ranges import never_true
    from vigie_rule_engine.conditions import ConditionError, compile_condition, is_open

    if not isinstance(when, str) or not when:
        return []
    try:
        constant = compile_condition(when, template.name).constant()
    except ConditionError as error:
        node = document.at(["when"])
        cut = cut_off(document.lines, node.mark.line) if node is not None and node.style is None else None
        if cut is not None and is_open(when):
            return [Problem(document.file, Mark(cut[0].line, cut[0].column), cut[1])]
        return [Problem(document.file, mark_inside(document, ["when"], error.line, error.column), str(error))]
    if constant is not None:
        return [document.problem(["when"], f"when: {shown(when)}: {_ALWAYS if constant else _NEVER}")]
    over_line = template.scope == "track over line"
    known = {
        "object.class": parameters.classes or CLASS_NAMES,
        "zone.name": () if over_line else parameters.zones,
        "line.name": parameters.lines if over_line else (),
    }
    return [
        Problem(document.file, mark_inside(document, ["when"], line, column), text)
        for text, line, column in (*unknown_names(when, known), *never_true(when))
    ]
