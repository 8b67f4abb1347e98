"""Who stands in one place, and whose track is given back."""

import sys
from pathlib import Path

import numpy as np
import pytest

from vigie_rule_engine.layers.places import NEVER, SIDE
from vigie_rule_engine.layers.standing import exchange, hopped_to, in_place, stood
from vigie_rule_engine.layers.subjects import SUBJECT, gone, leapt

sys.path.insert(0, str(Path(__file__).parent))

from layer_state import CAR, NOW, PERSON, healed, kept, subjects  # it lies beside this file


def test_who_was_in_one_place_for_more_than_five_seconds_has_stood_there():
    stands, passes, car = subjects({"rest": NOW - 5_001}, {"rest": NOW - 5_000}, {"rest": NOW - 60_000, "cls": CAR})
    assert [stood(s) for s in (stands, passes, car)] == [True, False, False]
    left, lately = subjects({"rest": NOW - 9_000, "off": NOW - 3_999}, {"rest": NOW - 9_000, "off": NOW - 4_000})
    assert [stood(s) for s in (left, lately)] == [True, False], "until it seemed to leave"


@pytest.mark.parametrize(("cls", "heights_per_s"), [(PERSON, 5.0), (CAR, 22.0)])
@pytest.mark.parametrize("dt", [0.2, 1.0])
def test_a_box_leaps_that_moves_farther_than_its_kind_can_and_seven_tenths_of_its_height(cls, heights_per_s, dt):
    (s,) = subjects({"cls": cls})
    farthest = 0.2 * (heights_per_s * dt + 0.7)
    assert not leapt(s, 0.5 + 0.6 * farthest, 0.7 + 0.79 * farthest, dt)
    assert leapt(s, 0.5 + 0.6 * farthest, 0.7 + 0.81 * farthest, dt)


CAME = {"rest": NOW - 1_000, "rest_x": 0.3}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (CAME, 1),
        (CAME | {"x": 0.55}, 1),
        (CAME | {"x": 0.57}, -1),
        (CAME | {"y": 0.77}, -1),
        (CAME | {"seen": NOW - 200}, -1),
        (CAME | {"cls": CAR}, -1),
        ({"rest": NOW - 5_000}, 1),
        ({"rest": NOW - 5_001}, -1),  # it has long been there itself
        ({"rest": NOW - 60_000, "off": NOW - 200, "rest_x": 0.3}, 1),
        (CAME | {"h": 0.13}, 1),
        (CAME | {"h": 0.11}, -1),
        (CAME | {"h": 0.32}, 1),
        (CAME | {"h": 0.35}, -1),
        (CAME | {"vx": 0.079}, 1),
        (CAME | {"vx": 0.081}, -1),  # it passes there
    ],
)
def test_who_came_and_is_where_it_stood_is_found(other, found):
    state = kept(subjects({"rest_x": 0.5, "rest_y": 0.7, "x": 0.9}, other))
    assert in_place(state, 2, 0, NOW) == found


def test_an_exchange_gives_the_track_and_what_was_seen_and_leaves_who_they_are():
    state = kept(np.zeros(2, SUBJECT))
    for number, name in enumerate(SUBJECT.names):
        state.subjects[name] = number + 1, 100 + number
    for number, name in enumerate(SIDE.names):
        state.sides[name] = [[number], [10 + number]]
    before, sides = state.subjects.copy(), state.sides.copy()
    exchange(state, 0, 1, NOW)
    seen = (
        "track",
        "known",
        "ended",
        "model",
        "score",
        "seen",
        "seen_w",
        "steady",
        "dt",
        "x",
        "y",
        "h",
        "x1",
        "y1",
        "x2",
        "y2",
    )
    who = ("born_track", "born_session", "cls", "born", "born_w", "born_x", "born_y")
    for name in SUBJECT.names:
        now, then = state.subjects[name].tolist(), before[name].tolist()
        if name in seen:
            assert now == then[::-1], name
        elif name in who:
            assert now == then, name
    assert state.sides.tolist() == sides[::-1].tolist(), "who has crossed has crossed"
    a, b = state.subjects
    assert [a[name] for name in ("vx", "vy", "off", "away", "hidden_w")] == [0, 0, 0, 0, 0]
    assert (a["moved"], a["rest"]) == (before[0]["moved_then"], before[0]["rest"])
    assert (b["vx"], b["moved"], b["rest"], b["rest_x"]) == (before[0]["vx"], before[1]["moved"], NOW, b["x"])


@pytest.mark.parametrize(
    ("stander", "passer", "exchanged"),
    [
        (NEVER, 900, True),  # a box of nobody had taken it out of the zone
        (100, NEVER, True),
        (100, 900, False),  # both are in: each since then
        (NEVER, NEVER, False),
    ],
)
def test_after_an_exchange_each_is_in_the_zone_in_which_its_box_is(stander, passer, exchanged):
    state = kept(subjects({}, {}))
    state.places["since"] = [[stander], [passer]]
    state.places["within"] = state.places["since"] != NEVER
    exchange(state, 0, 1, NOW)
    now = [passer, stander] if exchanged else [stander, passer]
    assert state.places["since"].ravel().tolist() == now
    assert state.places["within"].ravel().tolist() == [since != NEVER for since in now]


def test_two_who_stand_and_are_exchanged_back_both_stand():
    state = kept(subjects({"rest_x": 0.6, "rest": 7, "off": 9}, {"rest_x": 0.5, "rest": 8, "off": 9, "x": 0.61}))
    exchange(state, 0, 1, NOW)
    assert state.subjects["rest"].tolist() == [7, 8]
    assert state.subjects["off"].tolist() == [0, 0]


WALKS_OFF = {"rest": NOW - 9_000, "off": NOW - 600, "rest_x": 0.5, "x": 0.6, "vx": 0.1}


def test_a_track_that_walks_off_with_a_passer_leaves_its_subject_where_it_stood():
    stander, passer = healed(WALKS_OFF, {"rest": NOW - 1_500, "rest_x": 0.4, "x": 0.51})
    assert (stander["track"], stander["x"], stander["off"]) == (1, 0.51, 0)
    assert (passer["track"], passer["x"], passer["vx"], passer["rest_x"]) == (0, 0.6, 0.1, 0.6)


def test_who_walks_off_while_nobody_comes_walks_off():
    assert [s["track"] for s in healed(WALKS_OFF, {"x": 0.7})] == [0, 1]
    assert [s["track"] for s in healed(WALKS_OFF | {"rest": NOW - 5_000}, {"x": 0.51})] == [0, 1]
    assert [s["track"] for s in healed(WALKS_OFF | {"off": 0}, {"x": 0.51})] == [0, 1]


HIDDEN = {"seen": NOW - 400, "rest": NOW - 9_000, "known": 0}
HOPS = {"rest": NOW - 8_000, "rest_x": 0.6, "off": NOW - 200, "x": 0.52}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({}, 1),
        ({"off": NOW - 1_000}, 1),
        ({"off": NOW - 1_001}, -1),
        ({"off": 0}, -1),
        ({"rest": NOW - 3_201}, 1),
        ({"rest": NOW - 3_200}, -1),  # it was on its way: a passer
        ({"seen": NOW - 200}, -1),
        ({"cls": CAR}, -1),
        ({"x": 0.57}, -1),
        ({"h": 0.11}, -1),
    ],
)
def test_a_track_that_hops_from_one_who_stands_to_the_place_of_one_who_is_hidden_is_found(other, found):
    assert hopped_to(kept(subjects(HIDDEN, HOPS | other)), 2, 0, NOW, NOW) == found


def test_then_who_is_hidden_has_the_box_and_the_other_is_missed_where_it_stood_since_then():
    first, second = healed(HIDDEN | {"seen_w": NOW - 400}, HOPS | {"h": 0.22, "moved": 4.0, "moved_then": 2.0})
    assert [first[name] for name in ("track", "seen", "seen_w", "known", "x", "dt")] == [1, NOW, NOW, 1, 0.5, 0.4]
    assert (first["x1"], first["x2"]) == pytest.approx((0.48, 0.56))
    assert [second[name] for name in ("seen", "seen_w", "known", "x", "rest", "h", "off", "moved")] == [
        NOW - 200, NOW - 200, 0, 0.6, NOW - 8_000, 0.22, 0, 2.0,
    ]  # fmt: skip
    assert [second[name] for name in ("x1", "x2", "y1", "y2")] == pytest.approx([0.56, 0.64, 0.48, 0.7]), "its box too"
    assert not gone(second, NOW), "however long the other was hidden"
    assert stood(second)


def test_what_has_stood_since_it_appeared_is_as_unmoved_as_before_its_track_walked_off():
    (post, _) = healed(WALKS_OFF | {"moved": 0.8, "moved_then": 0.1}, {"rest": NOW - 1_500, "rest_x": 0.4, "x": 0.51})
    assert (post["track"], post["moved"]) == (1, 0.1)


def test_who_passes_where_somebody_is_hidden_is_not_taken_for_them():
    lost = {"seen": NOW - 9_000, "seen_w": NOW - 9_000, "rest": NOW - 60_000, "known": 0}
    passes, stays_there = (
        {"rest": NOW - 900, "off": NOW - 300, "rest_x": 0.4, "x": 0.51},
        {"rest": NOW - 8_000, "x": 0.51},
    )
    assert [s["track"] for s in healed(lost, passes)] == [0, 1]
    assert [s["track"] for s in healed(lost, stays_there)] == [1, 0]
    assert [s["track"] for s in healed(lost | {"seen_w": NOW - 8_000}, stays_there)] == [0, 1], "not yet"
