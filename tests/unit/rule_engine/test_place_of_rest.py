"""Where a vehicle came to rest, of which `stopped` measures: not where it was still rolling."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import CELL, ON, PENDING, advance
from vigie_rule_engine.layers.places import PLACE
from vigie_rule_engine.layers.subjects import SUBJECT
from vigie_rule_engine.layers.templates import RULE, STOPPED, stopped

CAR = int(ObjectClass.car)


@pytest.fixture
def verdicts():
    """Verdicts of an object at `x(second)`, five times a second, in heights from where it is first judged."""

    def judged(x, seconds):
        subject, place, cell, rule = (np.zeros(1, kind)[0] for kind in (SUBJECT, PLACE, CELL, RULE))
        subject["cls"], subject["dt"] = CAR, 0.2
        place["since"], place["within"] = 1000, 1
        rule["template"], rule["classes"], rule["within"], rule["for_ms"] = STOPPED, 1 << CAR, 0.3, 600_000
        said = []
        for t in range(1000, 1000 + seconds * 1000, 200):
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
