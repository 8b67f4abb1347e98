"""Whoever stays in a zone goes on staying when the tracker takes somebody else for them; and nobody else does."""

import math

import pytest


@pytest.fixture
def zone(street, rule):
    """A street where 30 s in the zone are told."""
    return street([rule("dwell", numbers={"for_s": 30.0, "moved_heights": 0.3})])


def strolls(obj, track, t):
    """Somebody who strolls to and fro, in the middle every six seconds."""
    return obj(track, 0.5 + 0.04 * math.sin(2 * math.pi * t / 12), 0.7)


def passes(obj, track, t):
    """Somebody who walks through, in the middle after six seconds."""
    return obj(track, 0.2 + 0.05 * t, 0.7)


def strolls_for(s, obj, seconds):
    s.during(4, lambda t: [obj(1, 0.1 + 0.1 * t, 0.7)]).during(seconds, lambda t: [strolls(obj, 1, t)])


def meet(s, obj):
    """A passer comes by, and where they meet the tracks are exchanged."""
    s.during(6, lambda t: [strolls(obj, 1, t), passes(obj, 2, t)])
    s.during(6, lambda t: [strolls(obj, 2, 6 + t), passes(obj, 1, 6 + t)])


def test_who_was_told_is_not_told_again_as_the_passer_whose_track_stayed(zone, obj, t0):
    strolls_for(zone, obj, 36)
    meet(zone, obj)
    zone.during(60, lambda t: [strolls(obj, 2, t)])
    assert zone.kinds() == ["OPEN"]
    zone.during(10, lambda t: [obj(2, 0.5 + 0.05 * t, 0.7)]).empty(20)
    opened, closed = zone.events()
    assert closed["kind"] == "CLOSE"
    assert (closed["episode_id"], closed["subject"]) == (opened["episode_id"], opened["subject"])
    assert (closed["ended_at"] - t0) / 1000 > 110


def test_nor_if_the_track_that_walked_off_was_not_seen_until_it_had_long_left(zone, obj):
    strolls_for(zone, obj, 36)
    zone.during(6, lambda t: [strolls(obj, 1, t), passes(obj, 2, t)])
    zone.during(7, lambda t: [strolls(obj, 2, 6 + t)])
    zone.during(3, lambda t: [strolls(obj, 2, 13 + t), passes(obj, 1, 13 + t)])
    zone.during(60, lambda t: [strolls(obj, 2, 16 + t)])
    assert zone.kinds() == ["OPEN"]


def test_three_who_exchange_their_tracks_in_a_row_are_one_stay(zone, obj):
    strolls_for(zone, obj, 36)
    zone.during(6, lambda t: [strolls(obj, 1, t), passes(obj, 2, t), passes(obj, 3, t - 1)])
    zone.during(6, lambda t: [strolls(obj, 3, 6 + t), passes(obj, 1, 6 + t), passes(obj, 2, 5 + t)])
    zone.during(60, lambda t: [strolls(obj, 3, t)])
    assert zone.kinds() == ["OPEN"]


def test_who_comes_when_the_other_has_left_long_before_is_told(zone, obj):
    strolls_for(zone, obj, 36)
    zone.during(10, lambda t: [obj(1, 0.5 + 0.05 * t, 0.7)]).empty(16)
    zone.during(6, lambda t: [passes(obj, 2, t)]).during(40, lambda t: [strolls(obj, 2, t)])
    assert zone.kinds() == ["OPEN", "CLOSE", "OPEN"]


def test_who_was_not_met_is_told_although_the_other_has_just_left(zone, obj):
    strolls_for(zone, obj, 36)
    zone.during(2, lambda t: [strolls(obj, 1, t), obj(2, 0.15 + 0.1 * t, 0.85)])
    zone.during(10, lambda t: [obj(1, 0.5 + 0.05 * t, 0.5), obj(2, 0.35 + 0.005 * t, 0.85)])
    zone.during(40, lambda t: [obj(2, 0.4 + 0.001 * t, 0.85)])
    assert zone.kinds() == ["OPEN", "CLOSE", "OPEN"]


def test_the_time_that_was_waited_does_not_go_over_to_who_relieves_somebody(zone, obj):
    strolls_for(zone, obj, 12)
    meet(zone, obj)
    zone.during(12, lambda t: [strolls(obj, 2, t)]).during(10, lambda t: [obj(2, 0.5 + 0.05 * t, 0.7)]).empty(15)
    assert zone.story() == []


def test_but_to_who_appears_in_the_middle_of_the_zone_it_does(zone, obj, t0):
    """The track is lost; three seconds later another one begins, too far away to be taken for the same."""
    strolls_for(zone, obj, 24)
    zone.empty(3).during(20, lambda t: [obj(2, 0.41 + 0.001 * t, 0.7)])
    (event,) = zone.events("OPEN")
    assert (event["started_at"] - t0) / 1000 < 4.0
    assert (event["at"] - t0) / 1000 < 43.0


def test_who_is_found_lying_is_no_street_furniture_after_one_who_walked(zone, obj):
    strolls_for(zone, obj, 24)
    zone.empty(3).during(40, lambda _: [obj(2, 0.41, 0.7)])
    assert zone.kinds() == ["OPEN"]


def test_but_what_appears_alone_and_never_moves_is(zone, obj):
    zone.during(4, lambda t: [obj(1, 0.1 + 0.1 * t, 0.7)]).empty(20).during(60, lambda _: [obj(2, 0.41, 0.7)])
    assert zone.story() == []


def test_a_signpost_does_not_walk_off_with_who_stands_at_it(street, rule, obj):
    """Told it is, for it seems to have moved, unless the two exchange their tracks."""
    s = street([rule("presence", numbers={"for_s": 5.0, "moved_heights": 0.3})])
    s.during(70, lambda _: [obj(1, 0.5, 0.7)])
    s.during(6, lambda t: [obj(1, 0.5, 0.7), obj(2, 0.2 + 0.048 * t, 0.7)])
    s.during(20, lambda _: [obj(1, 0.5, 0.7), obj(2, 0.488, 0.7)])
    assert s.kinds() == ["OPEN"]
    s.during(6, lambda t: [obj(2, 0.5, 0.7), obj(1, 0.488 - 0.02 * t, 0.7)])
    assert s.kinds() == ["OPEN"]


@pytest.mark.parametrize("before", [0.2, 0.6, 1.0, 1.6])
def test_an_heir_that_matures_as_the_stay_is_handed_over_opens_nothing_of_its_own(street, rule, obj, before):
    for tenths in range(80, 124, 2):
        s = street([rule("dwell", numbers={"for_s": tenths / 10})])
        s.during(30 - before, lambda _: [obj(1, 0.5, 0.7)])
        s.during(before, lambda _: [obj(1, 0.5, 0.7), obj(2, 0.56, 0.7)])
        s.during(30, lambda _: [obj(2, 0.56, 0.7)]).empty(80)
        assert s.events("AFFIRM")[-1]["open_episodes"] == []
        assert s.kinds().count("OPEN") == s.kinds().count("CLOSE")
        s.empty(600, status="offline")
