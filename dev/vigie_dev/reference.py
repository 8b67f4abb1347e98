"""Reference pages and names that are made from the code, and the check that they are current.

python -m vigie_dev.reference          writes them
python -m vigie_dev.reference --check  fails, naming the file, when one is out of date
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import yaml

from vigie_common.errors import ConfigurationError
from vigie_common.settings import PREFIX, Settings
from vigie_dev.places import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo

SERVICES = ("frame_sampler", "inference", "tracking", "rule_engine", "alert")
CHART = CHECKOUT / "helm" / "vigie"
_VALUES_KEYS = {
    "frame_sampler": "frameSampler",
    "inference": "inference",
    "tracking": "tracking",
    "rule_engine": "ruleEngine",
    "alert": "alert",
}
_VARIABLE = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b")


def service_settings(service: str) -> type[Settings]:
    """The settings class of a service: the one `Settings` subclass that its `settings` module defines.

    Raises:
        ConfigurationError: the module defines none, or several.
    """
    module = importlib.import_module(f"vigie_{service}.settings")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise ConfigurationError(f"{module.__name__}: defines {len(classes)} settings classes, where one is the rule")
    return classes[0]


def variables(settings: type[Settings]) -> dict[str, FieldInfo]:
    """Each field of a settings class by its environment variable, in the order of the class."""
    return {f"{PREFIX}{name.upper()}": field for name, field in settings.model_fields.items()}


def variables_named_in(text: str) -> set[str]:
    """Every VIGIE_* variable that a text names."""
    return set(_VARIABLE.findall(text))


def settings_page() -> str:
    """docs/reference/settings.md: every variable, its type, default and meaning."""
    common = variables(Settings)
    lines = [
        "# Settings",
        "",
        "Every service is set by environment variables. A wrong value stops the start, with the variable's name,",
        "the value and what is allowed; exit code 78. This page is made from the settings classes by",
        "`python -m vigie_dev.reference`.",
        "",
        "## Every service",
        "",
        *_settings_table(common),
    ]
    for service in SERVICES:
        own = {name: field for name, field in variables(service_settings(service)).items() if name not in common}
        lines += ["", f"## {service}", ""]
        lines += _settings_table(own) if own else ["No settings of its own."]
    return "\n".join(lines) + "\n"


def values_page() -> str:
    """docs/reference/chart-values.md: every value of the chart, its type, default and meaning."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    lines = [
        "# Values of the chart",
        "",
        "Any other name is refused, and so is a value of the wrong form. This page is made from",
        "`helm/vigie/values.schema.json` and `values.yaml` by `python -m vigie_dev.reference`.",
        "",
        "| value | default | meaning |",
        "|---|---|---|",
    ]
    for path, property_schema, default in _values(schema, defaults):
        allowed = property_schema.get("enum")
        meaning = property_schema["description"] + (f": {', '.join(map(_code, allowed))}" if allowed else "")
        lines.append(f"| `{path}` | {_code(json.dumps(default, ensure_ascii=False))} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def values_schema() -> str:
    """values.schema.json whose `settings` allow each service's variables, but those the chart sets itself."""
    path = CHART / "values.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    templates = "".join(file.read_text(encoding="utf-8") for file in sorted((CHART / "templates").iterdir()))
    taken = variables_named_in(templates)
    for service, key in _VALUES_KEYS.items():
        schema["properties"][key]["properties"]["settings"]["properties"] = {
            name: {"type": ["string", "number", "boolean"], "description": field.description}
            for name, field in variables(service_settings(service)).items()
            if name not in taken
        }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Every made file and what it must hold now."""
    return {
        CHECKOUT / "docs" / "reference" / "settings.md": settings_page(),
        CHECKOUT / "docs" / "reference" / "chart-values.md": values_page(),
        CHART / "values.schema.json": values_schema(),
    }


def out_of_date() -> list[str]:
    """The made files that differ from what the code says, by their path in the checkout."""
    return [
        str(path.relative_to(CHECKOUT))
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the made files, or check them."""
    parser = argparse.ArgumentParser(prog="python -m vigie_dev.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")
    stale = out_of_date()
    if parser.parse_args().check:
        for name in stale:
            print(
                f"{name}: out of date with the code: run `python -m vigie_dev.reference` and commit it",
                file=sys.stderr,
            )
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"written: {', '.join(stale)}" if stale else "everything was current")
    return 0


def _settings_table(fields: Mapping[str, FieldInfo]) -> list[str]:
    rows = [
        f"| `{name}` | {_type(field)} | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in fields.items()
    ]
    return ["| variable | type | default | meaning |", "|---|---|---|---|", *rows]


def _type(field: FieldInfo) -> str:
    text = field.annotation.__name__ if isinstance(field.annotation, type) else str(field.annotation)
    text = re.sub(r"\b(?:\w+\.)+(\w)", r"\1", text)
    text = text.replace("SecretStr", "secret").replace(" | None", ", optional").replace("Literal", "one of ")
    bounds = [str(item) for item in field.metadata if type(item).__name__ in {"Ge", "Gt", "Le", "Lt"}]
    return _cell(", ".join([text, *(re.sub(r"\w+\(\w+=(.+)\)", r"\1", bound) for bound in bounds)]))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else _code(str(value))


def _values(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for name, default in defaults.items():
        property_schema = schema["properties"][name]
        if property_schema.get("additionalProperties") is False and default:
            for path, inner, value in _values(property_schema, default):
                yield f"{name}.{path}", inner, value
        else:
            yield name, property_schema, default


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
