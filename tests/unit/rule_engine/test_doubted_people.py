"""Boxes of nobody, and what never moved."""

import sys
from pathlib import Path

import numpy as np
import pytest

from vigie_rule_engine.layers.episodes import CELL, DOUBTED, HOLD, ON
from vigie_rule_engine.layers.places import PLACE
from vigie_rule_engine.layers.subjects import is_firm, known_as
from vigie_rule_engine.layers.templates import attended, furniture, owner, presence

sys.path.insert(0, str(Path(__file__).parent))

from layer_state import BAG, CAR, kept, rule, subjects  # it lies beside this file


def test_a_weak_box_is_not_firm_unless_it_is_no_person():
    weak, sure, car = subjects({"score": 0.39}, {"score": 0.4}, {"score": 0.1, "cls": CAR})
    assert [is_firm(s) for s in (weak, sure, car)] == [False, True, True]


def present(score=0.8, **fields):
    place = np.zeros(1, PLACE)
    place["within"], place["since"] = 1, 50_000
    (s,) = subjects({"score": score} | fields)
    verdict, since = presence(s, place[0], rule(classes=-1, least=0.3))
    assert since == 50_000
    return verdict


def test_presence_doubts_a_person_who_never_moved_and_no_other_thing():
    assert present(moved=0.29) == DOUBTED
    assert present(moved=0.3) == ON
    assert present(moved=0.0, cls=CAR) == ON
    assert present(moved=0.3, score=0.39) == HOLD
    assert present(moved=0.0, score=0.39, cls=CAR) == ON
    (car, person) = subjects({"cls": CAR}, {})
    assert (furniture(car, rule(least=0.3)), furniture(person, rule(least=0.3))) == (False, True)


@pytest.mark.parametrize(("moved", "counts"), [(0.29, False), (0.31, True)])
def test_furniture_neither_owns_nor_watches_a_bag(moved, counts):
    state = kept(subjects({"cls": BAG, "h": 0.05}, {"moved": moved, "born_track": 41, "x": 0.55}))
    near = rule(within=3.0)
    assert owner(state, 2, 0, near) == (known_as(state.subjects[1]) if counts else 0)
    cell = np.zeros(1, CELL)[0]
    assert attended(state, 2, 0, cell, near) == counts
