"""Strict JSON Schemas of every Kubernetes object, made from the API server's own description."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_REF = "#/definitions/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_QUANTITY_SCHEMA = {
    "oneOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^[+-]?[0-9.]+([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"},
    ]
}
_INT_OR_STRING = {"oneOf": [{"type": "integer"}, {"type": "string"}]}


def strict(schema: Any) -> Any:
    """The OpenAPI v2 schema as a strict JSON Schema: a field it does not declare is refused.

    Formats are dropped (OpenAPI's are not JSON Schema's) and `IntOrString` is spelt out. An object
    that declares no properties (a map, or free JSON) stays open.
    """
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return _INT_OR_STRING
    out = {key: strict(value) for key, value in schema.items() if key not in {"format", "properties", "enum"}}
    if "enum" in schema:
        out["enum"] = schema["enum"]
    if "properties" in schema:
        out["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        out.setdefault("additionalProperties", False)
    return out


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(_REF)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _reachable(name: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = definitions[current]
            waiting.extend(_references(definitions[current]))
    return found


def object_schemas(swagger: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A self-contained schema for each kind of object, by the file name kubeconform looks for.

    `deployment-apps-v1` is the Deployment of group apps, version v1; the core group has no group part.
    Kinds that are no objects (options, watch events) are left out: they have no `metadata`.
    """
    definitions = {name: strict(schema) for name, schema in swagger["definitions"].items()}
    definitions[_QUANTITY] = _QUANTITY_SCHEMA
    schemas = {}
    for name, schema in definitions.items():
        if "metadata" not in schema.get("properties", {}):
            continue
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            group = kind["group"].split(".")[0]
            parts = [kind["kind"].lower(), *([group] if group else []), kind["version"]]
            schemas["-".join(parts)] = {"$ref": _REF + name, "definitions": _reachable(name, definitions)}
    return schemas


def write_schemas(swagger_file: Path, folder: Path) -> int:
    """Write every object's schema into `folder`; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    schemas = object_schemas(json.loads(swagger_file.read_text(encoding="utf-8")))
    for name, schema in schemas.items():
        (folder / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")
    return len(schemas)
