"""How identity heals, behaviour by behaviour: whose episode is whose, what is exchanged, who may be whom again."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.doubles import told_of_double
from vigie_rule_engine.layers.episodes import CELL, CLOSING, DOUBTED, HOLD, IDLE, ON, OPEN, PENDING
from vigie_rule_engine.layers.furniture import exchange, in_place, stood
from vigie_rule_engine.layers.ground import GROUND
from vigie_rule_engine.layers.places import PLACE, SIDE
from vigie_rule_engine.layers.posture import POSTURE
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.subjects import SUBJECT, adopt, alike, gone, is_firm, patience
from vigie_rule_engine.layers.templates import RULE, attended, furniture, owner, presence
from vigie_rule_engine.layers.zone_templates import ZONE

NOW = 100_000
PERSON, CAR, TRUCK, BAG, BICYCLE = (int(ObjectClass[name]) for name in ("person", "car", "truck", "bag", "bicycle"))


def subjects(*given):
    """People who were seen now, 0.2 high, in a box of their own width; fields as given."""
    array = np.zeros(len(given), SUBJECT)
    for s, fields in zip(array, given, strict=True):
        standing = {"cls": PERSON, "known": 1, "seen": NOW, "seen_w": NOW, "steady": 1, "h": 0.2, "x": 0.5, "y": 0.7}
        for name, value in (standing | fields).items():
            s[name] = value
        wide = fields.get("wide", 0.08) if "wide" in fields else 0.08
        if "x2" not in fields:
            s["x1"], s["x2"] = s["x"] - wide / 2, s["x"] + wide / 2
            s["y1"], s["y2"] = s["y"] - s["h"], s["y"]
    return array


def lying(**fields):
    return {"x1": 0.4, "x2": 0.6, "y1": 0.63, "y2": 0.7} | fields


def kept(people):
    n = len(people)
    return Kept(
        people,
        np.zeros(n, GROUND),
        np.zeros(n, POSTURE),
        np.zeros((n, 1), PLACE),
        np.zeros((n, 1), SIDE),
        np.zeros((1, n), CELL),
        np.zeros(1, CELL),
        np.zeros(1, ZONE),
    )


def rule(**fields):
    row = np.zeros(1, RULE)
    for name, value in ({"for_ms": 2_000} | fields).items():
        row[name] = value
    return row[0]


# One object with two tracks


def doubled(phase, *, other=None, mine=None, verdict=ON, held=2_000, k=1, asks=0):
    """Whether subject `k` is told of the other one, whose episode is so; and the cells then."""
    pair = [other or {}, mine or {}] if k == 1 else [mine or {}, other or {}]
    state = kept(subjects(*pair))
    j = 1 - k
    cell = state.cells[0, j]
    cell["phase"], cell["verdict"], cell["held"], cell["episode"], cell["since"] = phase, verdict, held, 7, 5_000
    state.cells[0, k]["phase"], state.cells[0, k]["floor"] = PENDING, 9_000
    return told_of_double(state, 2, 0, k, rule(asks=asks), NOW), state.cells[0, k], cell


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
    assert not doubled(PENDING, asks=1)[0]  # its condition may be false
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


# Street furniture


def test_what_stood_since_it_appeared_for_more_than_ten_seconds_is_perhaps_furniture():
    (post, car) = subjects({"born": NOW - 10_001}, {"born": NOW - 10_001, "cls": CAR})
    assert stood(post, 0.29, NOW)
    assert not stood(post, 0.31, NOW)
    assert not stood(post, 0.29, NOW - 1)
    assert not stood(car, 0.29, NOW)
    post["moved"] = 5.0
    assert stood(post, 0.29, NOW), "what it had moved before this frame counts"


COME = {"moved": 3.0}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (COME, 1),
        (COME | {"x": 0.55}, 1),
        (COME | {"x": 0.57}, -1),
        (COME | {"y": 0.77}, -1),
        (COME | {"seen": NOW - 200}, -1),
        (COME | {"cls": CAR}, -1),
        ({"moved": 0.29}, -1),
        (COME | {"h": 0.13}, 1),
        (COME | {"h": 0.11}, -1),
        (COME | {"h": 0.32}, 1),
        (COME | {"h": 0.35}, -1),
    ],
)
def test_who_came_and_stands_where_it_appeared_is_found(other, found):
    state = kept(subjects({"born_x": 0.5, "born_y": 0.7, "x": 0.9}, other))
    assert in_place(state, 2, 0, NOW) == found


def test_an_exchange_gives_the_track_and_what_was_seen_and_leaves_who_they_are():
    stays = ("born_track", "born_session", "cls", "born", "born_x", "born_y", "moved")
    both = np.zeros(2, SUBJECT)
    for number, name in enumerate(SUBJECT.names):
        both[name] = number + 1, 100 + number
    before = both.copy()
    exchange(kept(both), 0, 1)
    for name in SUBJECT.names:
        assert both[name].tolist() == (before[name] if name in stays else before[name][::-1]).tolist(), name


# Who is lost, and for how long


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
    assert adopted({"vx": 0.041}, x=0.5 + 0.36, after=4_000) == 0
    assert adopted({"vx": 0.039}, x=0.5 + 0.21, after=4_000) == -1  # sways, and is looked for where it was
    assert adopted({"vx": 0.039}, x=0.5 - 0.19, after=4_000) == 0
    assert adopted({}, after=8_000) == 0
    assert adopted({}, after=8_001) == -1
    assert adopted({"vx": 0.03}, x=0.65, after=5_000) == 0
    assert adopted({"vx": 0.03}, x=0.65, after=5_001) == -1


def test_how_far_it_may_be_and_the_nearest_is_taken():
    assert adopted({}, x=0.587, after=200) == 0
    assert adopted({}, x=0.589, after=200) == -1
    assert adopted({}, x=0.69, after=1_000) == 0
    assert adopted({}, x=0.71, after=1_000) == -1
    assert adopted({}, x=0.71, after=5_000) == -1
    assert adopted({"x": 0.51}, {"x": 0.58}, {"x": 0.53}, x=0.54) == 2
    assert adopted({"x": 0.53}, {"x": 0.58}, {"x": 0.51}, x=0.54) == 0


def test_who_lies_is_looked_for_where_they_were_and_farther_round():
    down = lying(h=0.08, vx=0.1, x=0.5)
    assert adopted(down, after=3_000, width=0.2, h=0.07) == 0
    assert adopted(down, after=3_000, width=0.2, h=0.07, x=0.545) == 0
    assert adopted(down, after=3_000, width=0.2, h=0.07, x=0.555) == -1
    tall = {"h": 0.2, "vx": 0.0}
    assert adopted(tall, x=0.59, width=0.2, h=0.07) == 0  # reaches as far as they were high


# Boxes of nobody, and what never moved


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
    assert owner(state, 2, 0, near) == (42 if counts else 0)
    cell = np.zeros(1, CELL)[0]
    assert attended(state, 2, 0, cell, near) == counts
