"""A located YAML document checked against a pydantic model; every error becomes a place and a fix.

A message says: the field, the offending value, what is allowed, and the nearest valid name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from vigie_common.yaml_source import Document, InvalidFileError, Problem, read_document, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails


class FileModel(BaseModel):
    """A mapping in a file that people write: no unknown key, no silent conversion, no infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_by_alias=True)


M = TypeVar("M", bound=FileModel)


@dataclass(frozen=True, slots=True)
class Located(Generic[M]):
    """The content of a file, and where each part of it stands."""

    document: Document
    content: M

    def problem(self, path: Sequence[object], message: str, *, of_key: bool = False) -> Problem:
        """A problem at a path of this file."""
        return self.document.problem(path, message, of_key=of_key)


def load(path: Path, model: type[M], name: str | None = None) -> Located[M]:
    """A file as `model`, called `name` in messages.

    Raises:
        InvalidFileError: it cannot be read, is not YAML, or a field is wrong.
    """
    document = read_document(path, name)
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


def validated(document: Document, model: type[M]) -> M:
    """The content of a document as `model`.

    Raises:
        InvalidFileError: every field that is wrong, with its place.
    """
    try:
        return model.model_validate(document.root.plain())
    except ValidationError as error:
        raise InvalidFileError(
            [_problem(document, model, details) for details in error.errors(include_url=False)]
        ) from error


_EXPECTED: Final[Mapping[str, str]] = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
}

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


def _model_at(model: type[BaseModel], path: Sequence[object]) -> type[BaseModel] | None:
    """The model that describes the mapping at a path, through lists, mappings and optional fields."""
    current: Any = model
    for step in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            fields = {field.alias or name: field for name, field in current.model_fields.items()}
            if str(step) not in fields:
                return None
            current = fields[str(step)].annotation
            current = next((a for a in get_args(current) if isinstance(a, type) and issubclass(a, BaseModel)), current)
        else:
            arguments = get_args(current)
            current = arguments[-1] if arguments else None
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _problem(document: Document, model: type[BaseModel], details: ErrorDetails) -> Problem:
    """A pydantic error, placed and in our words."""
    path: list[object] = [step for step in details["loc"] if step != "[key]"]
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    name = field_path(path) or "the file"
    if kind == "missing":
        allowed = field_names(found) if (found := _model_at(model, path[:-1])) else ()
        where = f" in {field_path(path[:-1])}" if path[:-1] else ""
        text = f'{path[-1]}: is missing{where}: add "{path[-1]}: …"; keys are {", ".join(allowed)}'
        return document.problem(path[:-1], text)
    if kind == "extra_forbidden":
        allowed = field_names(found) if (found := _model_at(model, path[:-1])) else ()
        text = f"{name}: unknown key; allowed: {', '.join(allowed)}{nearest(path[-1], allowed)}"
        return document.problem(path, text, of_key=True)
    return document.problem(
        path,
        f"{name}: {_sentence(kind, given, context, details['msg'])}",
        of_key=details["loc"][-1:] == ("[key]",),
    )


def _sentence(kind: str, given: object, context: Mapping[str, Any], message: str) -> str:
    """What is wrong with a value and what is allowed."""
    if kind in _EXPECTED:
        return f"{shown(given)} where {_EXPECTED[kind]} is expected"
    if kind in _BOUND:
        key, words = _BOUND[kind]
        return f"{shown(given)} is out of range: {words} {context[key]:g}"
    if kind in _LENGTH:
        key, words = _LENGTH[kind]
        return f"{context['actual_length']} given: {words} {context[key]} needed"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return f"{shown(given)} is not allowed: use {one_of(allowed)}{nearest(given, allowed)}"
    if kind == "value_error":
        error = str(context["error"])
        return error if isinstance(given, dict | list) else f"{shown(given)}: {error}"
    if kind == "not_shown":
        return message
    if kind == "string_too_short":
        return "is empty: write a text"
    if kind == "string_too_long":
        return f"is too long: at most {context['max_length']} characters"
    return f"{shown(given)}: {message}"
