"""Where a vehicle came to rest, of which `stopped` measures: not where it was still rolling."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import CELL, HOLD, IDLE, OFF, ON, PENDING, advance
from vigie_rule_engine.layers.places import NEVER, PLACE
from vigie_rule_engine.layers.rows import RULE, STOPPED
from vigie_rule_engine.layers.subjects import SUBJECT
from vigie_rule_engine.layers.templates import stopped

CAR = int(ObjectClass.car)


@pytest.fixture
def verdicts():
    """Verdicts of an object at `x(second)`, five times a second, in heights from where it is first judged.

    `out`: the seconds in which its foot is beyond the margin of the zone.
    """

    def judged(x, seconds, out=()):
        subject, place, cell, rule = (np.zeros(1, kind)[0] for kind in (SUBJECT, PLACE, CELL, RULE))
        subject["cls"], subject["dt"] = CAR, 0.2
        rule["template"], rule["classes"], rule["within"], rule["for_ms"] = STOPPED, 1 << CAR, 0.3, 600_000
        said = []
        for t in range(1000, 1000 + seconds * 1000, 200):
            left = (t - 1000) / 1000 in out
            place["since"], place["within"] = (NEVER, 0) if left else (1000, 1)
            verdict, since = stopped(subject, x((t - 1000) / 1000), 0.0, 1.0, place, cell, rule, t)
            advance(cell, verdict, since, t, t, rule)
            said.append((verdict, int(cell["phase"])))
        return said

    return judged


def test_rolling_to_a_stop_does_not_shift_the_place_of_rest(verdicts):
    # rolls 0.28 heights in 5 s, stands, and after 30 s more its box sways by 0.25: always within 0.3 of where it stands
    said = verdicts(lambda s: 0.28 * min(s, 5.0) / 5.0 + (0.25 if s >= 35.0 and int(s) % 2 else 0.0), 60)
    assert {verdict for verdict, _ in said} == {ON}
    assert said[-1][1] == PENDING


@pytest.mark.parametrize("creep", [0.05, 0.1, 0.3])
def test_who_creeps_takes_no_place_of_rest_along(verdicts, creep):
    said = verdicts(lambda s: creep * s, 60)
    assert sum(verdict == ON for verdict, _ in said) < 0.75 * len(said)


def test_a_box_that_shakes_beyond_the_zones_edge_has_not_left_its_place(verdicts):
    said = verdicts(lambda s: 0.2 if s in {20.0, 20.2} else 0.0, 60, out={20.0, 20.2})
    assert said[100:102] == [(HOLD, PENDING), (HOLD, PENDING)]
    assert {verdict for verdict, _ in said[102:]} == {ON}


def test_who_drives_out_of_the_zone_has(verdicts):
    assert verdicts(lambda s: 0.0 if s < 20.0 else 0.4, 22, out={20.0})[100] == (OFF, IDLE)


def test_nor_is_who_is_mostly_outside_at_rest_in_the_zone(verdicts):
    said = verdicts(lambda _: 0.0, 60, out={0.4 * i for i in range(150)} | {round(0.4 * i, 1) for i in range(150)})
    assert sum(phase == PENDING for _, phase in said) < 0.6 * len(said)
