"""`vigie evaluate rules --truth --found`: events of one's own; and the table that the docs have."""

import pytest
from typer.testing import CliRunner

from vigie_cli.main import app

TRUTH = "camera,rule,start,end\n" + "".join(f"gate,dwell,{100 * k},{100 * k + 80}\n" for k in range(24))
FOUND = "camera,rule,start,end\n" + "".join(f"gate,dwell,{100 * k + 61},{100 * k + 80}\n" for k in range(1, 25))


@pytest.fixture
def judged(tmp_path):
    def run(truth, found, *options):
        for name, text in (("truth", truth), ("found", found)):
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        files = ("--truth", str(tmp_path / "truth.csv"), "--found", str(tmp_path / "found.csv"))
        result = CliRunner().invoke(app, ["evaluate", "rules", *files, "--for", "60", "--watched", "48", *options])
        return result.exit_code, " ".join(result.output.split())

    return run


def test_events_are_matched_one_to_one(judged):
    code, said = judged(TRUTH, FOUND)
    assert code == 0
    assert "dwell 24 95.8 79.8–99.3 95.8 95.8 0.50 0.01–2.79 1.0 1.0" in said


def test_the_table_can_be_had_for_the_docs(judged):
    _, said = judged(TRUTH, FOUND, "--markdown")
    assert said.startswith("| rule | events | recall % |")
    assert "| dwell | 24 | 95.8 | 79.8–99.3 | 95.8 | 95.8 | 0.50 | 0.01–2.79 | 1.0 | 1.0 | 0 |" in said


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (
            "rule",
            "rules",
            'truth.csv:1: no column rule; did you mean "rules"?: give a CSV file with camera,rule,start,end',
        ),
        ("dwell,0,", '"dwell,0,', "truth.csv:2: is no CSV (unexpected end of data): check the quotes"),
        (",0,80", ",0", "truth.csv:2: not 4 cells as in the first line: check the commas and quotes"),
        (",0,80", ",noon,80", "truth.csv:2: start is 'noon': write seconds, such as 12.5"),
        (",0,80", ",-1,80", "truth.csv:2: start is -1: seconds from 0, all of one clock"),
        (",0,80", ",81,80", "truth.csv:2: end 80 is before start 81: swap them"),
        ("gate,dwell,0", "gate,,0", "truth.csv:2: rule or camera is empty: name both"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(judged, wrong, right, said):
    code, output = judged(TRUTH.replace(wrong, right, 1), FOUND)
    assert code == 1
    assert said in output
