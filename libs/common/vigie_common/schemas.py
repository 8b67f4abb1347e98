"""The Avro schemas of `schemas/`: every committed version of each, and the proof that they are compatible."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.validation import ValidationError, validate

from vigie_common.errors import ConfigurationError
from vigie_common.paths import repository_resource
from vigie_common.topics import SchemaDeclaration, load_declarations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """One committed version of a schema."""

    name: str
    version: int
    id: int
    """The pinned wire id."""
    text: str
    """The file as it is committed, for a registry."""
    parsed: Any
    """For fastavro, without logical types: times stay integers, milliseconds."""


@cache
def load_schemas() -> Mapping[str, tuple[SchemaVersion, ...]]:
    """Every version of every schema, oldest first.

    Raises:
        ConfigurationError: a version is declared without its file, or is no Avro schema.
    """
    folder = repository_resource("schemas")
    return {
        name: tuple(_load(folder, declared, version) for version in sorted(declared.versions))
        for name, declared in load_declarations().schemas.items()
    }


def current(name: str) -> SchemaVersion:
    """The newest version of a schema."""
    return load_schemas()[name][-1]


def parse(schema: Any) -> Any:
    """A schema for fastavro, its logical types taken off."""
    return fastavro.parse_schema(_plain(schema))


def misfit(name: str, value: object) -> str | None:
    """What of a value does not fit the newest version of a schema: field, value and what belongs there; None: it fits.

    A field with a default may be missing.
    """
    try:
        validate(value, current(name).parsed, raise_errors=True)
    except ValidationError as wrong:
        first = wrong.errors[0]
        if not isinstance(value, dict):
            return f"{_short(value)} is no {name} record"
        field = first.field.rpartition(".")[2]
        if first.datum is None:
            return f"{field} is missing or null: {_wanted(first.schema)} belongs there"
        return f"{field} is {_short(first.datum)}: {_wanted(first.schema)} belongs there"
    return None


def _wanted(schema: Any) -> str:
    """A schema in a few words."""
    if isinstance(schema, list):
        return " or ".join(_wanted(one) for one in schema)
    if not isinstance(schema, dict):
        return str(schema).rpartition(".")[2]
    if "symbols" in schema:
        return f"one of {', '.join(schema['symbols'])}"
    if schema["type"] == "array":
        return f"a list of {_wanted(schema['items'])}"
    return _wanted(schema["name"] if schema["type"] == "record" else schema["type"])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _load(folder: Path, declared: SchemaDeclaration, version: int) -> SchemaVersion:
    path = folder / declared.name / f"v{version}.avsc"
    try:
        text = path.read_text(encoding="utf-8")
        parsed = parse(json.loads(text))
    except FileNotFoundError:
        raise ConfigurationError(
            f"schemas/{declared.name}/v{version}.avsc is declared in topics.yaml but is not there"
        ) from None
    except (json.JSONDecodeError, fastavro.schema.SchemaParseException) as invalid:
        raise ConfigurationError(f"schemas/{declared.name}/v{version}.avsc is no Avro schema: {invalid}") from None
    return SchemaVersion(declared.name, version, declared.versions[version], text, parsed)


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    return schema
