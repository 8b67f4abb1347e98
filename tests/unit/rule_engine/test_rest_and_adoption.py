"""Where somebody rests, how long who is lost is waited for, and which box they are then."""

import sys
from pathlib import Path

import numpy as np
import pytest

from vigie_rule_engine.layers.subjects import SUBJECT, adopt, alike, bear, gone, patience, smooth
from vigie_rule_engine.layers.zone_templates import stays

sys.path.insert(0, str(Path(__file__).parent))

from layer_state import BAG, BICYCLE, CAR, NOW, PERSON, TRUCK, healed, lying, subjects  # it lies beside this file


def moving(x):
    """A subject seen five times a second at `x(second)` heights from where it was born, as it was each time."""
    s = np.zeros(1, SUBJECT)[0]
    bear(s, 1, 0, PERSON, 0.5, 0.7, 0.2, NOW, NOW)
    seen = []
    for k in range(1, 40):
        s["dt"], t = 0.2, NOW + 200 * k
        smooth(s, 0.5 + 0.2 * x(0.2 * k), 0.7, 0.2, t)
        seen.append((float(s["moved"]), int(s["rest"]) - NOW, int(s["off"]) and int(s["off"]) - NOW))
    return seen


def test_one_box_that_is_somebody_elses_moves_nobody():
    seen = moving(lambda t: 0.8 if t == pytest.approx(3.0) else 0.1)
    assert max(moved for moved, _, _ in seen) < 0.3
    assert seen[-1][1:] == (0, 0)
    assert seen[14][2] == 3_000, "for an instant it seems to have left"


def test_who_steps_aside_has_moved_after_a_second_and_stands_there_after_two():
    seen = moving(lambda t: 0.6 if t > 2.9 else 0.0)
    assert [moved >= 0.3 for moved, _, _ in seen].index(True) == 14 + 5
    assert [rest for _, rest, _ in seen].index(5_000) == 14 + 10


def test_who_runs_has_moved_at_once_and_is_at_rest_nowhere():
    seen = moving(lambda t: 3.0 * t)
    assert [moved >= 0.3 for moved, _, _ in seen].index(True) <= 3
    assert max(200 * (k + 1) - rest for k, (_, rest, _) in enumerate(seen)) < 1_500


@pytest.mark.parametrize("moved", [0.0, 3.0])
def test_who_arrives_stands_in_the_middle_of_the_first_seconds_and_furniture_where_it_was_seen_first(moved):
    s = np.zeros(1, SUBJECT)[0]
    bear(s, 1, 0, PERSON, 0.5, 0.7, 0.2, NOW, NOW)
    s["moved"] = moved
    for k in range(1, 100):
        s["dt"] = 0.2
        smooth(s, 0.55 if k < 50 else 0.557, 0.7, 0.2, NOW + 200 * k)
        if k == 40:
            settled = float(s["rest_x"])
    assert (settled, int(s["rest"])) == (pytest.approx(0.545, abs=0.003) if moved else 0.5, NOW)
    assert s["rest_x"] == settled, "later steps are steps"


def test_who_is_within_a_place_for_three_seconds_stays():
    stands, came, leaves = subjects({"rest": NOW - 3_001}, {"rest": NOW - 3_000}, {"rest": NOW - 9_000, "off": NOW})
    assert [stays(s, NOW) for s in (stands, came, leaves)] == [True, False, False]


@pytest.mark.parametrize(
    ("lost", "patient_ms"),
    [
        ({}, 8_000),
        ({"vx": 0.1}, 5_000),
        ({"cls": CAR}, 20_000),
        ({"cls": BAG}, 20_000),
        ({"cls": BICYCLE}, 8_000),
        ({"cls": CAR, "vx": 0.1}, 5_000),
        (lying(), 10_000),
        (lying(vx=0.1), 10_000),
        (lying(cls=CAR, vx=0.1), 5_000),
        ({"rest": NOW - 5_001, "vx": 0.1}, 8_000),
        ({"rest": NOW - 5_000, "vx": 0.1}, 5_000),
        ({"rest": NOW - 60_000, "cls": CAR}, 20_000),
        (lying(rest=NOW - 60_000), 10_000),
    ],
)
def test_a_lost_subject_is_waited_for_by_how_it_was_seen_last(lost, patient_ms):
    (s,) = subjects(lost)
    assert patience(s) == patient_ms
    s["ended"] = 1
    assert not gone(s, NOW + patient_ms)
    assert gone(s, NOW + patient_ms + 1)


def test_a_track_that_has_not_ended_is_waited_for_longer():
    (s,) = subjects({"vx": 0.1})
    assert not gone(s, NOW + 10_000)
    assert gone(s, NOW + 10_001)
    s["known"] = 0  # ids have started again
    assert gone(s, NOW + 5_001)


def test_the_time_in_which_others_hide_the_place_of_who_stood_does_not_count():
    stands = {"seen": NOW - 20_000, "seen_w": NOW - 20_000, "rest": NOW - 60_000, "known": 0}
    before = {"x": 0.51, "y": 0.74, "h": 0.22}
    assert [gone(s, NOW) for s in healed(stands, before)] == [False, False]
    assert [gone(s, NOW + 8_001) for s in healed(stands, before)] == [True, False]
    beside, behind, not_now = before | {"x": 0.56}, before | {"y": 0.69}, before | {"seen": NOW - 200}
    assert [bool(gone(healed(stands, other)[0], NOW)) for other in (beside, behind, not_now)] == [True, True, True]
    for ago, is_gone in ((38_000, False), (38_001, True)):
        assert bool(gone(healed(stands | {"seen": NOW - ago, "seen_w": NOW - ago}, before)[0], NOW)) == is_gone
    assert gone(healed(stands | {"rest": NOW - 25_000}, before)[0], NOW), "who only passed"


def test_who_is_as_high_or_has_fallen_to_as_wide_is_alike():
    standing, lies, car = subjects({}, lying(h=0.07), {"cls": CAR})
    assert [alike(standing, 0.08, h) for h in (0.11, 0.13, 0.32, 0.35)] == [False, True, True, False]
    assert [alike(standing, width, 0.06) for width in (0.11, 0.13, 0.32, 0.35)] == [False, True, True, False]
    assert [alike(lies, width, 0.06) for width in (0.11, 0.13, 0.32, 0.35)] == [False, True, True, False]
    assert not alike(car, 0.2, 0.06), "a car does not fall"


def adopted(*lost, x=0.5, y=0.7, after=1_000, cls=PERSON, width=0.08, h=0.2, steady=1):
    t = NOW + after
    return adopt(subjects(*lost), len(lost), cls, x, y, width, h, t, t, steady)


def test_a_box_adopts_who_should_be_there_by_now():
    assert adopted({}) == 0
    assert adopted({}, after=0) == -1  # seen in this frame
    assert adopted({"cls": CAR}) == -1
    assert adopted({"cls": CAR}, cls=TRUCK) == 0
    assert adopted({}, h=0.4) == -1
    assert adopted({}, steady=0) == -1
    assert adopted({"vx": 0.08}, x=0.5 + 0.32, after=4_000) == 0
    assert adopted({"vx": 0.08}, x=0.5, after=4_000) == -1
    assert adopted({"vx": 0.041}, x=0.5 + 0.28, after=4_000) == 0
    assert adopted({"vx": 0.039}, x=0.5 + 0.13, after=4_000) == -1  # sways, and is looked for where it was
    assert adopted({"vx": 0.039}, x=0.5 - 0.11, after=4_000) == 0
    assert adopted({}, after=8_000) == 0
    assert adopted({}, after=8_001) == -1
    assert adopted({"vx": 0.05}, x=0.75, after=5_000) == 0
    assert adopted({"vx": 0.05}, x=0.75, after=5_001) == -1


@pytest.mark.parametrize(("rest", "near"), [(NOW - 5_000, 0.12), (NOW - 5_001, 0.2)])
def test_how_far_it_may_be_and_farther_who_had_stood_for_long(rest, near):
    assert adopted({"rest": rest}, x=0.5 + near - 0.001) == 0
    assert adopted({"rest": rest}, x=0.5 + near + 0.001) == -1
    assert adopted({"rest": rest}, x=0.5 + near + 0.001, after=5_000) == -1, "no farther after a second"


def test_how_far_it_may_be_after_one_look_and_the_nearest_is_taken():
    assert adopted({}, x=0.571, after=200) == 0
    assert adopted({}, x=0.573, after=200) == -1
    assert adopted({"x": 0.51}, {"x": 0.58}, {"x": 0.53}, x=0.54) == 2
    assert adopted({"x": 0.53}, {"x": 0.58}, {"x": 0.51}, x=0.54) == 0


def test_who_lies_is_looked_for_where_they_were_and_farther_round():
    down = lying(h=0.08, vx=0.1, x=0.5)
    assert adopted(down, after=3_000, width=0.2, h=0.07) == 0
    assert adopted(down, after=3_000, width=0.2, h=0.07, x=0.545) == 0
    assert adopted(down, after=3_000, width=0.2, h=0.07, x=0.555) == -1
    tall = {"h": 0.2, "vx": 0.0}
    assert adopted(tall, x=0.59, width=0.2, h=0.07) == 0  # reaches as far as they were high
