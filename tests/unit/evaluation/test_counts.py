"""Counts beside their truth: errors and intervals, who is whom, the truth on the ground, and hand counts in files."""

import json

import pytest
from typer.testing import CliRunner

from vigie_cli.evaluate_counts_town import Counted, Place, count_place
from vigie_cli.main import app
from vigie_scene.evaluation.counts import Compared, CountTally, Crossing, confusion, student
from vigie_scene.evaluation.counts_scenes import counting_scene
from vigie_scene.evaluation.counts_truth import ZoneTruth, crossings
from vigie_scene.evaluation.ground_truth import observe
from vigie_scene.spec import Scene

TRUTH = """camera_id,place,object_class,direction,start,end,count
gate-1,door,person,in,2026-05-04T08:00+02:00,2026-05-04T08:30+02:00,50
gate-1,door,,,2026-05-04T08:30+02:00,2026-05-04T08:45+02:00,20
"""
HEADING = "site,camera_id,measure,place_kind,place,object_class,direction,direction_label,rule,window,start,end,value,"
HEADING += "corrected,low,high,unit,coverage,low_coverage,rate_fps,samples,final\n"


def figure(minute, value, object_class="person", direction="in", coverage=1.0, window="m15", measure="crossings"):
    hour, rest = divmod(minute, 60)
    then, after = divmod(minute + 15, 60)
    span = f"2026-05-04T{hour:02d}:{rest:02d}:00Z,2026-05-04T{then:02d}:{after:02d}:00Z"
    corrected = value / coverage
    return (
        f"town,gate-1,{measure},line,door,{object_class},{direction},,,{window},{span},{value},{corrected},,,crossings,"
        f"{coverage},false,5.0,{value},true\n"
    )


FOUND = HEADING + figure(360, 20) + figure(375, 20, coverage=0.5) + figure(390, 12) + figure(390, 9, "car", "out")


@pytest.fixture
def compare(tmp_path):
    """Runs the command on two files: `compare(truth, found, *options)`."""

    def run(truth, found, *options):
        (tmp_path / "truth.csv").write_text(truth)
        (tmp_path / "found.csv").write_text(found)
        files = ("--truth", str(tmp_path / "truth.csv"), "--found", str(tmp_path / "found.csv"))
        return CliRunner().invoke(app, ["evaluate", "counts", *files, *options])

    return run


def test_misses_and_doubles_make_up_for_each_other_in_the_error_but_not_by_window():
    tally = CountTally((Compared("a", 100, 90), Compared("a", 100, 110)))
    assert (tally.error, tally.wape, tally.windows) == (0.0, 0.1, 2)


def test_the_interval_is_between_camera_hours_and_needs_five_of_them():
    hours = tuple(Compared(str(k), 100, found) for k, found in enumerate((98, 99, 100, 101, 102)))
    low, high = CountTally(hours).error_interval
    # Student's t of 4 degrees times the standard error of five hours: 2.776 × √(2.5 / 5) of 100
    assert (low, high) == (pytest.approx(-0.01963, abs=1e-4), pytest.approx(0.01963, abs=1e-4))
    assert CountTally(hours[:4]).error_interval is None


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.7764), (9, 2.2622), (30, 2.0423), (200, 1.9719)])
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student(freedom) == pytest.approx(quantile, rel=0.001)


def test_too_little_is_said():
    assert CountTally((Compared("a", 99, 99),)).insufficient == ("fewer than 100 objects", "fewer than 8 windows")
    assert CountTally((Compared("a", 25, 25),) * 8).insufficient == ()
    assert CountTally((Compared("a", 2.5, 2.5),) * 8, objects=False).insufficient == ()


def test_a_band_is_judged_by_how_often_it_holds_the_truth():
    tally = CountTally(
        (Compared("a", 10, 9, low=8, high=10), Compared("a", 10, 9, low=8, high=9.5), Compared("a", 1, 1))
    )
    assert tally.in_band == (1, 2)


def test_crossings_are_paired_by_direction_and_time_and_their_classes_compared():
    true = [Crossing(10.0, "van", "in"), Crossing(11.0, "car", "in"), Crossing(50.0, "person", "out")]
    told = [Crossing(10.4, "car", "in"), Crossing(11.3, "truck", "in"), Crossing(50.0, "person", "in")]
    found = confusion(true, told)
    assert dict(found.pairs) == {("car", "car"): 1, ("van", "truck"): 1}
    assert (dict(found.missed), dict(found.false)) == ({"person": 1}, {"person": 1})
    assert (found.right("car"), found.right("van"), found.right("person")) == ((1, 1), (0, 1), (0, 0))


def walk(*points, **fields):
    return {"actor": "route", "points": points, **fields}


def test_the_truth_counts_who_crosses_once_and_the_rider_with_the_bicycle():
    actors = [
        walk([-2, 0], [-2, 8], name="crosses"),
        walk([0, 0], [0, 4.1], [0, 0], name="turns-back"),
        walk([12, 0], [12, 8], name="passes-the-end"),
        walk([2, 8], [2, 0], name="rides", kind="bicycle"),
    ]
    scene = Scene.model_validate({"scene": "truth", "layout": "square", "duration_s": 20, "actors": actors})
    found = crossings(observe(scene), "gate")
    assert sorted((one.object_class, one.direction) for one in found) == [("bicycle", "in"), ("person", "out")]


def test_the_truth_of_a_zone_is_who_is_in_it():
    actors = [
        walk([-6, 3], [0, 3], name="stays", stays_s=30, speed_mps=1.0),
        walk([0, -4], [0, 12], name="passes", at_s=10, speed_mps=1.0),
    ]
    scene = Scene.model_validate({"scene": "truth", "layout": "square", "duration_s": 60, "actors": actors})
    truth = ZoneTruth(observe(scene), "forecourt", ("person",))
    stays = sorted((round(stay.start_s), round(stay.end_s)) for stay in truth.stays())
    assert stays == [(3, 36), (15, 20)]
    assert [round(at) for at in truth.came()] == [4, 16]
    mean, most = truth.occupancy(0.0, 60.0)
    assert (mean, most) == (pytest.approx((33 + 5) / 60, abs=0.02), 2.0)


def test_scenes_hold_what_their_kind_says():
    busy, blind = (counting_scene(kind, "town-street", 1, 5.0, 15.0) for kind in ("busy", "blind"))
    assert (busy.sampling.gaps, blind.sampling.gaps) == ((), ((240.0, 360.0),))
    assert len(crossings(observe(busy), "road-gate")) > 150


def test_a_hand_count_is_compared_with_the_figures_of_its_windows(compare):
    said = json.loads(compare(TRUTH, FOUND, "--json").stdout)
    lines = {(line["place"], line["class"], line["direction"]): line["windows"]["window"] for line in said["lines"]}
    one, other, both = lines["door", "person", "in"], lines["door", "all", "both"], lines["", "", ""]
    assert (one["true"], one["counted"], one["error"], one["coverage"]) == (50, 40, -0.2, 0.75)
    assert one["corrected_error"] == pytest.approx(0.2)
    assert (other["true"], other["counted"], other["error"]) == (20, 21, 0.05)
    assert (both["true"], both["counted"], both["compared"]) == (70, 61, 2)


def test_the_tables_can_be_had_for_the_docs(compare):
    heading, _, head, _, *rows = compare(TRUTH, FOUND, "--markdown", "--lang", "en").stdout.splitlines()
    assert (heading, head.split()[:4], head.count("|")) == ("## Hand count", ["|", "measure", "|", "camera"], 15)
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[:9] == ["crossings", "gate-1", "door", "person", "in", "1*", "50", "40", "-20.0"]


def test_a_class_that_nobody_saw_there_counts_as_none(compare):
    truth = TRUTH.replace("door,,,", "door,bus,out,")
    said = json.loads(compare(truth, FOUND, "--json").stdout)
    assert said["lines"][1]["windows"]["window"]["counted"] == 0


def test_a_time_without_figures_is_told_and_not_judged(compare):
    late = TRUTH + "gate-1,door,person,in,2026-05-04T20:00Z,2026-05-04T20:15Z,9\n"
    result = compare(late, FOUND, "--lang", "fr")
    assert (result.exit_code, "sans chiffre: " in result.stdout, "truth.csv:4" in result.stdout) == (0, True, True)
    assert "données insuffisantes: moins de 100 objets, moins de 8 fenêtres" in result.stdout


def test_local_times_are_of_the_zone_that_is_given(compare):
    local = TRUTH.replace("+02:00", "")
    assert json.loads(compare(local, FOUND, "--json", "--time-zone", "Europe/Paris").stdout) == json.loads(
        compare(TRUTH, FOUND, "--json").stdout
    )


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (
            "count\n",
            "counted\n",
            'truth.csv:1: no column count; did you mean "counted"?: give a CSV file with camera_id',
        ),
        ("gate-1,door,person", ",door,person", "truth.csv:2: camera_id is empty: name it as the camera file does"),
        (",50", ",many", 'truth.csv:2: count "many": no number: write how many, such as 42'),
        (",50", ",-5", "truth.csv:2: count -5: must be a finite number from 0"),
        (",50", ",nan", "truth.csv:2: count nan: must be a finite number from 0"),
        (",50", "", "truth.csv:2: not 7 cells as in the first line: check the commas and quotes"),
        ("+02:00,2026", ",2026", "truth.csv:2: start 2026-05-04T08:00 does not say its time zone: add Z or +02:00, or"),
        ("2026-05-04T08:00+02:00", "Monday", 'truth.csv:2: start "Monday": no time: write 2026-05-04T08:00+02:00'),
        ("T08:45", "T08:30", "truth.csv:3: end 2026-05-04T08:30+02:00 is not after start 2026-05-04T08:30+02:00"),
        ("door,person", "dor,person", 'truth.csv:2: place "dor" is not in '),
        ("gate-1,door,person", "gate1,door,person", 'truth.csv:2: camera_id "gate1" is not in '),
        ("door,person", "door,persons", 'truth.csv:2: object_class "persons": must be one of '),
        ("person,in", "person,north", 'truth.csv:2: direction "north": must be one of in, out; empty is both'),
        ("T08:45", "T08:40", "truth.csv:3: the count does not begin and end with windows of "),
        ("door,,,", "door,person,in,", "truth.csv:3: overlaps "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(compare, wrong, right, said):
    truth = TRUTH.replace(wrong, right, 1)
    if said.endswith("overlaps "):
        truth = truth.replace("T08:30+02:00,2026-05-04T08:45", "T08:15+02:00,2026-05-04T08:45")
    result = compare(truth, FOUND)
    assert result.exit_code == 1
    assert said in result.stderr


def test_an_export_that_is_none_is_refused_with_its_line(compare):
    assert "found.csv:1: no column camera_id" in compare(TRUTH, "a,b\n1,2\n").stderr
    assert 'found.csv:3: value "x": no number' in compare(TRUTH, FOUND.replace(",20,40.0,", ",x,40.0,")).stderr
    assert compare("", FOUND).exit_code == 1


def test_one_file_alone_is_refused():
    result = CliRunner().invoke(app, ["evaluate", "counts", "--truth", "a.csv"])
    assert (result.exit_code, "--truth and --found go together" in result.stderr) == (1, True)


WORST = {
    # fps: pedestrians, vehicles, missed and doubles, occupancy, unique; about twice what is measured
    5.0: (0.05, 0.04, 0.18, 0.08, 0.15),
    2.0: (0.08, 0.06, 0.20, 0.08, 0.15),
}


@pytest.fixture(scope="module")
def counted():
    """A quarter of an hour of a busy street and square, and of a square that is blind for two minutes of it."""
    sums = Counted()
    for kind, layout in (("busy", "town-street"), ("busy", "square"), ("blind", "square")):
        sums.add(count_place(Place(kind, layout, 11, tuple(WORST), minutes=15.0)))
    return sums


def error(counted, fps, kind, **wanted):
    found = CountTally()
    for about, one in counted.tallies.items():
        if (about.fps, about.kind) == (fps, kind) and all(getattr(about, k) in v for k, v in wanted.items()):
            found += one
    return found


@pytest.mark.parametrize("fps", WORST)
def test_counts_stay_within_a_margin_of_the_truth(counted, fps):
    people = error(counted, fps, "busy", place=("gate", "pavement-gate"), what=("pedestrians",), direction=("both",))
    vehicles = error(counted, fps, "busy", place=("road-gate",), what=("vehicles",), direction=("both",))
    present = error(counted, fps, "busy", measure=("occupancy_mean",), place=("pavement", "square"))
    came = error(counted, fps, "busy", measure=("unique",))
    wrong = counted.confusions[fps, "busy"]
    crossed = people.true + vehicles.true
    mistakes = (wrong.missed.total() + wrong.false.total()) / crossed
    measured = (abs(people.error), abs(vehicles.error), mistakes, abs(present.error), abs(came.error))
    assert all(one <= worst for one, worst in zip(measured, WORST[fps], strict=True)), measured


def test_a_camera_that_was_blind_says_so_and_its_corrected_count_makes_up_for_it(counted):
    blind = error(counted, 5.0, "blind", measure=("crossings",), direction=("both",))
    (figure,) = blind.figures
    assert figure.coverage == pytest.approx(13 / 15, abs=0.01)
    assert figure.found < 0.92 * figure.true
    assert abs(figure.corrected / figure.true - 1) < 0.1
