"""How identity heals, behaviour by behaviour: whose episode is whose, what is exchanged, who may be whom again."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.doubles import told_of_double
from vigie_rule_engine.layers.episodes import CELL, CLOSING, DOUBTED, HOLD, IDLE, ON, OPEN, PENDING
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES
from vigie_rule_engine.layers.ground import GROUND
from vigie_rule_engine.layers.places import NEVER, PLACE, SIDE
from vigie_rule_engine.layers.posture import POSTURE
from vigie_rule_engine.layers.rows import RULE
from vigie_rule_engine.layers.standing import exchange, heal, hopped_to, in_place, stood
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.subjects import SUBJECT, adopt, alike, bear, gone, is_firm, known_as, patience, smooth
from vigie_rule_engine.layers.templates import attended, furniture, owner, presence
from vigie_rule_engine.layers.zone_facts import ZONE
from vigie_rule_engine.layers.zone_templates import stays

NOW = 100_000
PERSON, CAR, TRUCK, BAG, BICYCLE = (int(ObjectClass[name]) for name in ("person", "car", "truck", "bag", "bicycle"))


def subjects(*given):
    """People who were seen now, 0.2 high, in a box of their own width; fields as given."""
    array = np.zeros(len(given), SUBJECT)
    for s, fields in zip(array, given, strict=True):
        standing = {"cls": PERSON, "known": 1, "seen": NOW, "seen_w": NOW, "steady": 1, "h": 0.2, "x": 0.5, "y": 0.7}
        standing |= {"rest": NOW, "rest_x": fields.get("x", 0.5), "rest_y": fields.get("y", 0.7)}
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
        np.zeros(FIXTURES, FIXTURE),
    )


def rule(**fields):
    row = np.zeros(1, RULE)
    for name, value in ({"for_ms": 2_000} | fields).items():
        row[name] = value
    return row[0]


# One object with two tracks


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


# Who stands in one place


def test_who_was_in_one_place_for_more_than_five_seconds_has_stood_there():
    stands, passes, car = subjects({"rest": NOW - 5_001}, {"rest": NOW - 5_000}, {"rest": NOW - 60_000, "cls": CAR})
    assert [stood(s) for s in (stands, passes, car)] == [True, False, False]
    left, lately = subjects({"rest": NOW - 9_000, "off": NOW - 3_999}, {"rest": NOW - 9_000, "off": NOW - 4_000})
    assert [stood(s) for s in (left, lately)] == [True, False], "until it seemed to leave"


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
    who = ("born_track", "born_session", "cls", "born", "born_x", "born_y")
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


def healed(*given):
    state = kept(subjects(*({"track": k} | one for k, one in enumerate(given))))
    heal(state, len(given), NOW, NOW, 1)
    return state.subjects


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
    assert owner(state, 2, 0, near) == (known_as(state.subjects[1]) if counts else 0)
    cell = np.zeros(1, CELL)[0]
    assert attended(state, 2, 0, cell, near) == counts
