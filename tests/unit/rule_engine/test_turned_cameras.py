"""A camera that looks elsewhere: rules of the whole image go on, those of zones, lines and metres are blind."""

import pytest


def standing(obj):
    return lambda _: [obj(1, 0.5, 0.7)]


def test_rules_of_the_whole_image_are_judged_and_those_of_a_zone_are_not(street, rule, obj):
    s = street([rule("presence", id="anywhere", zones=[]), rule("presence", id="zone")])
    s.during(5, standing(obj), status="turned")
    assert [e["rule"]["id"] for e in s.events("OPEN")] == ["anywhere"]


def test_nobody_crosses_a_line_that_is_not_there(street, rule, obj):
    s = street([rule("count_line")])
    s.during(2, lambda _: [obj(1, 0.3, 0.6)])
    s.during(4, lambda t: [obj(1, 0.3 + 0.1 * t, 0.6)], status="turned")
    s.during(3, lambda _: [obj(1, 0.7, 0.6)])
    assert s.events("COUNT") == []


def test_a_parked_car_alerts_once_across_a_turn_of_the_camera(street, rule, obj):
    s = street([rule("stopped", classes=["car"], numbers={"for_s": 10.0})])
    s.during(20, lambda _: [obj(1, 0.5, 0.7, 0.15, "car")])
    s.during(120, lambda t: [obj(50 + int(t), 0.1, 0.9, 0.3, "person")], status="turned")
    s.during(20, lambda _: [obj(2, 0.5, 0.7, 0.15, "car")])
    assert s.kinds() == ["OPEN"]


def test_ten_minutes_elsewhere_end_what_a_zone_has_and_nothing_else(street, rule, obj):
    s = street([rule("presence", id="anywhere", zones=[]), rule("presence", id="zone")], fps=2.0)
    s.during(5, standing(obj)).during(610, standing(obj), status="turned")
    assert [(e["rule"]["id"], e["ended_reason"]) for e in s.events("CLOSE")] == [("zone", "camera_offline")]
    assert s.events("CLOSE")[0]["ended_at"] == s.events("OPEN")[0]["started_at"] + 4500


def test_a_turned_camera_lists_the_rules_that_it_could_judge(street, rule, obj):
    s = street([rule("presence", id="anywhere", zones=[]), rule("presence", id="zone")])
    s.during(61, standing(obj)).during(60, standing(obj), status="turned").empty(60, "moved")
    minutes = [o.value for o in s.outputs if o.topic == "coverage"]
    assert [m["rules"] for m in minutes] == [["anywhere", "zone"], ["anywhere", "zone"], ["anywhere"]]
    assert [round(m["moved_s"]) for m in minutes] == [0, 59, 60]


def test_time_that_a_motion_gate_watched_matures(street, rule, obj):
    s = street([rule("presence", numbers={"for_s": 20.0})])
    s.during(1, standing(obj))
    for _ in range(10):
        s.t += 1.8
        s.see(obj(1, 0.5, 0.7), watched_ms=2000)
    assert s.kinds() == ["OPEN"]


@pytest.mark.parametrize("status", ["turned", "moved"])
def test_a_count_of_a_zone_does_not_watch_meanwhile(street, rule, obj, status):
    s = street([rule("count_zone")])
    s.during(20, standing(obj)).during(45, standing(obj), status=status)
    assert [e["facts"]["watched_s"] for e in s.events("COUNT")] == [pytest.approx(20, abs=0.5)]
