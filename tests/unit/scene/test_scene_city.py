"""The simulated city: every behaviour and its look-alikes, hours that differ, cameras that stay themselves."""

from __future__ import annotations

import pytest

from vigie_scene.city import HOUR_S, SQUARE_BEHAVIOURS, STREET_BEHAVIOURS, camera_hour
from vigie_scene.events import true_events


def signposts(camera, hour):
    return [actor for actor in camera_hour(camera, hour).actors if actor.name == "signpost"]


def test_a_camera_keeps_its_street_furniture_all_day():
    for camera in range(6):
        assert signposts(camera, 3) == signposts(camera, 15)
    assert 0 < sum(len(signposts(camera, 3)) for camera in range(20)) < 20


def test_hours_differ_and_come_again():
    assert camera_hour(2, 8) == camera_hour(2, 8)
    assert camera_hour(2, 8).actors != camera_hour(2, 9).actors
    assert camera_hour(2, 8).detector == camera_hour(2, 9).detector
    assert camera_hour(2, 8, seed=2).actors != camera_hour(2, 8).actors


@pytest.mark.parametrize(("first", "behaviours"), [(0, SQUARE_BEHAVIOURS), (1, STREET_BEHAVIOURS)])
def test_a_day_holds_every_behaviour(first, behaviours):
    names = {actor.name.rsplit("-", 1)[0] for hour in range(24) for actor in camera_hour(first, hour).actors}
    assert set(behaviours) - names == set()


def test_stretches_without_any_are_part_of_it():
    scripted = [sum(a.name.rsplit("-", 1)[0] in SQUARE_BEHAVIOURS for a in camera_hour(0, h).actors) for h in range(24)]
    assert min(scripted) < 12
    assert 24 * 12 * 0.6 < sum(scripted) < 24 * 12 * 0.9


def test_the_truth_of_an_hour_lies_within_it():
    events = true_events(camera_hour(1, 12))
    assert {"visit", "crossing", "stop"} <= {event.kind for event in events}
    assert all(0 <= event.start_s <= event.end_s <= HOUR_S for event in events)
