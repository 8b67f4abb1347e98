"""How rules are judged: who matches whom, intervals, the truth on the ground, and a floor under the city."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from vigie_cli.evaluate_city import RULES, Hour, asked, looked_into
from vigie_cli.main import app
from vigie_common.taxonomy import ObjectClass
from vigie_scene.city import camera_hour, closed_hour
from vigie_scene.evaluation.episodes import Expected, Found, Tally, match, tally
from vigie_scene.evaluation.expected import expected
from vigie_scene.evaluation.ground_truth import Observed, Path, observe
from vigie_scene.evaluation.intervals import garwood, wilson
from vigie_scene.library import library_scene


def test_intervals_are_those_of_the_textbooks():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert garwood(0, 1.0) == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert garwood(10, 2.0) == pytest.approx((4.7954 / 2, 18.3904 / 2), abs=1e-4)


def test_one_event_takes_one_alert_and_what_is_late_or_twice_is_false():
    event = Expected(100.0, 160.0, 300.0)
    assert match([event], [Found(170.0)]).pairs == ((event, Found(170.0)),)
    late = match([event], [Found(170.1)])
    assert (late.missed, late.false) == ((event,), (Found(170.1),))
    twice = match([event], [Found(161.0), Found(165.0)])
    assert (twice.missed, twice.false) == ((), (Found(165.0),))


def test_as_many_pairs_as_can_be():
    early, wide = Expected(0.0, 5.0, 5.0), Expected(0.0, 20.0, 20.0)
    assert match([wide, early], [Found(4.0), Found(25.0)]).missed == ()


def test_between_is_neither_asked_for_nor_false_and_direction_counts():
    perhaps = Expected(0.0, 1.0, 5.0, sure=False)
    found = match([perhaps], [Found(3.0)])
    assert (found.pairs, found.missed, found.false, found.between) == ((), (), (), 1)
    assert match([perhaps], []).missed == ()
    assert match([Expected(0.0, 1.0, 1.0, direction="in")], [Found(1.0, "out")]).pairs == ()


def test_tallies_add_and_say_when_there_is_too_little():
    one = tally(match([Expected(0.0, 1.0, 2.0)], [Found(1.5), Found(50.0)]), 3600.0)
    both = one + Tally(missed=1, watched_s=86_400.0 - 3600.0)
    assert (both.events, both.recall, both.precision, both.false_per_day, both.delay(0.5)) == (2, 0.5, 0.5, 1.0, 0.5)
    assert both.insufficient == ("fewer than 20 events",)
    assert one.insufficient == ("fewer than 20 events", "less than a camera-day")


TRUTHS = {
    "presence": "presence",
    "line_cross": "line_cross",
    "wrong_way": "wrong_way",
    "stopped": "stopped",
    "dwell": "dwell",
    "gathering": "gathering",
    "fall": "person_down",
    "abandoned_object": "abandoned_object",
    "crowd_movement": "crowd_movement",
    "congestion": "congestion",
}


@pytest.mark.parametrize("name", TRUTHS)
def test_the_truth_holds_what_happens_and_nothing_that_looks_alike(name):
    rule = next(rule for rule in RULES if rule.name == name)
    sure = [
        sum(
            event.sure
            for event in expected(observe(library_scene(f"{TRUTHS[name].replace('_', '-')}-{kind}")), asked(rule))
        )
        for kind in ("happens", "look-alike")
    ]
    assert sure == [1, 0]


def rule_named(name):
    return asked(next(rule for rule in RULES if rule.name == name))


def walked(scene, feet):
    """What is true of a scene in which one person is at these places (x, y) five times a second, and nobody else."""
    times, foot = np.arange(len(feet)) / 5.0, np.array(feet, dtype=float)
    still = np.zeros(len(feet))
    return Observed(scene, None, (Path("somebody", int(ObjectClass.person), 1.7, times, foot, still, still + 1.0),))


def test_a_crossing_is_asked_for_only_in_the_direction_that_the_rule_is_about():
    over = [(6.0, 6.6 + 0.2 * min(k, 100 - k, 20)) for k in range(101)]  # in over the fence, 12 s later out again
    observed = walked(closed_hour(0, 0), over)
    (entry,) = expected(observed, rule_named("line_cross-closed"))
    both = replace(rule_named("line_cross-closed"), numbers={"direction": 0.0})
    assert [event.sure for event in expected(observed, both)] == [True, True]
    assert entry == expected(observed, both)[0]
    out = replace(both, numbers={"direction": -1.0})
    assert expected(observed, out) == expected(observed, both)[1:]


@pytest.mark.parametrize(("x", "sure"), [(2.4, True), (2.6, False)])
def test_who_dwells_is_surely_in_the_zone_half_a_metre_from_its_edge(x, sure):
    (stay,) = expected(walked(camera_hour(0, 0), [(x, 3.0)] * 500), rule_named("dwell"))
    assert stay.sure == sure


BUSY = {"presence", "presence-pavement", "line_cross", "count_line", "count_line-road"}
WITHOUT_TARGET = {"speed", "stopped-road"}


@pytest.fixture(scope="module")
def city():
    """Three squares and three streets at noon and in the evening, and six closed areas at noon."""
    hours = [Hour(camera, hour, 1, (5.0,)) for hour in (12, 18) for camera in range(6)]
    hours += [Hour(camera, 12, 1, (5.0,), closed=True) for camera in range(6)]
    sums: dict[str, Tally] = {}
    for hour in hours:
        figures, _ = looked_into(hour)
        for (_, rule), one in figures.items():
            sums[rule] = sums.get(rule, Tally()) + one
    return sums


@pytest.mark.parametrize("name", sorted(BUSY))
def test_busy_places_stay_within_a_twentieth(city, name):
    one = city[name]
    assert one.events > 600
    assert one.recall >= 0.95
    assert one.false <= 0.05 * one.events
    assert abs(one.count_error) <= (0.05 if name.startswith("presence") else 0.03)


def test_what_is_rare_is_found_and_hardly_ever_told_for_nothing(city):
    rare = [one for name, one in city.items() if name not in BUSY | WITHOUT_TARGET]
    assert len(rare) == 14, "every other rule of the city has its share"
    assert all(one.events for one in rare)
    assert sum(one.events for one in rare) >= 50
    assert sum(one.missed for one in rare) <= 4
    assert sum(one.false for one in rare) <= 1


def test_files_of_ones_own_are_judged_and_bad_rows_are_named(tmp_path):
    truth, found = tmp_path / "truth.csv", tmp_path / "found.csv"
    truth.write_text("camera,rule,start,end\na,park,0,100\nb,park,50,200\n")
    found.write_text("camera,rule,start,end\na,park,61,100\na,park,900,910\n")
    run = [
        "evaluate",
        "rules",
        "--truth",
        str(truth),
        "--found",
        str(found),
        "--for",
        "60",
        "--watched",
        "12",
        "--json",
    ]
    said = json.loads(CliRunner().invoke(app, run).stdout)["park"]
    assert (said["hits"], said["missed"], said["false"], said["false_per_camera_day"]) == (1, 1, 1, 1.0)
    found.write_text("camera,rule,start,end\na,park,ten,100\n")
    result = CliRunner().invoke(app, run)
    assert "found.csv:2: start is 'ten': write seconds" in str(result.exception) + result.output
