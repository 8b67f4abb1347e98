"""What an event says of its episode, its frame and its objects."""

import pytest

from vigie_common.identity import episode_id
from vigie_rule_engine.measures import facts_of


def test_the_id_of_an_episode_is_that_of_its_parts(street, rule, obj):
    s = street([rule("presence", version="7f")])
    s.during(3, lambda _: [obj(9, 0.5, 0.7)])
    (event,) = s.events()
    parts = ("nimes", "cam-1", "presence", "7f", "place", f"{s.session}:9", event["started_at"])
    assert event["episode_id"] == episode_id(*parts)
    assert (event["id"], event["ordinal"]) == (f"{event['episode_id']}:0", 0)


def test_an_event_tells_all_that_an_alert_needs(street, rule, authorisation, obj):
    s = street([rule("presence")], authorisations=[authorisation()])
    s.during(3, lambda _: [obj(9, 0.5, 0.7)])
    (event,) = s.events()
    assert event["location"] == {"lat": 43.8383, "lon": 4.3561, "accuracy_m": None, "method": "camera_position"}
    assert event["frame_ref"] == {"partition": 0, "offset": 5}
    assert (event["session"], event["seq"], event["model"]) == (s.session, 5, {"name": "yolox-nano", "version": "m1"})
    assert event["objects"] == [
        {
            "track_id": 9,
            "object_class": "person",
            "score": 0.8,
            "x1": pytest.approx(458.4),
            "y1": pytest.approx(270.0),
            "x2": pytest.approx(501.6),
            "y2": pytest.approx(378.0),
        }
    ]
    assert (event["zone_x"], event["zone_y"]) == ([0.3, 0.7, 0.7, 0.3], [0.4, 0.4, 0.9, 0.9])


def test_an_event_shows_fifty_objects_and_counts_all(street, rule, obj):
    people = [obj(k, 0.31 + 0.004 * k, 0.7, 0.2) for k in range(1, 61)]
    s = street([rule("gathering")]).during(120, lambda _: people)
    (event,) = s.events("OPEN")
    assert (len(event["objects"]), event["facts"]["people"]) == (50, 60)


def test_a_speed_that_is_not_known_is_left_out(street, rule, obj, camera, calibration):
    speed = rule("speed", classes=["car"], numbers={"limit_mps": 1.0})
    s = street([speed], camera=camera(calibration=calibration)).during(
        2, lambda t: [obj(1, 0.4 + 0.05 * t, 0.7, cls="car")]
    )
    state = s.core._cameras["cam-1"]
    assert facts_of(state, "speed", 0, 0, 0, 1, metric=True)["speed_kmh"] > 0
    state.kept.grounds["speed"] = -1.0
    assert sorted(facts_of(state, "speed", 0, 0, 0, 1, metric=True)) == [
        "limit_kmh", "moved_heights", "score", "seen_for_s", "speed_heights_per_s",
    ]  # fmt: skip
