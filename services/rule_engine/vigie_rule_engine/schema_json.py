"""JSON Schemas (draft 2020-12) of the files that people write, made from the code that reads them.

An editor that knows them completes keys and marks errors while one types. What a schema cannot say (a polygon
that crosses itself, a zone that no camera has) is the lint's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from vigie_common.camera_file import CameraFile
from vigie_common.camera_source import SOURCE_KINDS
from vigie_common.field_types import EDITOR_NAME_PATTERN
from vigie_common.site_file import SiteFile
from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.units import DISTANCE_PATTERN, DURATION_PATTERN, FRACTION_PATTERN, SPEED_PATTERN
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.compound_file import CompoundFile
from vigie_rule_engine.quantities import allowed
from vigie_rule_engine.rule_file import AuthorisationFile, RuleFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.yaml_model import FileModel
    from vigie_rule_engine.template import Kind, Parameter, Template

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    """A name, or a list of names."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}]}


_KINDS: Final[Mapping[Kind, dict[str, Any]]] = {
    "duration": {"type": "string", "pattern": DURATION_PATTERN},
    "distance": {"type": "string", "pattern": DISTANCE_PATTERN},
    "speed": {"type": "string", "pattern": SPEED_PATTERN},
    "fraction": {"type": "string", "pattern": FRACTION_PATTERN},
    "number": {"type": "number"},
    "choice": {"type": "string"},
    "classes": _one_or_more({"enum": list(CLASS_NAMES[1:])}),
    "zone": _one_or_more({"type": "string", "pattern": EDITOR_NAME_PATTERN}),
    "line": _one_or_more({"type": "string", "pattern": EDITOR_NAME_PATTERN}),
}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": parameter.doc, **_KINDS[parameter.kind]}
    if parameter.kind == "number":
        within = allowed(parameter)[""]
        schema |= {"minimum": within.least, "maximum": within.most}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default not in {None, ()}:
        schema["default"] = parameter.default
    return schema


def _with(template: Template) -> dict[str, Any]:
    """The schema of `with` for one template."""
    return {
        "type": "object",
        "description": template.doc,
        "properties": {parameter.name: _parameter(parameter) for parameter in template.parameters},
        "required": [parameter.name for parameter in template.parameters if parameter.default is None],
        "additionalProperties": False,
    }


def _of(model: type[FileModel]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}


def camera_schema() -> dict[str, Any]:
    """Of a camera file."""
    schema = _of(CameraFile)
    schema["$defs"]["SourceSection"]["oneOf"] = [{"required": [kind]} for kind in SOURCE_KINDS]
    schema["properties"]["calibration"]["anyOf"] = [{"maxItems": 0}, {"minItems": 4}]
    return schema


def rule_schema() -> dict[str, Any]:
    """Of a rule file: `with` depends on the template."""
    schema = _of(RuleFile)
    schema["properties"]["template"] = {
        "enum": sorted(TEMPLATES),
        "description": schema["properties"]["template"]["description"],
    }
    schema["allOf"] = [
        {
            "if": {"properties": {"template": {"const": name}}, "required": ["template"]},
            "then": {"properties": {"with": _with(template)}},
        }
        for name, template in sorted(TEMPLATES.items())
    ]
    return schema


def schemas() -> dict[str, str]:
    """Every schema as the text of its file, by file name."""
    content = {
        "authorisation.schema.json": _of(AuthorisationFile),
        "camera.schema.json": camera_schema(),
        "compound.schema.json": _of(CompoundFile),
        "rule.schema.json": rule_schema(),
        "site.schema.json": _of(SiteFile),
    }
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in content.items()}
