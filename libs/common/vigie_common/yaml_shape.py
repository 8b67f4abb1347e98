"""What would be right where something of another kind stands in a file: an example of its shape."""

from __future__ import annotations

import re
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel

from vigie_common.field_types import Language
from vigie_common.yaml_document import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXPECTED: Final[Mapping[str, str]] = {
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

_NOTHING: Final = frozenset({"none", "nothing", "empty", "no", "aucun", "aucune", "rien"})
"""What people write for a list of nothing."""


def bare(annotation: Any) -> Any:
    """An annotation without Annotated round it, and without `| None`."""
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) in {Union, UnionType}:
        others = [a for a in get_args(annotation) if a is not type(None)]
        if len(others) == 1:
            return bare(others[0])
    return annotation


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a value may be: one, or the members of a union."""
    alone = bare(annotation)
    if get_origin(alone) in {Union, UnionType}:
        return [m for member in get_args(alone) for m in models_in(member)]
    return [alone] if isinstance(alone, type) and issubclass(alone, BaseModel) else []


def shape_of(kind: str, given: object, annotation: Any) -> str:
    """`: write {from: …, to: …}`, what would be right where something else stands; empty: nothing can be said."""
    look = _SHAPES.get(EXPECTED.get(kind, kind))
    return look(given, annotation) if look is not None else ""


def _text(given: object, annotation: Any) -> str:
    if isinstance(given, bool | int | float):
        optional = type(None) in get_args(annotation)
        return f': write "{shown(given)}" in quotes' + (", or leave it out" if optional else "")
    return ": put the whole text in quotes" if isinstance(given, list | dict) else ""


def _list(given: object, annotation: Any) -> str:
    of = bare(get_args(bare(annotation))[0]) if get_args(bare(annotation)) else None
    if of is str and isinstance(given, str | int | float):
        return f": write [{given}]"
    if isinstance(given, str) and given.lower() in _NOTHING:
        return ": write [] for none"
    return ": write a dash before each, - {…}" if isinstance(given, dict) and models_in(of) else ""


def _mapping(given: object, annotation: Any) -> str:
    plain, members = bare(annotation), models_in(annotation)
    if len(members) == 1:
        keys = [field.alias or name for name, field in members[0].model_fields.items() if field.is_required()]
        return f": write {getattr(members[0], 'shape', '') or '{' + ', '.join(f'{key}: …' for key in keys) + '}'}"
    if get_origin(plain) is dict and get_args(plain)[0] == Language:
        return f": write {{en: {shown(given) if isinstance(given, str) else '…'}}}, a text by language"
    return ": write {name: …}" if get_origin(plain) is dict else ""


def _number(given: object, _annotation: Any) -> str:
    """Of a text that begins with a number: the number alone."""
    found = (
        re.fullmatch(r"(-?\d{1,9}(?:[.,]\d{1,9})?)\s*(%|/?[^\W\d]\S*)?", given.strip())
        if isinstance(given, str)
        else None
    )
    if found is None:
        return ""
    number = float(found[1].replace(",", ".")) / (100 if found[2] == "%" else 1)
    return f": write {number:g}"


def _truth(given: object, _annotation: Any) -> str:
    said = next((truth for truth, words in _TRUTHS.items() if str(given).lower() in words.split()), None)
    return f": write {said}" if said is not None else ""


_TRUTHS: Final = {"true": "yes y on 1 oui vrai", "false": "no n off 0 non faux"}
"""What people write for true and false."""


def _longer(given: object, _annotation: Any) -> str:
    """Of pairs of whole numbers where decimals are written with a comma, which parts two of them."""
    halves = isinstance(given, list) and len(given) == 4 and all(type(one) is int for one in given)
    return ": decimals have a point, as in 0.5" if halves else ""


_SHAPES: Final[Mapping[str, Callable[[object, Any], str]]] = {
    "a text": _text,
    "a list": _list,
    "a mapping": _mapping,
    "a number": _number,
    "a whole number": _number,
    "true or false": _truth,
    "too_long": _longer,
}
"""By what is expected, or by how pydantic calls what is wrong."""
