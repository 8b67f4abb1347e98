"""When a camera's health is told: changes of its state that last, and its rate now and then."""

import pytest

from vigie_frame_sampler.health import AGAIN_MS, STALLED_MS, STEADY_MS, WINDOW_MS, HealthLog
from vigie_frame_sampler.view_watch import ViewMemory

T0 = 1_700_000_000_000
VIEW = ViewMemory()


@pytest.fixture
def told():
    """Shows a camera's frames at instants, ms from the start: `told(state, *instants)` gives the states told anew."""
    log = HealthLog("cam-1")

    def show(state, *instants, reason=None):
        changes = []
        for at in instants:
            away = state in {"offline", "stalled"}
            frame = {"captured_at": T0 + at, "session": "s", "jpeg": None if away else b"x", "reason": reason}
            health = log.note(frame, state, VIEW)
            if health is not None and health.changed:
                changes.append((health.record["state"], health.record["since"] - T0))
        return changes

    return show


def test_a_camera_is_online_with_its_first_image(told):
    assert told("online", 0, 500) == [("online", 0)]


def test_a_camera_that_was_away_is_back_after_images_for_three_seconds_and_not_before(told):
    assert told("online", 0) == [("online", 0)]
    assert told("offline", 1_000) == [("offline", 1_000)]
    assert told("online", 2_000, 2_000 + STEADY_MS - 1) == []
    assert told("online", 2_000 + STEADY_MS) == [("online", 2_000 + STEADY_MS)]


def test_a_camera_that_comes_and_goes_stays_away(told):
    assert told("offline", 0) == [("offline", 0)]
    for begun in range(1_000, 20_000, STEADY_MS):
        assert told("online", begun, begun + STEADY_MS - 200) == []
        assert told("offline", begun + STEADY_MS - 100) == []


def test_a_camera_has_stalled_when_its_last_image_is_five_seconds_old(told):
    assert told("online", 0) == [("online", 0)]
    assert told("stalled", 1_000, STALLED_MS - 1) == []
    assert told("stalled", STALLED_MS) == [("stalled", STALLED_MS)]


def test_the_rate_is_told_once_it_is_known_and_then_every_minute():
    log, told = HealthLog("cam-1"), []
    for at in range(0, 3 * AGAIN_MS, 500):
        frame = {"captured_at": T0 + at, "session": "s", "jpeg": b"x", "reason": None}
        if (health := log.note(frame, "online", VIEW)) is not None:
            told.append((at, health.changed, health.record["fps"], health.record["since"] - T0))
    assert told == [
        (0, True, 0.0, 0),
        (WINDOW_MS, False, 2.0, 0),
        (WINDOW_MS + AGAIN_MS, False, 2.0, 0),
        (WINDOW_MS + 2 * AGAIN_MS, False, 2.0, 0),
    ]


def test_what_is_told_again_keeps_its_reason_while_the_camera_is_not_back():
    log = HealthLog("cam-1")
    lost = {"captured_at": T0, "session": "s", "jpeg": None, "reason": "Connection refused"}
    back = {"captured_at": T0 + WINDOW_MS, "session": "s", "jpeg": b"x", "reason": None}
    log.note(lost, "offline", VIEW)
    again = log.note(back, "online", VIEW)
    assert (again.record["state"], again.record["reason"], again.changed) == ("offline", "Connection refused", False)


def test_a_view_that_was_learnt_is_told_at_once_and_is_no_change_of_state():
    log = HealthLog("cam-1")
    frame = {"captured_at": T0, "session": "s", "jpeg": b"x", "reason": None}
    log.note(frame, "online", VIEW)
    learnt = ViewMemory(b"\x01", 0.5, T0 + 500)
    health = log.note(frame | {"captured_at": T0 + 500}, "online", learnt)
    assert (health.changed, health.record["view"]["signature"]) == (False, b"\x01")
