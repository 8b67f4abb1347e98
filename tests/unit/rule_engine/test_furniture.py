"""A camera remembers where street furniture stands that a detector takes for a person."""

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES, fixture_at, remember_furniture
from vigie_rule_engine.layers.subjects import SUBJECT

PERSON, CAR = int(ObjectClass.person), int(ObjectClass.car)
MINUTE, HOUR = 60_000, 3_600_000


def seen(x=0.5, h=0.2, **fields):
    s = np.zeros(1, SUBJECT)[0]
    for name, value in ({"cls": PERSON, "x": x, "y": 0.7, "h": h, "born_w": 1 - MINUTE} | fields).items():
        s[name] = value
    return s


def is_fixture(fixtures, thing, w):
    return fixture_at(fixtures, thing, w) >= 0


def remembered(*things):
    fixtures = np.zeros(FIXTURES, FIXTURE)
    for w, thing in enumerate(things, start=1):
        remember_furniture(fixtures, thing, w)
    return fixtures


@pytest.mark.parametrize(
    ("thing", "stands"),
    [
        ({}, True),
        ({"born_w": 2 - MINUTE}, False),  # not yet
        ({"moved": 0.3}, False),  # somebody
        ({"cls": CAR}, False),
    ],
)
def test_what_was_watched_for_a_minute_and_never_moved_is_remembered(thing, stands):
    assert is_fixture(remembered(seen(**thing)), seen(), 2) == stands


@pytest.mark.parametrize(
    ("where", "there"),
    [({"x": 0.55}, True), ({"x": 0.57}, False), ({"h": 0.13}, True), ({"h": 0.11}, False), ({"h": 0.35}, False)],
)
def test_it_is_there_again_where_it_was_and_as_high(where, there):
    assert is_fixture(remembered(seen()), seen(**where), 2) == there


def test_after_an_hour_of_looking_without_it_it_is_forgotten():
    fixtures = remembered(seen())
    assert is_fixture(fixtures, seen(), 1 + HOUR)
    assert not is_fixture(fixtures, seen(), 2 + HOUR)
    remember_furniture(fixtures, seen(), 1 + HOUR)
    assert is_fixture(fixtures, seen(), 2 + HOUR), "it was seen again meanwhile"


def test_of_more_than_eight_the_one_that_was_seen_longest_ago_gives_way():
    things = [seen(x=0.1 * k) for k in range(9)]
    fixtures = remembered(*things[:8], things[0], things[-1])
    assert [is_fixture(fixtures, thing, 20) for thing in things] == [True, False, *[True] * 7]


@pytest.fixture
def zone(street, rule):
    """A street where 15 s in the zone are told, of who has moved."""
    return street([rule("dwell", numbers={"for_s": 15.0, "moved_heights": 0.3})])


def walks(obj, track, t):
    return obj(track, 0.35 + 0.03 * t, 0.7)


def test_who_is_first_seen_beside_a_passer_was_there_before(zone, obj):
    """The passer has taken the track of who had come, as they are apart again another one begins."""
    zone.empty(60).during(5, lambda t: [walks(obj, 1, t)])
    zone.during(10, lambda t: [walks(obj, 1, 5 + t), obj(2, 0.5, 0.7)]).during(7, lambda _: [obj(2, 0.5, 0.7)])
    (event,) = zone.events()
    assert (event["kind"], event["objects"][0]["track_id"]) == ("OPEN", 2)


def test_but_not_in_the_first_minute_in_which_nobody_knows_what_stands_there(zone, obj):
    zone.during(5, lambda t: [walks(obj, 1, t)])
    zone.during(10, lambda t: [walks(obj, 1, 5 + t), obj(2, 0.5, 0.7)]).during(20, lambda _: [obj(2, 0.5, 0.7)])
    assert zone.story() == []


def test_a_signpost_that_is_seen_again_behind_a_passer_is_still_one(zone, obj):
    zone.during(70, lambda _: [obj(9, 0.5, 0.7)]).empty(40).restart()
    zone.during(5, lambda t: [walks(obj, 1, t)]).during(4, lambda t: [walks(obj, 1, 5 + t), obj(2, 0.5, 0.7)])
    zone.during(60, lambda _: [obj(2, 0.5, 0.7)])
    assert zone.story() == []


def lost_beside(zone, obj):
    """Somebody who has waited for twelve seconds is lost within a height of where a track begins."""
    zone.during(12, lambda t: [obj(1, 0.35 + 0.005 * t, 0.7)]).during(30, lambda _: [obj(2, 0.5, 0.7)])


def test_nor_does_it_go_on_waiting_for_who_is_lost_beside_it(zone, obj):
    zone.during(70, lambda _: [obj(9, 0.5, 0.7)]).empty(40)
    lost_beside(zone, obj)
    assert zone.story() == []


def test_where_nothing_stood_it_is_who_was_lost(zone, obj):
    zone.empty(110)
    lost_beside(zone, obj)
    assert zone.kinds() == ["OPEN"]


def test_the_place_goes_with_the_picture_when_its_shape_changes(zone, obj):
    zone.during(70, lambda _: [obj(9, 0.5, 0.7)]).empty(40)
    zone.size = (720, 540)
    zone.during(5, lambda t: [walks(obj, 1, t)]).during(4, lambda t: [walks(obj, 1, 5 + t), obj(2, 0.5, 0.7)])
    zone.during(60, lambda _: [obj(2, 0.5, 0.7)])
    assert zone.story() == []


def test_dark_time_makes_nobody_street_furniture(street, rule, obj):
    somebody = lambda _: [obj(1, 0.5, 0.7)]  # noqa: E731 - a place
    s = street([rule("presence")]).during(6, somebody).empty(58, "dark").during(1, somebody)
    fixtures = s.core._cameras["cam-1"].kept.fixtures
    assert fixtures["seen_w"].max() == 0
    s.during(60, somebody)
    assert fixtures["seen_w"].max() > 0
