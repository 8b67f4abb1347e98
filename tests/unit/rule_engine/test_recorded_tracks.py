"""Recorded track files, and the tests of rules that run over them."""

from pathlib import Path

import pytest

from vigie_cli.rules_test import run_tests
from vigie_common.errors import BadInputError
from vigie_rule_engine.recorded import TAIL_S, read_recording

SITE = Path(__file__).parents[3]
HEADER = "t_s,track_id,class,x1,y1,x2,y2\n"


@pytest.fixture
def recorded(tmp_path):
    def write(text):
        path = tmp_path / "a.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_frames_without_boxes_are_filled_in(recorded):
    rows = "".join(f"{t},1,person,0.1,0.1,0.2,0.4\n" for t in (1.0, 1.5, 2.0, 4.0))
    recording = read_recording(recorded(HEADER + rows))
    assert recording.interval_ms == 500
    assert [(at, len(boxes)) for at, boxes in recording.frames[:9]] == [
        (0, 0), (500, 0), (1000, 1), (1500, 1), (2000, 1), (2500, 0), (3000, 0), (3500, 0), (4000, 1),
    ]  # fmt: skip
    assert recording.frames[-1][0] >= 4000 + TAIL_S * 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: is empty: give a CSV file of recorded tracks, t_s,track_id,class"),
        ("t_s,track_id\n", "a.csv:1: no column class"),
        (HEADER, "a.csv: no rows"),
        (HEADER + "0,1,dragon,0,0,1,1\n", "a.csv:2: class is 'dragon': use one of"),
        (HEADER + "x,1,person,0,0,1,1\n", "a.csv:2: t_s is 'x': write a number"),
        (HEADER + "0,1,person,0,0,nan,1\n", "a.csv:2: x2 is nan: it must lie between"),
        (HEADER + "0,1,person,0.5,0,0.5,1\n", "a.csv:2: the box has no area"),
        (HEADER + "0,1,person,0,0\n", "a.csv:2: not 7 cells as in the first line: check the commas and quotes"),
        (HEADER + "-1,1,person,0,0,1,1\n", "a.csv:2: t_s is -1: it must lie between"),
        (HEADER + "0,1.7,person,0,0,1,1\n", "a.csv:2: track_id is 1.7: write a whole number"),
        (HEADER + "0,1,person,0,0,1," + "1" * 140_000, "a.csv:2: is no CSV (field larger than field limit"),
        (HEADER + '0,1,"person,0,0,1,1\n', "a.csv:2: is no CSV (unexpected end of data): check the quotes"),
        ("t" * 140_000, "a.csv:1: is no CSV (field larger than field limit"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(recorded, text, message):
    with pytest.raises(BadInputError) as wrong:
        read_recording(recorded(text))
    assert message in str(wrong.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInputError, match=r"none\.csv: cannot be read"):
        read_recording(tmp_path / "none.csv")


def test_a_file_that_is_no_text_is_named_with_the_byte_and_its_place(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER.encode() + b"0,1,\x89PNG")
    with pytest.raises(BadInputError, match=r"a\.csv:2:5: byte 0x89 is not UTF-8: give a CSV .*, saved as UTF-8$"):
        read_recording(path)


def test_the_tests_of_the_example_site_pass():
    report = run_tests([SITE / "rules"], SITE / "cameras")
    assert report.passed, "\n".join(report.lines())
    assert len(report.outcomes) >= 6


def test_a_test_that_fails_says_what_was_expected_and_what_was_found(tmp_path):
    folder = tmp_path / "rules"
    (folder / "tracks").mkdir(parents=True)
    rules = SITE / "rules" / "town"
    text = (rules / "delivery-parking.yaml").read_text(encoding="utf-8").replace("open: 3m10s", "open: 2m")
    (folder / "delivery-parking.yaml").write_text(text, encoding="utf-8")
    for track in (rules / "tracks").glob("*.csv"):
        (folder / "tracks" / track.name).write_bytes(track.read_bytes())
    report = run_tests([folder], SITE / "cameras")
    assert [outcome.passed for outcome in report.outcomes] == [False, True, True]
    said = "\n".join(report.lines())
    assert f"  !    {'open 2m, close 5m within 2s':<34}  not found" in said
    assert f"  !    {'nothing more':<34}  found open 3m10s, close 5m (over)" in said
    assert said.endswith("3 tests: 2 passed, 1 failed")


def test_a_rule_that_is_not_there_is_named():
    with pytest.raises(BadInputError, match="no rule 'nobody'"):
        run_tests([SITE / "rules"], SITE / "cameras", "nobody")
