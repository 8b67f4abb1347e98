"""docs/reference/statistics-api.md, from what the REST interface says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie_statistics.api.app import make_app
from vigie_statistics.history.database import DATABASE
from vigie_statistics.query import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def statistics_api_page() -> str:
    """The page: every path with its parameters, every answer with its fields."""
    described = make_app(History(DATABASE.open("sqlite:///:memory:"))).openapi()
    lines = [
        "# The REST interface of the statistics",
        "",
        "The history answers on loopback only, at `VIGIE_STATISTICS_API_HOST` and `VIGIE_STATISTICS_API_PORT`; any",
        "other address is refused until there is authentication, and so is a request to another host name. Its log",
        "says the address; `/openapi.json` there describes it for machines. On Kubernetes, `kubectl port-forward`",
        "reaches it. How to read the answers: [read statistics](../how-to/read-statistics.md). This page is made from",
        "that description by `python -m vigie_dev.reference`.",
        "",
        "A wrong question gets 400 or 422 with `detail`, which says what to write; 503 means that the database does",
        "not answer.",
        "",
        "## Parameters of every question",
        "",
    ]
    paths: Mapping[str, Any] = described["paths"]
    each = {path: {p["name"]: p for p in item["get"].get("parameters", [])} for path, item in paths.items()}
    shared = set.intersection(*(set(own) for own in each.values()))
    lines += _parameters(p for name, p in next(iter(each.values())).items() if name in shared)
    for path, item in paths.items():
        asked = item["get"]
        lines += ["", f"## GET {path}", "", asked.get("description", asked["summary"])]
        own = [p for name, p in each[path].items() if name not in shared]
        if own:
            lines += ["", *_parameters(own)]
        content = asked["responses"]["200"].get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        answer = f"Answer: {_type(schema)}." if schema else f"Answer: {', '.join(f'`{name}`' for name in content)}."
        lines += ["", answer]
    lines += ["", "## Answers", "", "Instants are milliseconds since 1970 UTC; coverage and shares go from 0 to 1."]
    for name, schema in described["components"]["schemas"].items():
        if name in {"HTTPValidationError", "ValidationError", "Problem"} or "properties" not in schema:
            continue
        lines += ["", f"### {name}", "", "| field | type |", "|---|---|"]
        lines += [f"| `{field}` | {_type(kind)} |" for field, kind in schema["properties"].items()]
    return "\n".join(lines) + "\n"


def _parameters(parameters: Iterator[Mapping[str, Any]] | list[Mapping[str, Any]]) -> list[str]:
    rows = ["| parameter | type | default | meaning |", "|---|---|---|---|"]
    for p in parameters:
        default = p["schema"].get("default")
        shown = "" if default is None else f"`{default}`"
        rows.append(f"| `{p['name']}` | {_type(p['schema'])} | {shown} | {p.get('description', '')} |")
    return rows


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(s) for s in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{e}`" for e in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    words = {"integer": "whole number", "string": "text", "boolean": "true or false", "null": "nothing"}
    return words.get(str(schema.get("type")), str(schema.get("type", "anything")))
