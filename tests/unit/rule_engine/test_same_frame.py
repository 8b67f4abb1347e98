"""An episode that begins, ends or is asked about in the frame in which its subject is exchanged or replaced."""

import pytest


@pytest.mark.parametrize("for_s", [11.0, 11.2, 11.4, 13.2])
def test_who_would_mature_when_they_become_the_lost_signpost_does_not(street, rule, obj, for_s):
    s = street([rule("presence", numbers={"for_s": for_s, "moved_heights": 0.3})])

    def passing(t):
        x = 0.31 + 0.05 * t
        return [obj(1, 0.5, 0.7), obj(2, x, 0.7)] if x < 0.47 else [obj(2, 0.5, 0.7)]

    s.during(15, lambda _: [obj(1, 0.5, 0.7)]).during(30, passing)
    assert s.kinds() == (["OPEN", "CLOSE"] if for_s < 11.2 else [])
    assert list(s.core.finish()) is not None  # nothing is open that no cell has


def test_a_double_matures_in_the_frame_in_which_the_other_one_is_over(street, rule, obj):
    numbers = {"for_s": 2.0, "keep_open_s": 5.0, "margin_heights": 0.0}
    s = street([rule("presence", classes=["car", "truck"], numbers=numbers)])
    outside, inside = obj(1, 0.5, 0.93, 0.3, "car"), obj(2, 0.505, 0.89, 0.3, "truck")
    s.during(4, lambda _: [obj(1, 0.5, 0.88, 0.3, "car")]).during(2.8, lambda _: [outside])
    s.during(1, lambda _: [outside, inside]).during(12, lambda _: [inside])
    assert s.kinds() == ["OPEN"]


@pytest.mark.parametrize(("when", "told"), [("local.minute < 1", ["OPEN", "CLOSE"]), ("local.minute < 2", ["OPEN"])])
def test_a_double_matures_in_the_frame_in_which_the_other_one_is_asked_about(street, rule, obj, when, told):
    s = street([rule("presence", classes=["car", "truck"], when=when, numbers={"for_s": 2.0})])
    car, truck = obj(1, 0.5, 0.7, 0.3, "car"), obj(2, 0.5, 0.7, 0.29, "truck")
    s.during(60, lambda _: [car]).during(1, lambda _: [car, truck]).during(12, lambda _: [truck])
    assert s.kinds() == told


def test_who_parts_from_the_double_that_took_the_episode_over_opens_another(street, rule, obj):
    s = street([rule("presence", classes=["car", "truck"], numbers={"for_s": 1.0})])
    car, truck, apart = obj(1, 0.4, 0.7, 0.3, "car"), obj(2, 0.4, 0.7, 0.29, "truck"), obj(1, 0.55, 0.7, 0.3, "car")
    s.during(2, lambda _: [car, truck]).during(1, lambda _: [truck])
    s.during(4, lambda t: [obj(1, 0.4 + 0.15 * t, 0.7, 0.3, "car") if t < 1 else apart, truck]).empty(40)
    assert s.kinds() == ["OPEN", "OPEN", "CLOSE", "CLOSE"]
    assert len({e["id"] for e in s.events()}) == 4


@pytest.mark.parametrize("when", [None, "local.hour >= 0"])
def test_doubles_that_mature_in_one_frame_are_told_once_with_a_condition_too(street, rule, obj, when):
    s = street([rule("stopped", classes=["car", "truck"], numbers={"for_s": 10.0}, when=when)])
    s.during(30, lambda _: [obj(1, 0.5, 0.7, 0.2, "car"), obj(2, 0.5, 0.701, 0.2, "truck")])
    assert s.kinds() == ["OPEN"]


def test_who_crosses_in_the_frame_in_which_it_becomes_one_who_is_lost_is_told_and_lost(street, rule, obj, t0):
    """It creeps over the line where somebody stood who was lost; as that one is missed, the two are exchanged."""

    def creeping(s, seconds):
        return s.during(seconds, lambda _: [obj(2, 0.44 + 0.02 * (s.t - 12), 0.7)])

    walked = street([rule("line_cross")]).during(12, lambda _: [obj(1, 0.6, 0.7)])
    (crossing,) = creeping(walked, 6).events("OPEN")
    s = street([rule("line_cross")]).during(12, lambda _: [obj(1, 0.6, 0.7)])
    creeping(s, (crossing["at"] - t0) / 1000 - 12)
    state = s.core._cameras["cam-1"]
    (stood,) = (one for one in state.subjects[: state.n] if one["track"] == 1)
    (comes,) = (one for one in state.subjects[: state.n] if one["track"] == 2)
    stood["seen"] -= 8_200
    stood["seen_w"] -= 8_200
    stood["rest"] -= 8_200
    for one in (stood, comes):
        one["rest_x"], one["rest_y"] = comes["x"], comes["y"]
    comes["rest"] = stood["seen_w"] + 1_000
    comes["vx"], comes["off"] = 0.0, 0
    creeping(s, 0.2)
    assert s.kinds() == ["OPEN", "CLOSE"]
    assert s.events()[-1]["ended_reason"] == "track_lost"
    assert s.events("OPEN")[0]["subject"] == s.events("CLOSE")[0]["subject"] != ""
    s.empty(3)
    assert list(s.core.finish()) is not None  # nothing is open that no cell has
