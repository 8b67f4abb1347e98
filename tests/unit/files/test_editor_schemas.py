import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest

from vigie_common.yaml_source import read_document
from vigie_rule_engine.schema_json import schemas

REPOSITORY = Path(__file__).parents[3]
COMMITTED = REPOSITORY / "docs/reference/schemas"


def validator(name):
    schema = json.loads(schemas()[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def content(path):
    return read_document(REPOSITORY / path).root.plain()


def test_the_committed_schemas_are_those_of_the_code():
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*.json")}
    assert committed == schemas(), "run: vigie rules schema --out docs/reference/schemas"


def patterns_of(schema):
    """Every regular expression of a schema."""
    if isinstance(schema, list):
        return [found for item in schema for found in patterns_of(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    below = schema.get("patternProperties", {})
    return [*own, *below, *(found for value in schema.values() for found in patterns_of(value))]


@pytest.mark.parametrize("name", sorted(schemas()))
def test_no_pattern_uses_what_editors_read_otherwise(name):
    """ECMA-262 (section 22.2.1): these know ASCII alone there, and with its flag u other escapes are errors."""
    patterns = set(patterns_of(json.loads(schemas()[name])))
    assert patterns
    escapes = {escape for pattern in patterns for escape in re.findall(r"\\(?:u[0-9a-f]{4}|.)", pattern)}
    assert {escape for escape in escapes if not re.fullmatch(r"\\(?:u[0-9a-f]{4}|[d.$])", escape)} == set()


@pytest.mark.parametrize("zone", ["entrée", "été", "Straße", "広場", "place_1"])
def test_an_editor_takes_zones_of_every_language(zone):
    rule = content("rules/town/delivery-parking.yaml")
    rule["with"]["zone"] = zone
    assert validator("rule.schema.json").is_valid(rule)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("site.schema.json", "cameras/site.yaml"),
        ("camera.schema.json", "cameras/*-*.yaml"),
        ("rule.schema.json", "rules/town/*.yaml"),
        ("compound.schema.json", "rules/decree-2023-828/fall-in-a-gathering.yaml"),
        ("authorisation.schema.json", "rules/authorisations/*.yaml"),
    ],
)
def test_the_example_files_follow_their_schema(name, pattern):
    paths = sorted(REPOSITORY.glob(pattern))
    assert paths
    for path in paths:
        assert [error.message for error in validator(name).iter_errors(content(path))] == []


@pytest.mark.parametrize(
    ("name", "path", "where", "value"),
    [
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["zones", "livraison", 0, 0], 1.5),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["zones", "livraison"], [[0, 0], [1, 1]]),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["source", "file"], "second.avi"),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["source", "credentials"], "user:secret"),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["zone"], {}),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["sampling", "fps"], 60),
        ("camera.schema.json", "cameras/maison-carree-02.yaml", ["position", "height"], 6),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["template"], "stoped"),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["with", "for"], 3),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["with", "for"], "3"),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["with", "classes"], ["cars"]),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["with", "line"], "porte"),
        ("rule.schema.json", "rules/town/delivery-parking.yaml", ["status"], "beta"),
        ("compound.schema.json", "rules/decree-2023-828/fall-in-a-gathering.yaml", ["same"], "street"),
        ("compound.schema.json", "rules/decree-2023-828/fall-in-a-gathering.yaml", ["within"], "30"),
        ("compound.schema.json", "rules/decree-2023-828/fall-in-a-gathering.yaml", ["tests", 0, "expects"], []),
        ("authorisation.schema.json", "rules/authorisations/exercise.yaml", ["mode"], "real"),
        ("site.schema.json", "cameras/site.yaml", ["languages"], []),
    ],
)
def test_an_editor_marks_what_the_lint_would_refuse(name, path, where, value):
    wrong = copy.deepcopy(content(path))
    target = wrong
    for step in where[:-1]:
        target = target[step]
    target[where[-1]] = value
    assert not validator(name).is_valid(wrong)
