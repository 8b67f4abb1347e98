"""A located YAML document checked against a pydantic model; every error becomes a place and a fix.

A message says: the field, the offending value, what is allowed, and the nearest valid name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from vigie_common.yaml_document import Document, InvalidFileError, Problem, shown
from vigie_common.yaml_shape import EXPECTED, bare, models_in, shape_of
from vigie_common.yaml_source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails


MOST_TOLD: Final = 200
"""Wrong fields of one file: nobody reads more."""


class FileModel(BaseModel):
    """A mapping in a file that people write: no unknown key, no silent conversion, no infinity."""

    shape: ClassVar[str] = ""
    """An example for messages, where the required keys alone say too little."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_by_alias=True)


class FieldError(ValueError):
    """What is wrong with one field of a mapping, told where that field stands."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


M = TypeVar("M", bound=FileModel)


@dataclass(frozen=True, slots=True)
class Located(Generic[M]):
    """The content of a file, and where each part of it stands."""

    document: Document
    content: M

    def problem(self, path: Sequence[object], message: str, *, of_key: bool = False) -> Problem:
        """A problem at a path of this file."""
        return self.document.problem(path, message, of_key=of_key)


def load(path: Path, model: type[M]) -> Located[M]:
    """A file as `model`.

    Raises:
        InvalidFileError: it cannot be read, is not YAML, or a field is wrong.
    """
    document = read_document(path)
    return Located(document, validated(document, model))


def field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a mapping as the author writes them."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def nearest(value: object, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest of the allowed names, or nothing."""
    found = get_close_matches(str(value), sorted(allowed), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def one_of(allowed: Sequence[str]) -> str:
    """`a, b or c`."""
    return allowed[0] if len(allowed) == 1 else f"{', '.join(allowed[:-1])} or {allowed[-1]}"


def field_path(path: Sequence[object]) -> str:
    """`zones.livraison[2][0]`, as people say where a field is."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def validated(document: Document, model: type[M], inside: str = "") -> M:
    """The content of a document as `model`.

    Args:
        document: of the file.
        model: what it must be.
        inside: path of what is written in place in another file, for messages; empty: the document is a whole file.

    Raises:
        InvalidFileError: every field that is wrong, with its place.
    """
    try:
        return model.model_validate(document.root.plain())
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems = [_inside(_problem(document, model, details), inside) for details in found[:MOST_TOLD]]
        if len(found) > MOST_TOLD:
            last = problems[-1]
            text = f"and {len(found) - MOST_TOLD} more problems of this file: mend these first"
            problems.append(Problem(last.file, last.mark, text))
        raise InvalidFileError(problems) from error


def _inside(problem: Problem, inside: str) -> Problem:
    """A problem of what is written in place, its path from the file's own beginning."""
    if not inside:
        return problem
    rest = problem.message.removeprefix(_WHOLE)
    between = "" if rest != problem.message else "."
    return replace(problem, message=f"{inside}{between}{rest}")


_WHOLE: Final = "the file"
"""What a message names where no field is wrong, but all of them together."""

_BOUND: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}

_LENGTH: Final[Mapping[str, tuple[str, str]]] = {
    "too_short": ("min_length", "at least"),
    "too_long": ("max_length", "at most"),
}


def _located(model: type[BaseModel], where: Sequence[object]) -> tuple[list[object], Any]:
    """The path in the file of pydantic's `loc`, and the annotation of what is there; None: not known.

    Behind a tagged union `loc` also has the tag, which the file does not: it chooses the member and is left out.
    """
    current: Any = model
    path: list[object] = []
    for step in where:
        members = models_in(current)
        tagged = next((m for m in members if step in _tags(m)), None) if len(members) > 1 else None
        if tagged is not None:
            current = tagged
            continue
        path.append(step)
        if len(members) == 1:
            fields = {field.alias or name: field for name, field in members[0].model_fields.items()}
            current = fields[str(step)].annotation if str(step) in fields else None
        else:
            arguments = [a for a in get_args(bare(current)) if a not in {type(None), Ellipsis}]
            current = arguments[-1] if arguments else None
    return path, current


def _tags(model: type[BaseModel]) -> frozenset[object]:
    """The values of a model's fields that have one value only: what a tagged union tells its members apart by."""
    fixed = (bare(field.annotation) for field in model.model_fields.values())
    return frozenset(get_args(a)[0] for a in fixed if get_origin(a) is Literal and len(get_args(a)) == 1)


def _problem(document: Document, model: type[BaseModel], details: ErrorDetails) -> Problem:
    """A pydantic error, placed and in our words."""
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    where: list[object] = [step for step in details["loc"] if step != "[key]"]
    at_parent = kind in {"missing", "extra_forbidden"}
    path, annotation = _located(model, where[:-1] if at_parent else where)
    members = models_in(annotation)
    allowed = field_names(members[0]) if len(members) == 1 else ()
    if kind == "missing":
        inside = f" in {field_path(path)}" if path else ""
        text = f'{where[-1]}: is missing{inside}: add "{where[-1]}: …"; keys are {", ".join(allowed)}'
        return document.problem(path, text)
    if kind == "extra_forbidden":
        path.append(where[-1])
        text = f"{field_path(path)}: unknown key; allowed: {', '.join(allowed)}{nearest(where[-1], allowed)}"
        return document.problem(path, text, of_key=True)
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return _untold(document, path, given, context)
    text = _sentence(kind, given, context, details["msg"]) + shape_of(kind, given, annotation)
    if kind in EXPECTED and given is None:
        text = _left_empty(kind, annotation, required=not where or _is_required(model, where))
    if isinstance(context.get("error"), FieldError):
        path.append(context["error"].field)
    return document.problem(
        path,
        f"{field_path(path) or _WHOLE}: {text}",
        of_key=details["loc"][-1:] == ("[key]",),
    )


def _is_required(model: type[BaseModel], where: Sequence[object]) -> bool:
    """Whether a mapping must have the key that a path ends in."""
    members = models_in(_located(model, where[:-1])[1]) if where[:-1] else [model]
    fields = {field.alias or name: field for member in members for name, field in member.model_fields.items()}
    return str(where[-1]) in fields and fields[str(where[-1])].is_required()


def _left_empty(kind: str, annotation: Any, *, required: bool) -> str:
    fix = shape_of(kind, None, annotation) or ": write one"
    return f"is left empty where {EXPECTED[kind]} is expected{fix}" + ("" if required else ", or remove the key")


def _untold(document: Document, path: list[object], given: object, context: Mapping[str, Any]) -> Problem:
    """A mapping whose tag is wrong or missing."""
    key = context["discriminator"].strip("'")
    if "tag" not in context:
        text = f'{key}: is missing in {field_path(path)}: add "{key}: …", which says what it is'
        return document.problem(path, text)
    allowed = re.findall(r"'([^']*)'", context["expected_tags"])
    tag = given.get(key) if isinstance(given, dict) else context["tag"]
    text = f"{field_path([*path, key])}: {shown(tag)} is not allowed: use {one_of(allowed)}{nearest(tag, allowed)}"
    return document.problem([*path, key], text)


def _sentence(kind: str, given: object, context: Mapping[str, Any], message: str) -> str:
    """What is wrong with a value and what is allowed."""
    if kind in EXPECTED:
        return f"{shown(given)} where {EXPECTED[kind]} is expected"
    if kind in _BOUND:
        key, words = _BOUND[kind]
        return f"{shown(given)} is out of range: {words} {context[key]:g}"
    if kind in _LENGTH:
        key, words = _LENGTH[kind]
        return f"{context['actual_length']} given: {words} {context[key]} needed"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        if given is None:
            return f"is left empty: use {one_of(allowed)}"
        return f"{shown(given)} is not allowed: use {one_of(allowed)}{nearest(given, allowed)}"
    if kind == "value_error":
        error = str(context["error"])
        return error if given is None or isinstance(given, dict | list) else f"{shown(given)}: {error}"
    if kind == "string_unicode":
        return "half of a character (a lone surrogate) is no text: remove it"
    if kind == "not_shown":
        return message
    if kind == "string_too_short":
        return "is empty: write a text"
    if kind == "string_too_long":
        return f"is too long: at most {context['max_length']} characters"
    return f"{shown(given)}: {message}"
