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
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

import yaml
from pydantic import BeforeValidator, SecretStr

from vigie_common.errors import ConfigurationError
from vigie_common.known_settings import PREFIX
from vigie_common.settings import Settings
from vigie_dev.api_reference import statistics_api_page
from vigie_dev.places import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

SERVICES = ("frame_sampler", "inference", "tracking", "rule_engine", "alert", "statistics", "statistics_history")
CHART = CHECKOUT / "helm" / "vigie"
_VALUES_KEYS = {
    "frame_sampler": "frameSampler",
    "inference": "inference",
    "tracking": "tracking",
    "rule_engine": "ruleEngine",
    "alert": "alert",
    "statistics": "statistics",
    "statistics_history": "statisticsHistory",
}
_SETTINGS_MODULES = {"statistics_history": "vigie_statistics.history.settings"}
"""Of services that are a second process of a package."""
_TYPE_WORDS: Final[dict[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}
_BOUNDS: Final = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
_VARIABLE = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b")


def service_settings(service: str) -> type[Settings]:
    """The settings class of a service: the one `Settings` subclass that its `settings` module defines.

    Raises:
        ConfigurationError: the module defines none, or several.
    """
    module = importlib.import_module(_SETTINGS_MODULES.get(service, f"vigie_{service}.settings"))
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
        "A `VIGIE_*` variable that is a setting of no service at all is ignored; every service and the `vigie` command",
        "warn of it and name the nearest. One that another service reads is none of those: all may share one file.",
        "",
        "`VIGIE_CACHE`, by default `~/.cache/vigie`, is read beside these: the folder of what can be made again,",
        "compiled code among it. The images carry one.",
        "",
        "A variable of every service that is named again under a service has another default there.",
        "",
        "## Every service",
        "",
        *_settings_table(common),
    ]
    for service in SERVICES:
        every = variables(service_settings(service)).items()
        own = {name: field for name, field in every if name not in common or field.default != common[name].default}
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
        CHECKOUT / "docs" / "reference" / "statistics-api.md": statistics_api_page(),
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
    kind, optional = _without_none(field.annotation)
    if get_origin(kind) is Literal:
        text = "one of " + ", ".join(_code(str(choice)) for choice in get_args(kind))
    elif _is_duration(field):
        text = "duration, as `20s` or `500ms`"
    else:
        text = _TYPE_WORDS.get(kind, getattr(kind, "__name__", str(kind)))
    bounds = [
        f"{sign} {getattr(item, name):g}" for item in field.metadata for name, sign in _BOUNDS if hasattr(item, name)
    ]
    return _cell(", ".join([text, *bounds, *(["optional"] if optional else [])]))


def _without_none(annotation: Any) -> tuple[Any, bool]:
    choices = get_args(annotation)
    if NoneType not in choices:
        return annotation, False
    return next(choice for choice in choices if choice is not NoneType), True


def _is_duration(field: FieldInfo) -> bool:
    """A number that is read from a duration such as `20s`."""
    return field.annotation is float and any(isinstance(item, BeforeValidator) for item in field.metadata)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return _code(f"{value:g}s" if _is_duration(field) else str(value))


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
