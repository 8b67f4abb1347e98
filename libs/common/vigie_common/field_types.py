"""The field types that the files people write have in common: ids, texts by language, instants."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from vigie_common.units import parse_instant

ID_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
NAME_PATTERN: Final = r"^[^\W_][\w-]{0,63}$"
LANGUAGE_PATTERN: Final = r"^[a-z]{2}(-[A-Z]{2})?$"


def _identifier(value: str) -> str:
    if not re.match(ID_PATTERN, value):
        raise ValueError("an id has 1 to 64 of a-z, 0-9, - and _, and begins with a letter or digit")
    return value


def _name(value: str) -> str:
    if not re.match(NAME_PATTERN, value):
        raise ValueError("a name has 1 to 64 letters, digits, - and _, and begins with a letter or digit")
    return value


def _language(value: str) -> str:
    if not re.match(LANGUAGE_PATTERN, value):
        raise ValueError("a language is its ISO 639 code: fr, en or fr-CA")
    return value


def _instant(value: str) -> str:
    parse_instant(value, "UTC")
    return value


Identifier = Annotated[str, AfterValidator(_identifier), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
"""Stable and unique: it goes into record keys and into the ids of episodes."""

Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
"""Of a zone, line, mask, tag or model."""

Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": LANGUAGE_PATTERN})]

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

Texts = dict[Language, Text]
"""One text a language."""

InstantText = Annotated[
    str,
    AfterValidator(_instant),
    WithJsonSchema({"type": "string", "description": "ISO 8601 date or time; without offset local to the site"}),
]
"""A date or time as written; `units.parse_instant` turns it into event time."""
