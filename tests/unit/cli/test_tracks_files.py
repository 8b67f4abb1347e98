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


def test_a_separator_within_a_text_ends_no_line(tmp_path, record):
    records = [record | {"reason": text} for text in ("a\u2028b", "a\u0085b")]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    assert read(path) == records


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


HEAD = "t_s,track_id,class,x1,y1,x2,y2"


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (
            [HEAD, "0,1,person,.1,.1,.2,.2", "0,2,person,.1,.1,.2,.2", "0.0,1,person,.3,.1,.4,.2"],
            ":4: track 1 is there at t_s 0.0 already, in line 2: one row for each track and time",
        ),
        (
            [HEAD.replace(",", ";"), "0;1;person;0,1;0,1;0,2;0,2"],
            ":1: its columns are separated by semicolons: separate them by commas, and write decimals with a point",
        ),
        (
            [HEAD, "0,1,person,640,100,700,300"],
            ":2: x1 is 640: boxes are in shares of the image, 0..1: divide pixels by its width",
        ),
        (
            [HEAD, "0,1,person,.1,100,.2,300"],
            ":2: y1 is 100: boxes are in shares of the image, 0..1: divide pixels by its height",
        ),
    ],
)
def test_what_is_wrong_in_a_csv_recording_is_named_with_its_line_and_the_fix(tmp_path, lines, wrong):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BadInputError) as refused:
        read_recording(path)
    assert str(refused.value) == f"{path}{wrong}"


def test_a_class_that_is_misspelt_in_a_recording_is_told_with_the_nearest(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\n0,1,persn,.1,.1,.2,.2", encoding="utf-8")
    with pytest.raises(BadInputError, match=r":2: class is 'persn': use one of .*; did you mean \"person\"\?$"):
        read_recording(path)


def test_rows_of_a_recording_may_stand_in_any_order(tmp_path):
    rows = [f"{t},{n},person,.{n},.1,.{n}5,.2" for n in (1, 2) for t in (0, 1, 2)]
    read_in = []
    for name, ordered in (("a", rows), ("b", sorted(rows))):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([HEAD, *ordered]), encoding="utf-8")
        read_in.append(read_recording(path))
    assert read_in[0] == read_in[1]


def test_a_file_without_records_is_refused(written, record):
    with pytest.raises(BadInputError, match=r"a.jsonl: no records: give lines of tracks records"):
        read(written([]))
    with pytest.raises(BadInputError, match=r"a.jsonl: no records of camera cam-2; it has cam-1: "):
        read_tracks([written([record])], "cam-2", "2026-01-05T12:00", "Europe/Paris")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "a.txt",
            (
                "a.txt:1: not JSON (Expecting value: line 1 column 1 (char 0)): a file is read as its name ends: call "
                "a CSV recording .csv, tracks records in JSON .jsonl"
            ),
        ),
        ("a.jsonl", "a.jsonl:1: not JSON (Expecting value: line 1 column 1 (char 0)): one tracks record a line"),
    ],
)
def test_a_recording_by_another_ending_is_told_that_the_ending_chooses_the_form(tmp_path, name, message):
    path = tmp_path / name
    path.write_bytes(PARKS.read_bytes())
    with pytest.raises(BadInputError) as refused:
        read(path)
    assert str(refused.value) == f"{tmp_path}/{message}"


def test_a_recording_whose_ending_is_in_capitals_is_read(tmp_path):
    path = tmp_path / "A.CSV"
    path.write_bytes(PARKS.read_bytes())
    assert read_tracks([path], "cam-1", "2026-01-05T12:00", "Europe/Paris")


def test_tracks_that_are_no_text_are_named_with_the_byte(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n\x89PNG")
    with pytest.raises(BadInputError, match=r"a\.jsonl:2:1: byte 0x89 is not UTF-8: give \.csv recordings or \.jsonl"):
        read(path)


def test_spaces_behind_the_commas_of_the_first_line_are_none_of_a_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\n0,1,person,.1,.1,.2,.2\n".replace(",", ", "), encoding="utf-8")
    assert len(read_recording(path).frames[0][1]) == 1


def test_a_recording_that_is_not_there_is_told_with_the_nearest(tmp_path):
    (tmp_path / "stays.csv").touch()
    with pytest.raises(
        BadInputError, match=r'stay\.csv: cannot be read \(No such file .*\); did you mean "stays.csv"\?'
    ):
        read_recording(tmp_path / "stay.csv")


def test_seconds_that_are_milliseconds_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\n90000,1,person,.1,.1,.2,.2\n", encoding="utf-8")
    with pytest.raises(
        BadInputError, match=r":2: t_s is 90000: .* 0 and 86400: write seconds from the recording's start"
    ):
        read_recording(path)
