"""The proof that each committed version of a schema can be read with every other that its level names.

Rules of Avro's schema resolution: https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from vigie_common.schemas import SchemaVersion, load_schemas
from vigie_common.topics import load_declarations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Schema = Any
Names = dict[str, Schema]

_PROMOTIONS: Final = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


def incompatibilities(schemas: Mapping[str, Sequence[SchemaVersion]] | None = None) -> list[str]:
    """What is wrong with the committed versions; empty when all is well."""
    problems: list[str] = []
    known = load_schemas() if schemas is None else schemas
    ids: dict[int, str] = {}
    for name, versions in known.items():
        level = load_declarations().schemas[name].compatibility
        for version in versions:
            where = f"{name} v{version.version}"
            if version.id in ids:
                problems.append(f"{where}: id {version.id} belongs to {ids[version.id]} already")
            ids[version.id] = where
        for i, newer in enumerate(versions):
            for older in versions[:i]:
                problems += [
                    f"{name} v{newer.version} cannot read v{older.version}: {p}"
                    for p in unreadable(newer.text, older.text)
                ]
                if level == "FULL_TRANSITIVE":
                    problems += [
                        f"{name} v{older.version} cannot read v{newer.version}: {p}"
                        for p in unreadable(older.text, newer.text)
                    ]
    return problems


def unreadable(reader: str, writer: str) -> list[str]:
    """Why a reader with this schema cannot read what a writer with that one wrote; empty when it can."""
    r, w = json.loads(reader), json.loads(writer)
    return list(_resolve(r, w, _names(r), _names(w), r.get("name", "")))


def _names(schema: Schema) -> Names:
    found: Names = {}

    def walk(part: Schema) -> None:
        if isinstance(part, dict):
            if "name" in part and part.get("type") in ("record", "enum", "fixed"):
                found[part["name"]] = part
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(schema)
    return found


def _kind(schema: Schema, names: Names) -> tuple[str, Schema]:
    if isinstance(schema, str):
        return _kind(names[schema], names) if schema in names else (schema, schema)
    if isinstance(schema, list):
        return "union", schema
    kind = schema["type"]
    return (kind, schema) if isinstance(kind, str) and kind not in names else _kind(kind, names)


def _resolve(reader: Schema, writer: Schema, rn: Names, wn: Names, path: str) -> Iterator[str]:
    rk, r = _kind(reader, rn)
    wk, w = _kind(writer, wn)
    if wk == "union":
        for branch in w:
            yield from _resolve(reader, branch, rn, wn, path)
    elif rk == "union":
        if all(list(_resolve(branch, writer, rn, wn, path)) for branch in r):
            yield f"{path}: no branch of the reader's union takes {wk}"
    elif rk != wk:
        if rk not in _PROMOTIONS.get(wk, ()):
            yield f"{path}: {wk} became {rk}"
    elif rk == "array":
        yield from _resolve(r["items"], w["items"], rn, wn, f"{path}[]")
    elif rk == "map":
        yield from _resolve(r["values"], w["values"], rn, wn, f"{path}{{}}")
    elif rk == "enum":
        gone = [symbol for symbol in w["symbols"] if symbol not in r["symbols"]]
        if gone and "default" not in r:
            yield f"{path}: {', '.join(gone)} unknown to the reader, which has no default"
    elif rk == "record":
        yield from _resolve_fields(r, w, rn, wn, path)


def _resolve_fields(r: Schema, w: Schema, rn: Names, wn: Names, path: str) -> Iterator[str]:
    written = {field["name"]: field for field in w["fields"]}
    for field in r["fields"]:
        match = next((written[name] for name in (field["name"], *field.get("aliases", ())) if name in written), None)
        if match is not None:
            yield from _resolve(field["type"], match["type"], rn, wn, f"{path}.{field['name']}")
        elif "default" not in field:
            yield f"{path}.{field['name']}: new without a default"
