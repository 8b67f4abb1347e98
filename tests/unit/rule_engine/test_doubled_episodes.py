"""One object with two tracks: whose episode is told."""

import sys
from pathlib import Path

import pytest

from vigie_rule_engine.layers.doubles import told_of_double
from vigie_rule_engine.layers.episodes import CELL, CLOSING, DOUBTED, HOLD, IDLE, ON, OPEN, PENDING

sys.path.insert(0, str(Path(__file__).parent))

from layer_state import BAG, CAR, NOW, TRUCK, kept, rule, subjects  # it lies beside this file


def doubled(phase, *, other=None, mine=None, verdict=ON, held=2_000, k=1, asked_again=0):
    """Whether subject `k` is told of the other one, whose episode is so; and the cells then."""
    pair = [other or {}, mine or {}] if k == 1 else [mine or {}, other or {}]
    state = kept(subjects(*pair))
    j = 1 - k
    cell = state.cells[0, j]
    cell["phase"], cell["verdict"], cell["held"], cell["episode"], cell["since"] = phase, verdict, held, 7, 5_000
    state.cells[0, k]["phase"], state.cells[0, k]["floor"] = PENDING, 9_000
    cell["check_at"] = asked_again and NOW + asked_again
    return told_of_double(state, 2, 0, k, rule(), NOW), state.cells[0, k], cell


@pytest.mark.parametrize("phase", [OPEN, CLOSING])
@pytest.mark.parametrize("k", [0, 1])
def test_what_the_other_has_open_is_not_told_again(phase, k):
    told, mine, other = doubled(phase, k=k)
    assert (told, mine["phase"], other["phase"], other["episode"]) == (True, PENDING, phase, 7)


def test_nor_what_the_other_opens_in_this_frame_and_only_that():
    assert doubled(PENDING)[0]
    assert not doubled(PENDING, k=0)[0]  # the other comes after: then it is the other that is not told
    assert not doubled(PENDING, verdict=HOLD)[0]
    assert not doubled(PENDING, verdict=DOUBTED)[0]
    assert not doubled(PENDING, held=1_999)[0]
    assert not doubled(PENDING, asked_again=1)[0]  # its condition was false
    assert not doubled(PENDING, other={"seen": NOW - 200})[0]
    assert not doubled(IDLE)[0]


@pytest.mark.parametrize("phase", [OPEN, CLOSING])
def test_the_episode_of_who_is_not_seen_any_more_becomes_ones_own_and_open(phase):
    told, mine, other = doubled(phase, other={"seen": NOW - 200})
    assert told
    assert (mine["phase"], mine["episode"], mine["since"], mine["floor"]) == (OPEN, 7, 5_000, 9_000)
    assert other["floor"] == NOW, "what it begins later is another episode"
    other["floor"] = 0
    assert other.tobytes() == bytes(CELL.itemsize)


def test_only_of_the_same_group_and_only_of_nearly_the_same_box():
    assert not doubled(OPEN, other={"cls": BAG})[0]
    assert doubled(OPEN, other={"cls": TRUCK}, mine={"cls": CAR})[0]
    assert doubled(OPEN, other={"x": 0.515})[0]  # 0.68 of both
    assert not doubled(OPEN, other={"x": 0.525})[0]  # 0.52
    assert not doubled(OPEN, other={"x": 0.9, "y": 0.2})[0]
