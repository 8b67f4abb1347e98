"""The field types that the files people write have in common: ids, texts by language, instants."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from vigie_common.instants import parse_event_time, parse_instant

ID_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
NAME_PATTERN: Final = r"[^\W_][\w-]{0,63}"
EDITOR_NAME_PATTERN: Final = (
    r"^[^\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u009f]"
    r"[^\u0000-\u002c\u002e\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u009f]{0,63}$"
)
r"""NAME_PATTERN for JSON Schemas: `\w` is ASCII alone in the regular expressions of editors (ECMA-262, section
22.2.1), so this one excludes by code point, and lets signs beyond ASCII pass that are no letters: the reader's."""
LANGUAGE_PATTERN: Final = r"^[a-z]{2}(-[A-Z]{2})?$"


def identifier(value: str) -> str:
    """An id as it is.

    Raises:
        ValueError: it is none; the message has one that is near.
    """
    if not re.fullmatch(ID_PATTERN, value):
        letters = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c)).lower()
        offered = re.sub(r"[^a-z0-9_]+", "-", letters).strip("-_")[:64]
        raise ValueError(
            f"an id has 1 to 64 of a-z, 0-9, - and _, and begins with a letter or digit{_offer(offered, ID_PATTERN)}"
        )
    return value


def _name(value: str) -> str:
    refuse_loose_accents(value)
    if not re.fullmatch(NAME_PATTERN, value):
        offered = re.sub(r"[^\w]+", "-", value).strip("-_")[:64]
        raise ValueError(
            "a name has 1 to 64 letters, digits, - and _, and begins with a letter or digit"
            + _offer(offered, NAME_PATTERN)
        )
    return value


def _offer(text: str, pattern: str) -> str:
    return f": write {text}" if re.fullmatch(pattern, text) else ""


def refuse_loose_accents(name: str) -> None:
    """Refuse a name whose accents are signs of their own: it looks like another one, and is not the same.

    Raises:
        ValueError: it has such an accent (Unicode normalization form D); the message has the name without.
    """
    loose = next((c for c in name if unicodedata.combining(c)), None)
    whole = unicodedata.normalize("NFC", name)
    if loose is not None and re.fullmatch(NAME_PATTERN, whole):
        what = f"U+{ord(loose):04X} ({unicodedata.name(loose, 'an accent').lower()})"
        raise ValueError(f"has {what}, a sign of its own: write letter and accent as one sign, {whole}")


def _language(value: str) -> str:
    if not re.fullmatch(LANGUAGE_PATTERN, value):
        raise ValueError("a language is its ISO 639 code: fr, en or fr-CA")
    return value


def _printed(value: str) -> str:
    found = next((c for c in value if unicodedata.category(c) == "Cc" and c not in "\n\t"), None)
    if found is not None:
        raise ValueError(f"has the control character U+{ord(found):04X}, which no text needs: remove it")
    return value


def _instant(value: str) -> str:
    parse_instant(value, "UTC")
    return value


Identifier = Annotated[str, AfterValidator(identifier), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
"""Stable and unique: it goes into record keys and into the ids of episodes."""

Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": EDITOR_NAME_PATTERN})]
"""Of a zone, line, mask, tag or model."""

Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": LANGUAGE_PATTERN})]

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_printed)]
"""Without control characters but newline and tab: it goes to terminals, logs and web pages."""

Texts = dict[Language, Text]
"""One text a language."""

InstantText = Annotated[
    str,
    AfterValidator(_instant),
    WithJsonSchema({"type": "string", "description": "ISO 8601 date or time; without offset local to the site"}),
]
"""A date or time as written; `instants.parse_instant` turns it into event time."""


def _event_time(value: str) -> str:
    parse_event_time(value, "UTC")
    return value


EventTimeText = Annotated[InstantText, AfterValidator(_event_time)]
"""The same of an event time that records carry: of the years 1970 to 2999."""
