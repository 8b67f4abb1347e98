"""Records read and written a column at a time are, to the byte, those of fastavro."""

import io
import math

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.codec import Codec
from vigie_common.columns import Columns
from vigie_common.errors import PoisonRecordError
from vigie_common.schemas import current
from vigie_common.taxonomy import CLASS_NAMES

TRACKS = current("tracks").parsed
HEAD = {
    "camera_id": "cam-1",
    "session": "s",
    "seq": 7,
    "captured_at": 1_700_000_000_000,
    "clock": "stream",
    "watched_ms": 0,
    "status": "ok",
    "reason": None,
    "source_frame": None,
    "frame_ref": {"partition": 3, "offset": 12},
    "width": 960,
    "height": 540,
    "source_width": 1920,
    "source_height": 1080,
    "models": [{"name": "yolox-nano", "version": "1"}],
}
FLOATS = ("x1", "y1", "x2", "y2", "score", "vx", "vy")
ENDS = ("ended_track_id", "ended_at", "ended_reason")
NUMBERS = st.floats(width=32, allow_nan=False)
LONGS = st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 70)


@st.composite
def tracks(draw):
    n = draw(st.integers(0, 5) | st.integers(60, 70))
    gone = draw(st.integers(0, 3))

    def column(entries, length=n):
        return draw(st.lists(entries, min_size=length, max_size=length))

    floats = {name: column(NUMBERS) for name in ("x1", "y1", "x2", "y2", "score", "vx", "vy")}
    return (
        HEAD
        | floats
        | {
            "object_class": column(st.sampled_from(CLASS_NAMES)),
            "model_index": column(st.integers(-(2**31), 2**31 - 1) | st.just(0)),
            "track_id": column(LONGS),
            "ended_track_id": column(LONGS, gone),
            "ended_at": column(LONGS, gone),
            "ended_reason": column(st.sampled_from(["lost", "left"]), gone),
        }
    )


def by_fastavro(value):
    out = io.BytesIO(b"head!")
    out.seek(5)
    schemaless_writer(out, TRACKS, value)
    return out.getvalue()


@given(tracks())
def test_bytes_and_values_are_those_of_fastavro(value):
    columns = Columns.of(TRACKS)
    data = by_fastavro(value)
    assert columns.write(b"head!", value) == data
    stream = io.BytesIO(data)
    stream.seek(5)
    assert columns.read(data, 5) == (schemaless_reader(stream, TRACKS), len(data))


@given(tracks(), st.data())
def test_a_record_cut_off_is_none(value, data):
    whole = by_fastavro(value)
    assert Columns.of(TRACKS).read(whole[: data.draw(st.integers(5, len(whole) - 1))], 5) is None


def boxes(floats, count):
    value = HEAD | dict.fromkeys(FLOATS, floats * count) | {name: [] for name in ENDS}
    return value | {
        "object_class": ["person"] * count,
        "model_index": [0] * count,
        "track_id": list(range(99, 99 + count)),
    }


def test_what_another_writer_wrote_in_blocks_is_read():
    empty = by_fastavro(boxes([], 0))
    # the six columns from track_id on are a zero byte each; here its ids 1 and 2 come in two blocks, one with its size
    data = empty[:-6] + b"\x02\x02" + b"\x01\x02\x04" + b"\x00" + empty[-5:]
    assert Columns.of(TRACKS).read(data, 5)[0]["track_id"] == [1, 2]


def test_numbers_that_are_none_are_kept():
    codec = Codec.pinned()
    read = codec.decode_as("tracks", codec.encode("tracks", boxes([math.nan, math.inf], 1)))
    assert [math.isnan(read["x1"][0]), read["x1"][1]] == [True, math.inf]


@pytest.mark.parametrize("name", ["detections", "tracks"])
def test_records_of_every_frame_are_columns(name):
    assert Columns.of(current(name).parsed) is not None


def test_records_without_columns_are_left_to_fastavro():
    assert Columns.of(current("rule-event").parsed) is None


def test_what_does_not_fit_its_schema_is_refused_as_before():
    codec = Codec.pinned()
    with pytest.raises(ValueError, match="elephant"):
        codec.encode(
            "tracks",
            codec.decode_as("tracks", codec.encode("tracks", boxes([1.0], 1))) | {"object_class": ["elephant"]},
        )
    with pytest.raises(PoisonRecordError, match="not a tracks record"):
        codec.decode_as("tracks", codec.encode("tracks", boxes([1.0], 1))[:-3])
    with pytest.raises(PoisonRecordError, match="2 bytes follow"):
        codec.decode_as("tracks", codec.encode("tracks", boxes([1.0], 1)) + b"ab")
