"""`vigie evaluate rules --misses FILE`: every missed event and false alarm of the table, closed areas included."""

import csv
import json
from collections import Counter

import pytest
from typer.testing import CliRunner

from vigie_cli import evaluate_rules
from vigie_cli.evaluate_city import RULES, Hour, looked_into, rules_of
from vigie_cli.evaluate_rules import write_mistakes
from vigie_cli.main import app
from vigie_common.errors import BadInputError
from vigie_scene.city import closed_hour

ENTERED = next(hour for hour in range(24) if any(actor.name == "entry" for actor in closed_hour(0, hour).actors))
QUIET = next(hour for hour in range(24) if all(actor.name != "entry" for actor in closed_hour(0, hour).actors))


def evaluate(*options):
    return CliRunner().invoke(app, ["evaluate", "rules", "--hours", "1", "--cameras", "1", "--fps", "2", *options])


def test_the_file_has_as_many_rows_as_the_table_says_were_missed_and_false(tmp_path):
    file = tmp_path / "misses.csv"
    said = json.loads(evaluate("--misses", str(file), "--json").stdout)
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["scene", "rule", "fps", "what", "start", "mature", "who"]
    counted = Counter((f"{row['rule']}, {float(row['fps']):g} fps", row["what"]) for row in rows)
    table = {(name, what): one[what] for name, one in said.items() for what in ("missed", "false") if one[what]}
    assert dict(counted) == table
    assert {"missed", "false"} == {what for _, what in table}, "an hour of both, or nothing is compared"
    assert {"presence-closed, 2 fps", "line_cross-closed, 2 fps"} <= set(said)
    order = [(row["rule"], float(row["fps"]), row["scene"], float(row["start"])) for row in rows]
    assert order == sorted(order)
    for row in rows:
        assert row["scene"].startswith("closed-00-" if row["rule"].endswith("-closed") else "city-00-")
        assert 0 <= float(row["start"]) <= float(row["mature"]) <= 3600
        assert row["who"]


def test_a_file_that_cannot_be_written_is_named_before_hours_are_judged(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_rules, "evaluate_city", lambda *_: pytest.fail("hours were judged first"))
    result = evaluate("--misses", str(tmp_path / "nowhere" / "misses.csv"))
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert said.startswith("--misses ")
    assert said.endswith("misses.csv: cannot be written (No such file or directory): name another file")
    with pytest.raises(BadInputError, match=r"cannot be written \(Is a directory\)"):
        write_mistakes(tmp_path, [])


def test_misses_of_ones_own_files_are_refused(tmp_path):
    own = [option for name in ("truth", "found") for option in (f"--{name}", str(tmp_path / "any.csv"))]
    result = evaluate("--misses", str(tmp_path / "misses.csv"), *own)
    assert "--misses is of the simulated city" in result.output


@pytest.mark.parametrize(("hour", "entries"), [(ENTERED, 1), (QUIET, 0)])
def test_who_enters_a_closed_area_is_the_one_event_of_its_two_rows(hour, entries):
    sums, mistakes = looked_into(Hour(0, hour, 1, (5.0,), closed=True))
    assert set(sums) == {(5.0, "presence-closed"), (5.0, "line_cross-closed"), (5.0, "dwell-fence")}
    assert {one.events for (_, name), one in sums.items() if name.endswith("-closed")} == {entries}
    assert len(mistakes) == sum(one.missed + one.false for one in sums.values())


def test_only_cameras_at_a_closed_area_have_its_rules_and_that_of_the_pavement_before_it():
    closed = {rule.name for rule in RULES if rule.name.endswith("-closed")}
    assert closed == {"presence-closed", "line_cross-closed"}
    assert {rule.name for rule in rules_of("closed", 5.0)} == closed | {"dwell-fence"}
    assert [Hour(camera, 0, 1, (5.0,)).view for camera in (0, 1)] == ["square", "street"]
    assert Hour(0, 0, 1, (5.0,), closed=True).scene().scene == "closed-00-00"
