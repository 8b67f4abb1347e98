"""`vigie schemas`: check compatibility, register, and write the types of the records."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from vigie_common.compatibility import incompatibilities
from vigie_common.errors import BadInputError
from vigie_common.registry import Registry
from vigie_common.schemas import current, load_schemas
from vigie_common.settings import Settings, read_settings

app = typer.Typer(help="The Avro schemas of the topics.", no_args_is_help=True, add_completion=False)


@app.command()
def check() -> None:
    """Prove every committed version compatible with all before it.

    Example: vigie schemas check
    """
    problems = incompatibilities()
    for problem in problems:
        print(problem)
    if problems:
        raise BadInputError(
            f"{len(problems)} incompatible: keep the old version as it is and add fields with defaults in a new one"
        )
    print(f"{sum(len(v) for v in load_schemas().values())} versions of {len(load_schemas())} schemas are compatible")


@app.command()
def register() -> None:
    """Register every version with the registry of VIGIE_SCHEMA_REGISTRY_URL.

    Example: VIGIE_SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 vigie schemas register
    """

    async def go() -> dict[str, int]:
        registry = await Registry.open(read_settings(Settings))
        try:
            return await registry.register()
        finally:
            await registry.close()

    for subject, wire_id in asyncio.run(go()).items():
        print(f"{subject}: {wire_id}")


@app.command()
def records(out: Annotated[Path, typer.Option(help="file to write")]) -> None:
    """Write the Python types of the newest schemas.

    Example: vigie schemas records --out libs/common/vigie_common/records.py
    """
    out.write_text(python_types(), encoding="utf-8")


def python_types() -> str:
    """A module with a TypedDict for every record of the newest schemas."""
    module = _Module()
    for name in load_schemas():
        module.type_of(json.loads(current(name).text), "")
    lines = [
        '"""Types of the decoded records. Generated from `schemas/` by `vigie schemas records`: do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Literal, TypedDict",
    ]
    return "\n".join(lines + module.lines) + "\n"


class _Module:
    """Collects type definitions; a nested record used by two schemas is named by both."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bodies: dict[str, str] = {}

    def type_of(self, schema: Any, owner: str) -> str:
        if isinstance(schema, list):
            return " | ".join("None" if part == "null" else self.type_of(part, owner) for part in reversed(schema))
        if isinstance(schema, str):
            return {
                "string": "str",
                "bytes": "bytes",
                "boolean": "bool",
                "int": "int",
                "long": "int",
                "float": "float",
                "double": "float",
            }.get(schema, schema)
        kind = schema["type"]
        if kind == "array":
            return f"list[{self.type_of(schema['items'], owner)}]"
        if kind == "map":
            return f"dict[str, {self.type_of(schema['values'], owner)}]"
        if kind == "enum":
            symbols = ", ".join(f'"{symbol}"' for symbol in schema["symbols"])
            return self._define(schema, f"{{name}} = Literal[{symbols}]")
        if kind == "record":
            fields = [(f["name"], self.type_of(f["type"], schema["name"]), f.get("doc", "")) for f in schema["fields"]]
            body = ["class {name}(TypedDict):", f'    """{_sentence(schema["doc"])}"""', ""]
            for name, kind_of, doc in fields:
                body += [f"    {name}: {kind_of}", f'    """{_sentence(doc)}"""']
            return self._define(schema, "\n".join(body))
        return self.type_of(kind, owner)

    def _define(self, schema: dict[str, Any], body: str) -> str:
        name: str = schema["name"]
        if name in self.bodies and self.bodies[name] != body:
            raise BadInputError(f"schemas/: {name} is defined twice with different content: give one another name")
        if name not in self.bodies:
            self.bodies[name] = body
            gap = ["", ""] if body.startswith("class") else [""]
            self.lines += gap + body.replace("{name}", name).split("\n")
            if not body.startswith("class"):
                self.lines.append(f'"""{_sentence(schema["doc"])}"""')
        return name


def _sentence(doc: str) -> str:
    text = re.sub(r"\s+", " ", doc).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
