"""Recorded tracks that authors give to `vigie rules replay` and `explain`: what is wrong is named, with its line."""

import json
from pathlib import Path

import pytest

from vigie_cli.rules_tracks import read_tracks
from vigie_common.errors import BadInputError
from vigie_rule_engine.recorded import read_recording

PARKS = Path(__file__).parents[3] / "rules/town/tracks/parks-in-the-bay.csv"


@pytest.fixture
def written(tmp_path):
    """Writes lines of records or of text: `written([record])`."""

    def write(lines):
        path = tmp_path / "a.jsonl"
        text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(text), encoding="utf-8")
        return path

    return write


def read(path, start="2026-01-05T12:00"):
    return read_tracks([path], None, start, "Europe/Paris")


@pytest.fixture(scope="module")
def record():
    """A record with a box."""
    return next(dict(one) for one in read_recording(PARKS).records("cam-1", 0) if one["track_id"])


def test_what_the_schema_has_a_default_for_may_be_missing(written, record):
    lacks = {name: value for name, value in record.items() if name not in {"watched_ms", "reason", "source_frame"}}
    assert read(written([lacks])) == [record]


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("captured_at", "x", "captured_at is 'x': long belongs there"),
        ("captured_at", None, "captured_at is missing or null: long belongs there"),
        ("captured_at", 10**17, "captured_at is 100000000000000000: write milliseconds since 1970 UTC"),
        ("score", None, "score is missing or null: a list of float belongs there"),
        ("camera_id", [], "camera_id is []: string belongs there"),
        ("track_id", [1.7], "track_id is 1.7: long belongs there"),
        ("object_class", ["dragon"], "object_class is 'dragon': one of unknown, person, "),
        ("frame_ref", {}, "partition is missing or null: int belongs there"),
        ("frame_ref", 7, "frame_ref is 7: FrameRef belongs there"),
    ],
)
def test_a_record_that_does_not_fit_the_schema_is_named_with_its_line_and_field(written, record, field, value, wrong):
    path = written([record, record | {field: value}])
    with pytest.raises(BadInputError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}:2: {wrong}")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("[" * 100_000, "not JSON (maximum recursion depth"),
        ("{", "not JSON (Expecting property name"),
        ("[1]", "[1] is no tracks record"),
        ('"' + "a" * 100 + '"', "'aaaaa"),
    ],
)
def test_a_line_that_is_no_record_is_named(written, line, wrong):
    path = written([line])
    with pytest.raises(BadInputError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}:1: {wrong}")
    assert len(str(refused.value)) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("start", "wrong"),
    [
        ("nonsense", "not a time: write 2026-05-01"),
        ("1969-12-31", "write a time of the years 1970 to 2999"),
        ("0001-01-01", "write a time of the years 1970 to 2999"),
        ("9999-12-31", "write a time of the years 1970 to 2999"),
    ],
)
def test_a_start_that_is_no_time_is_refused_with_the_fix(start, wrong):
    with pytest.raises(BadInputError, match=f"^--start {start}: {wrong}"):
        read_tracks([PARKS], "cam-1", start, "Europe/Paris")
