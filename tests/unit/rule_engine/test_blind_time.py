"""Time that nobody watched: it neither matures nor closes, and ten minutes of it end an episode where it was seen."""

import pytest

BLIND = ["offline", "shed", "failed", "frozen", "dark", "blurred", "moved", "ended"]


@pytest.fixture
def standing(obj):
    return lambda _: [obj(1, 0.5, 0.7)]


@pytest.mark.parametrize("status", BLIND)
def test_blind_time_does_not_mature(street, rule, standing, status):
    s = street([rule("presence", numbers={"for_s": 10.0})])
    s.during(5, standing).empty(60, status).during(4, standing)
    assert s.story() == []
    s.during(3, standing)
    assert s.story() == [("OPEN", 70.0, None)]
    assert s.events()[0]["started_at"] == s.record()["captured_at"] - 72_000


@pytest.mark.parametrize("status", BLIND)
def test_blind_time_does_not_close(street, rule, standing, status):
    s = street([rule("presence")], fps=2.0)
    s.during(5, standing).empty(590, status).during(5, standing)
    assert s.kinds() == ["OPEN"]


@pytest.mark.parametrize("status", BLIND)
def test_blind_for_ten_minutes_ends_where_it_was_last_seen(street, rule, standing, status):
    s = street([rule("presence")], fps=2.0)
    s.during(5, standing).empty(610, status)
    assert s.story() == [("OPEN", 1.0, None), ("CLOSE", 4.5, "camera_offline")]
    assert s.events("CLOSE")[0]["at"] == s.events("OPEN")[0]["started_at"] + 604_500


def test_ten_minutes_without_any_record_are_blind_too(street, rule, standing):
    s = street([rule("presence")])
    s.during(5, standing)
    s.t += 700
    s.during(5, standing)
    assert s.story() == [("OPEN", 1.0, None), ("CLOSE", 4.8, "camera_offline"), ("OPEN", 706.0, None)]
    assert len({e["episode_id"] for e in s.events("OPEN")}) == 2


def test_a_gap_in_the_records_is_not_watched(street, rule, standing):
    s = street([rule("presence", numbers={"for_s": 10.0})])
    s.during(5, standing)
    s.t += 60
    s.during(2, standing)
    assert s.story() == []


def test_pending_time_is_forgotten_after_ten_minutes(street, rule, standing):
    s = street([rule("presence", numbers={"for_s": 10.0})])
    s.during(8, standing).empty(610, "offline").during(8, standing)
    assert s.story() == []


def test_forgetting_counts_watched_time(street, rule, obj):
    s = street([rule("stopped", classes=["car"], numbers={"for_s": 5.0})])
    s.during(10, lambda _: [obj(1, 0.5, 0.7, cls="car")])
    s.empty(300, "offline")
    s.during(10, lambda _: [obj(2, 0.5, 0.7, cls="car")])  # another id, the same car
    assert s.kinds() == ["OPEN"]


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_durations_do_not_depend_on_the_sampling_rate(street, rule, standing, fps):
    s = street([rule("presence", numbers={"for_s": 30.0})], fps=fps)
    s.during(40, standing)
    assert s.story() == [("OPEN", 30.0, None)]


def test_a_stretch_in_which_nothing_came_from_any_camera_ends_nothing(street, rule, obj):
    s = street([rule("stopped", classes=["car"], numbers={"for_s": 10.0})])
    parked = [obj(1, 0.5, 0.7, 0.2, "car")]
    s.during(60, lambda _: parked)
    late = s.record()["captured_at"] + 660_000
    for k in range(5 * 700):  # all of it was only late, and comes at once
        s.take(s.record(parked), appended_at=max(late + k, s.record()["captured_at"]))
        s.t = round(s.t + 0.2, 6)
    assert s.kinds() == ["OPEN"]


def test_a_camera_that_nobody_hears_of_for_a_day_was_offline(street, rule, obj):
    s = street([rule("presence")])
    s.during(5, lambda _: [obj(1, 0.5, 0.7)])
    s.hear("cam-2", 25 * 3600)
    assert s.story()[-1] == ("CLOSE", 4.8, "camera_offline")
    assert list(s.core._cameras) == []
