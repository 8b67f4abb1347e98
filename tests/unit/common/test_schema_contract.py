import json
from pathlib import Path

import pytest

from vigie_cli.schemas import python_types
from vigie_common import records
from vigie_common.codec import Codec
from vigie_common.compatibility import incompatibilities, unreadable
from vigie_common.paths import repository_resource
from vigie_common.schemas import SchemaVersion, current, load_schemas, parse
from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.topics import load_declarations


def test_every_committed_version_is_compatible_with_all_before_it():
    assert incompatibilities() == []


def test_every_schema_file_is_declared():
    files = {(p.parent.name, int(p.stem[1:])) for p in repository_resource("schemas").glob("*/v*.avsc")}
    declared = {(s.name, v) for s in load_declarations().schemas.values() for v in s.versions}
    assert files == declared


def test_the_types_of_the_records_are_those_of_the_schemas(tmp_path):
    """Run `vigie schemas records --out libs/common/vigie_common/records.py` and format, after a schema changes."""
    committed = Path(records.__file__).read_text(encoding="utf-8")
    normal = str.maketrans({"\n": None, " ": None, "(": None, ")": None, ",": None})
    assert committed.translate(normal) == python_types().translate(normal)


@pytest.mark.parametrize("schema", ["detections", "tracks", "rule-event", "alert"])
def test_the_taxonomy_is_the_schemas_enum(schema):
    text = current(schema).text
    symbols = next(
        part["symbols"] for part in walk(json.loads(text)) if part.get("name") == "ObjectClass" and "symbols" in part
    )
    assert symbols == list(CLASS_NAMES)


def test_every_field_and_type_is_documented():
    missing = [
        f"{name}: {part['name']}"
        for name, versions in load_schemas().items()
        for part in walk(json.loads(versions[-1].text))
        if "name" in part and not part.get("doc")
    ]
    assert missing == []


def walk(part):
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)


def record(*fields):
    return json.dumps({"type": "record", "name": "R", "fields": list(fields)})


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "string"}


@pytest.mark.parametrize(
    ("reader", "writer", "problems"),
    [
        (record(A), record(A), []),
        (record(A, B | {"default": ""}), record(A), []),
        (record(A, B), record(A), ["R.b: new without a default"]),
        (record({"name": "a", "type": "long"}), record(A), []),
        (record({"name": "a", "type": "string"}), record(A), ["R.a: int became string"]),
        (record({"name": "c", "aliases": ["a"], "type": "int"}), record(A), []),
        (record({"name": "a", "type": ["null", "int"]}), record(A), []),
        (record(A), record({"name": "a", "type": ["null", "int"]}), ["R.a: null became int"]),
        (
            record({"name": "a", "type": {"type": "array", "items": "int"}}),
            record({"name": "a", "type": {"type": "array", "items": "string"}}),
            ["R.a[]: string became int"],
        ),
        (
            record({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["x"]}}),
            record({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"]}}),
            ["R.a: y unknown to the reader, which has no default"],
        ),
    ],
)
def test_what_a_reader_cannot_read_is_named(reader, writer, problems):
    assert unreadable(reader, writer) == problems


def test_a_wire_id_is_never_used_twice():
    text = record(A)
    version = SchemaVersion("frame", 1, 5, text, parse(json.loads(text)))
    assert incompatibilities({"frame": [version], "tracks": [version]}) == [
        "tracks v1: id 5 belongs to frame v1 already"
    ]


def _with_bytes(value):
    if isinstance(value, dict):
        return {key: _with_bytes(v) for key, v in value.items()}
    return value.encode("latin-1") if isinstance(value, str) else value


@pytest.mark.parametrize("name", sorted(load_schemas()))
def test_every_schema_has_an_example_that_it_takes(name):
    """Bytes are written as Avro's JSON encoding does, one character a byte."""
    example = json.loads((repository_resource("schemas") / name / "example.json").read_text(encoding="utf-8"))
    binary = {f["name"] for f in json.loads(current(name).text)["fields"] if "bytes" in str(f["type"])}
    value = {key: _with_bytes(v) if key in binary else v for key, v in example.items()}
    codec = Codec.pinned()
    found = codec.decode(codec.encode(name, value))[1]
    assert list(found) == list(example)
    assert {key: found[key] for key in binary} == {key: value[key] for key in binary}
