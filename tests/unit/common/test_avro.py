"""Records written and read by compiled code are, to the byte and the value, those of fastavro."""

import io
import math
import struct

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigie_common.avro import LIBRARY, layout
from vigie_common.codec import Codec
from vigie_common.schemas import current, load_schemas, parse

NEWEST = sorted(load_schemas())
HEADER = b"head!"
PLAIN = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(-70, 70),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 70),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": st.text(max_size=8),
    "bytes": st.binary(max_size=8),
}


def values(schema, known):
    """A strategy of what fits a parsed schema."""
    if isinstance(schema, list):
        return st.one_of([values(one, known) for one in schema])
    if isinstance(schema, str):
        return known[schema] if schema in known else PLAIN[schema]
    kind = schema["type"]
    if kind == "array":
        entries = values(schema["items"], known)
        return st.lists(entries, max_size=3) | entries.map(lambda entry: [entry] * 65)  # their number takes two bytes
    if kind == "map":
        return st.dictionaries(PLAIN["string"], values(schema["values"], known), max_size=3)
    if kind == "enum":
        known[schema["name"]] = st.sampled_from(schema["symbols"])
        return known[schema["name"]]
    if kind == "record":
        fields = {field["name"]: values(field["type"], known) for field in schema["fields"]}
        known[schema["name"]] = st.fixed_dictionaries(fields)
        return known[schema["name"]]
    return values(kind, known)


RECORDS = {name: values(current(name).parsed, {}) for name in NEWEST}


def by_fastavro(schema, value):
    out = io.BytesIO(HEADER)
    out.seek(len(HEADER))
    schemaless_writer(out, schema, value)
    return out.getvalue()


def read_by_fastavro(schema, data):
    stream = io.BytesIO(data)
    stream.seek(len(HEADER))
    return schemaless_reader(stream, schema, None)


def exactly(value):
    """A value in which equal means the same: types, and the bits of numbers that are none."""
    if isinstance(value, dict):
        return [(key, exactly(entry)) for key, entry in value.items()]
    if isinstance(value, list):
        return [exactly(entry) for entry in value]
    return type(value), struct.pack("<d", value) if isinstance(value, float) else value


@pytest.mark.parametrize("name", NEWEST)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_bytes_and_values_are_those_of_fastavro(name, data):
    schema = current(name).parsed
    value = data.draw(RECORDS[name])
    written = by_fastavro(schema, value)
    assert layout(schema).encode(HEADER, value) == written
    assert exactly(layout(schema).decode(written, len(HEADER))) == exactly(read_by_fastavro(schema, written))


@pytest.mark.parametrize("name", NEWEST)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_record_cut_off_or_with_more_behind_it_is_none(name, data):
    schema = current(name).parsed
    whole = by_fastavro(schema, data.draw(RECORDS[name]))
    assert layout(schema).decode(whole[: data.draw(st.integers(len(HEADER), len(whole) - 1))], len(HEADER)) is None
    assert layout(schema).decode(whole + b"\0", len(HEADER)) is None


@pytest.mark.parametrize("name", NEWEST)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damaged_records_are_read_as_by_fastavro_or_left_to_it(name, data):
    schema = current(name).parsed
    damaged = bytearray(by_fastavro(schema, data.draw(RECORDS[name])))
    for place in data.draw(st.lists(st.integers(len(HEADER), len(damaged) - 1), min_size=1, max_size=3)):
        damaged[place] = data.draw(st.integers(0, 255))
    found = layout(schema).decode(bytes(damaged), len(HEADER))
    assert found is None or exactly(found) == exactly(read_by_fastavro(schema, bytes(damaged)))


def test_every_schema_is_written_by_compiled_code():
    assert [name for name in NEWEST if Codec.pinned().writers[name].layout is None] == []


def record(kind):
    return parse({"type": "record", "name": "One", "fields": [{"name": "of", "type": kind}]})


ENUM = {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 2**31),
        ("int", -(2**31) - 1),
        ("long", 2**63),
        ("long", -(2**63) - 1),
        ("long", 1.0),
        ("long", True),
        ("boolean", 1),
        ("float", 1e39),
        ("float", "1"),
        ("double", None),
        ("double", 10**400),
        ("string", b"text"),
        ("string", "\ud800"),
        ("bytes", "text"),
        ("null", 0),
        (["null", "int"], "1"),
        (ENUM, "blue"),
        (ENUM, ["red"]),
        ({"type": "array", "items": "int"}, (1, 2)),
        ({"type": "array", "items": "int"}, [1, None]),
        ({"type": "map", "values": "int"}, {1: 1}),
        ({"type": "map", "values": "int"}, [1]),
    ],
)
def test_what_does_not_fit_is_none(kind, value):
    made = layout(record(kind))
    assert made.encode(HEADER, {"of": value}) is None
    assert made.encode(HEADER, {}) is None
    assert made.encode(HEADER, [value]) is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("long", b"\xff" * 9 + b"\x02"),
        ("long", b"\x80" * 10 + b"\x00"),
        ("boolean", b"\x02"),
        ("string", b"\x01"),
        ("string", b"\x02\xff"),
        ("bytes", b"\x04a"),
        ("bytes", b"\xfe" + b"\xff" * 8 + b"\x01"),
        ("float", b"\0\0\0"),
        (["null", "int"], b"\x04\x02"),
        (["null", "int"], b"\x01\x02"),
        (ENUM, b"\x04"),
        (ENUM, b"\x01"),
        ({"type": "array", "items": "boolean"}, b"\xfe" + b"\xff" * 8 + b"\x01" + b"\x01" * 50),
        ({"type": "array", "items": "boolean"}, b"\xff" * 9 + b"\x01" + b"\x01" * 50),
        ({"type": "map", "values": "int"}, b"\x02\x01"),
    ],
)
def test_bytes_that_are_no_value_are_none(kind, data):
    assert layout(record(kind)).decode(HEADER + data, len(HEADER)) is None


@pytest.mark.parametrize("at", [-1, 7])
def test_a_place_outside_the_data_is_none(at):
    assert layout(record("int")).decode(b"\0" * 6, at) is None


def test_what_another_writer_wrote_in_blocks_is_read():
    made = layout(record({"type": "array", "items": "long"}))
    # 1 and 2 in two blocks, the second with its size in bytes
    assert made.decode(b"\x02\x02" + b"\x01\x02\x04" + b"\x00", 0) == {"of": [1, 2]}


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "fixed", "name": "Four", "size": 4},
        ["int", "string"],
        ["null", "int", "string"],
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "record", "name": "Empty", "fields": []}},
        ["null", "One"],
    ],
)
def test_what_is_not_written_here_is_left_to_fastavro(kind):
    assert layout(record(kind)) is None


@settings(deadline=None)
@given(size=st.integers(0, 5000))
@example(size=1019)
def test_a_record_of_any_size_has_room(size):
    schema = record("bytes")
    assert layout(schema).encode(HEADER, {"of": b"x" * size}) == by_fastavro(schema, {"of": b"x" * size})


def test_numbers_that_are_none_are_kept():
    made = layout(record({"type": "array", "items": "float"}))
    nan, infinite, zero = made.decode(made.encode(HEADER, {"of": [math.nan, math.inf, -0.0]}), len(HEADER))["of"]
    assert (math.isnan(nan), infinite, math.copysign(1, zero)) == (True, math.inf, -1)


def test_the_library_is_loaded_and_not_made_anew():
    assert LIBRARY.path.is_file()
    assert LIBRARY.module is LIBRARY.module
