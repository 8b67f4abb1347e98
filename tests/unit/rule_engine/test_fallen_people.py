"""Who lies, and who fell: detectors miss people on the ground, and others stand in front of them."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import CELL, HOLD, IDLE, OFF, ON, PENDING, advance
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES
from vigie_rule_engine.layers.ground import GROUND
from vigie_rule_engine.layers.places import PLACE, SIDE
from vigie_rule_engine.layers.posture import POSTURE, hold
from vigie_rule_engine.layers.rows import FALL, PERSON_DOWN, RULE
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.subjects import SUBJECT
from vigie_rule_engine.layers.templates import person_down
from vigie_rule_engine.layers.zone_facts import ZONE

PERSON = int(ObjectClass.person)
UPRIGHT, FALLING, LYING, CROUCHING = (0.08, 0.2), (0.16, 0.15), (0.24, 0.03), (0.1, 0.125)
WALKED = [(0.2 * i, UPRIGHT) for i in range(25)]
"""5 seconds, five boxes (width, height) a second."""


def judged(seen, *, template=FALL, other=None):
    """Verdicts on somebody whose boxes were seen so, (second, box); `other` is a box (x1, y1, x2, y2) before them."""
    zeros = [np.zeros(2, kind) for kind in (SUBJECT, GROUND, POSTURE)]
    kept = Kept(*zeros, np.zeros((2, 1), PLACE), np.zeros((2, 1), SIDE), *(np.zeros((1, 2), CELL), np.zeros(1, CELL)),
                np.zeros(1, ZONE), np.zeros(FIXTURES, FIXTURE))  # fmt: skip
    s, place, cell, rule = kept.subjects[0], kept.places[0, 0], kept.cells[0, 0], np.zeros(1, RULE)[0]
    place["since"] = 1
    rule["template"], rule["classes"], rule["least"], rule["ratio"] = template, 1 << PERSON, 1.2, 0.6
    rule["for_ms"], rule["spare_ms"] = 3_000, 2_000
    said = []
    for second, (width, height) in seen:
        t = 1_000_000 + round(1000 * second)
        s["dt"], s["seen"], s["cls"], s["h"] = (t - s["seen"]) * 0.001, t, PERSON, 0.2
        s["x1"], s["x2"], s["y1"], s["y2"] = 0.5 - width / 2, 0.5 + width / 2, 0.7 - height, 0.7
        if other is not None:
            kept.subjects["seen"][1] = t
            for name, value in zip(("x1", "y1", "x2", "y2"), other, strict=True):
                kept.subjects[name][1] = value
        hold(kept.postures[0], s, int(not said), t)
        verdict, since = person_down(kept, 2 if other else 1, 0, place, cell, rule, t)
        advance(cell, verdict, since, t, t, rule)
        said.append((verdict, int(cell["phase"])))
    return said


def after(seconds, box, *, until=15.0):
    """Boxes from so long after the walk on."""
    return [(5.0 + seconds + 0.2 * i, box) for i in range(round((until - 5.0 - seconds) * 5))]


@pytest.mark.parametrize("missed", [0.4, 1.6, 3.0, 6.0, 9.0])
def test_a_fall_is_one_however_long_the_detector_then_misses_who_lies(missed):
    assert judged([*WALKED, (5.0, FALLING), *after(missed, LYING)])[-1] == (ON, PENDING)


@pytest.mark.parametrize("missed", [1.6, 6.0])
def test_also_when_the_fall_itself_was_missed(missed):
    assert judged([*WALKED, *after(missed, LYING)])[-1] == (ON, PENDING)


def test_who_crouches_before_has_not_fallen():
    crouches = [(5.0 + 0.2 * i, CROUCHING) for i in range(15)]
    slowly = [*WALKED, *crouches, *after(3.0, LYING)]
    assert judged(slowly)[-1] == (OFF, IDLE)
    assert judged(slowly, template=PERSON_DOWN)[-1] == (ON, PENDING)


def test_nor_if_they_are_missed_for_long_while_they_lie():
    crouches = [(5.0 + 0.2 * i, CROUCHING) for i in range(15)]
    lies = [(8.0 + 0.2 * i, LYING) for i in range(5)]
    assert {verdict for verdict, _ in judged([*WALKED, *crouches, *lies, *after(9.0, LYING, until=20.0)])[-20:]} == {
        OFF
    }


def test_nor_who_is_seen_to_crouch_between_two_misses():
    # a second of it is seen, and of each miss a second counts
    crouches = [(7.0 + 0.2 * i, CROUCHING) for i in range(6)]
    assert judged([*WALKED, *crouches, *after(6.0, LYING)])[-1] == (OFF, IDLE)


def test_a_box_wider_than_anybody_who_stands_lies_whoever_covers_a_part_of_it():
    assert judged([*WALKED, *after(0.2, LYING)], other=(0.45, 0.5, 0.55, 0.75))[-1] == (ON, PENDING)


def test_a_low_box_that_is_covered_may_be_the_rest_of_somebody_who_stands():
    low = (0.14, 0.1)
    assert judged([*WALKED, *after(0.2, low)])[-1] == (ON, PENDING)
    assert judged([*WALKED, *after(0.2, low)], other=(0.45, 0.6, 0.55, 0.8))[-1][0] == HOLD
