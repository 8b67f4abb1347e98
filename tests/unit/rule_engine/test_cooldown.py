"""A rule that cools down tells one of several episodes; what goes on is told once it has cooled."""

import pytest

WEST = {"name": "ouest", "x": [0.0, 0.25, 0.25, 0.0], "y": [0.4, 0.4, 0.9, 0.9]}


@pytest.fixture
def cooling(street, rule):
    """A street with a presence rule that cools down for a minute."""

    def make(*, of=None, **fields):
        return street([rule("presence", **({"cooldown_ms": 60_000} | (of or {})))], **fields)

    return make


def someone(obj, track, x=0.5):
    return lambda _: [obj(track, x, 0.7)]


def opened(s, t0):
    return [(round((e["at"] - t0) / 1000, 1), round((e["started_at"] - t0) / 1000, 1)) for e in s.events("OPEN")]


def test_who_comes_and_goes_before_it_has_cooled_is_not_told(cooling, obj, t0):
    s = cooling()
    s.during(5, someone(obj, 1)).empty(15).during(5, someone(obj, 2, 0.4)).empty(45).during(5, someone(obj, 3, 0.6))
    assert [at for at, _ in opened(s, t0)] == [1.0, 71.0]
    assert [e["objects"][0]["track_id"] for e in s.events("OPEN")] == [1, 3]


def test_who_is_still_there_when_it_has_cooled_is_told_then_and_since_when(cooling, obj, t0):
    s = cooling()
    s.during(5, someone(obj, 1)).empty(15).during(60, someone(obj, 2, 0.4))
    assert opened(s, t0) == [(1.0, 0.0), (61.0, 20.0)]


def test_an_episode_that_is_open_goes_on_and_ends_as_ever(cooling, obj):
    s = cooling()
    s.during(90, someone(obj, 1)).empty(30)
    assert s.kinds() == ["OPEN", "CLOSE"]


def test_each_place_cools_by_itself(cooling, obj, camera, t0):
    s = cooling(of={"zones": ["ouest", "place"]}, camera=camera(zones=[*camera()["zones"], WEST]))
    s.during(5, someone(obj, 1)).during(5, someone(obj, 2, 0.1))
    assert [e["scope"] for e in s.events("OPEN")] == ["place", "ouest"]


def test_a_line_that_cools_tells_one_crossing_of_two(street, rule, obj):
    def walks(track):
        return lambda t: [obj(track, 0.3 + 0.1 * t, 0.7)]

    for cooldown, told in ((0, 2), (60_000, 1)):
        s = street([rule("line_cross", cooldown_ms=cooldown)])
        s.during(5, walks(1)).empty(10).during(5, walks(2))
        assert s.kinds().count("OPEN") == told


def test_what_was_told_in_shadow_holds_up_nothing_that_is_live(cooling, authorisation, obj):
    s = cooling()
    s.during(5, someone(obj, 1)).empty(15)
    s.publish(authorisations=[authorisation()])
    s.during(5, someone(obj, 2, 0.4)).empty(15).during(5, someone(obj, 3, 0.6))
    assert [e["mode"] for e in s.events("OPEN")] == ["shadow", "live"]


def test_what_waits_is_told_within_a_minute_of_the_authority_that_comes(cooling, authorisation, obj, t0):
    s = cooling(of={"cooldown_ms": 3_600_000})
    s.during(5, someone(obj, 1)).empty(15).during(10, someone(obj, 2, 0.4))
    s.publish(authorisations=[authorisation()])
    s.during(70, someone(obj, 2, 0.4))
    assert [(e["mode"], (e["at"] - t0) / 1000) for e in s.events("OPEN")] == [("shadow", 1.0), ("live", 81.0)]


def test_it_cools_on_over_a_restart_and_over_another_bundle(cooling, rule, obj):
    s = cooling()
    s.during(5, someone(obj, 1)).empty(15)
    s.restart()
    s.publish([rule("presence", cooldown_ms=120_000, title={"fr": "autre"})])
    s.during(5, someone(obj, 2, 0.4))
    assert s.kinds() == ["OPEN", "CLOSE"]


def test_a_new_cooldown_keeps_an_open_episode(cooling, rule, obj):
    s = cooling()
    s.during(5, someone(obj, 1))
    s.publish([rule("presence", cooldown_ms=0)])
    s.during(5, someone(obj, 1))
    assert s.kinds() == ["OPEN"]


def test_the_condition_is_asked_once_it_has_cooled(cooling, obj, t0):
    s = cooling(of={"when": "facts.present_for_s >= 50.0"})
    s.during(70, lambda _: [obj(1, 0.5, 0.7)]).during(70, lambda _: [obj(1, 0.5, 0.7), obj(2, 0.4, 0.7)])
    assert [at for at, _ in opened(s, t0)] == [61.0, 121.0]


@pytest.mark.parametrize("cooldown", [-1, 604_800_001])
def test_a_cooldown_that_means_nothing_is_refused_and_the_rest_runs(street, rule, obj, cooldown):
    s = street([rule("presence", cooldown_ms=cooldown), rule("stopped", numbers={"for_s": 3.0})])
    s.during(8, someone(obj, 1))
    assert [e["rule"]["id"] for e in s.events("OPEN")] == ["stopped"]


def test_a_cooldown_that_is_taken_away_holds_nothing_up_any_more(cooling, rule, obj, t0):
    s = cooling(of={"cooldown_ms": 604_800_000})
    s.during(5, someone(obj, 1)).empty(15)
    s.publish([rule("presence", cooldown_ms=0)])
    s.during(5, someone(obj, 2, 0.4))
    assert [at for at, _ in opened(s, t0)] == [1.0, 21.0]


def test_a_cooldown_that_is_new_counts_from_the_last_opening(street, rule, obj, t0):
    s = street([rule("presence")])
    s.during(5, someone(obj, 1)).empty(15)
    s.publish([rule("presence", cooldown_ms=60_000)])
    s.during(5, someone(obj, 2, 0.4)).empty(40).during(5, someone(obj, 3, 0.6))
    assert [at for at, _ in opened(s, t0)] == [1.0, 66.0]


def test_each_mode_cools_by_itself_however_often_they_alternate(cooling, authorisation, obj, t0):
    allowed = [
        authorisation(valid_until=t0 + 100_000),
        authorisation(id="order-2", valid_from=t0 + 200_000),
    ]
    s = cooling(of={"cooldown_ms": 3_600_000}, authorisations=allowed)
    for visitor in range(10):
        s.during(5, someone(obj, visitor, 0.4 + 0.02 * visitor)).empty(25)
    assert [(e["mode"], (e["at"] - t0) / 1000) for e in s.events("OPEN")] == [("live", 1.0), ("shadow", 121.0)]
