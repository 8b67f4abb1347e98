import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.codec import Codec, Writer
from vigie_common.errors import PoisonRecordError, UnknownSchemaError
from vigie_common.schemas import SchemaVersion, current, load_schemas, parse

LETTER = {
    "service": "tracking",
    "origin_topic": "detections",
    "origin_partition": 3,
    "origin_offset": 41,
    "key": b"cam-1",
    "value": None,
    "value_size": 0,
    "error": "PoisonRecordError",
    "message": "no Avro",
    "appended_at": 1_700_000_000_000,
}


def test_a_record_comes_back_as_it_was():
    codec = Codec.pinned()
    assert codec.decode(codec.encode("dead-letter", LETTER)) == ("dead-letter", LETTER)


def test_the_framing_is_a_zero_byte_and_the_pinned_id():
    assert Codec.pinned().encode("dead-letter", LETTER)[:5] == b"\x00" + (2101).to_bytes(4, "big")


def test_times_stay_integers():
    codec = Codec.pinned()
    assert type(codec.decode(codec.encode("dead-letter", LETTER))[1]["appended_at"]) is int


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (None, PoisonRecordError, "a record of 0 bytes is no framed Avro record"),
        (b"\x00\x00", PoisonRecordError, "a record of 2 bytes is no framed Avro record"),
        (b'{"a": 1}', PoisonRecordError, "first byte is 0x7b, framed Avro begins with 0x00"),
        (b"\x00\x00\x00\x00\x07abc", UnknownSchemaError, "schema id 7 is unknown: upgrade this service"),
        (b"\x00\x00\x00\x08\x35\x02", PoisonRecordError, "not a dead-letter record (schema id 2101)"),
    ],
)
def test_what_is_no_record_is_named_with_the_fix(data, error, message):
    with pytest.raises(error) as raised:
        Codec.pinned().decode(data)
    assert message in str(raised.value)


def test_bytes_that_follow_a_record_are_refused():
    codec = Codec.pinned()
    with pytest.raises(PoisonRecordError, match="2 bytes follow the dead-letter record"):
        codec.decode(codec.encode("dead-letter", LETTER) + b"xx")


def test_a_record_of_another_schema_is_refused():
    codec = Codec.pinned()
    with pytest.raises(PoisonRecordError, match="a dead-letter record lies where a frame record belongs"):
        codec.decode_as("frame", codec.encode("dead-letter", LETTER))


@given(data=st.binary(max_size=60), wire_id=st.sampled_from([v.id for vs in load_schemas().values() for v in vs]))
def test_random_bytes_raise_nothing_but_a_poison_record(data, wire_id):
    with contextlib.suppress(PoisonRecordError):
        Codec.pinned().decode(b"\x00" + wire_id.to_bytes(4, "big") + data)


def test_a_record_of_an_older_version_is_read_with_the_newest():
    codec = Codec.pinned()
    newest = current("dead-letter")
    older = json.loads(newest.text)
    older["fields"] = [f for f in older["fields"] if f["name"] != "key"]
    version = SchemaVersion("dead-letter", 0, 99, json.dumps(older), parse(older))
    writer = Codec()
    writer.writers["dead-letter"] = Writer(b"\x00" + (99).to_bytes(4, "big"), version.parsed, None)
    codec.add(version, 99)
    without_key = {key: value for key, value in LETTER.items() if key != "key"}
    assert codec.decode(writer.encode("dead-letter", without_key))[1] == LETTER | {"key": None}


def test_what_does_not_fit_its_schema_is_refused_by_fastavro():
    codec = Codec.pinned()
    whole = codec.encode("dead-letter", LETTER)
    with pytest.raises((TypeError, ValueError)):
        codec.encode("dead-letter", LETTER | {"origin_offset": "x"})
    with pytest.raises(PoisonRecordError, match="not a dead-letter record"):
        codec.decode_as("dead-letter", whole[:-3])
    with pytest.raises(PoisonRecordError, match="2 bytes follow"):
        codec.decode_as("dead-letter", whole + b"ab")
