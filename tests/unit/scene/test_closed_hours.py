"""Closed areas of the simulated city: in about a third of the hours somebody goes in, others pass or stop outside."""

import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_scene.city import CLOSED, closed_hour
from vigie_scene.evaluation.ground_truth import depth_in, observe

HOURS = [(camera, hour) for camera in range(3) for hour in (0, 8, 12, 20)]


@pytest.fixture(scope="module")
def depths():
    """By camera and hour: how far each person came into the area (negative: kept outside), by name."""
    found = {}
    for camera, hour in HOURS:
        paths = observe(closed_hour(camera, hour)).paths
        people = [path for path in paths if path.kind == ObjectClass.person]
        found[camera, hour] = {path.name: float(depth_in(CLOSED, path.foot).max()) for path in people}
    return found


def enters(name):
    return name.split("/")[0].startswith("entry")


def test_somebody_goes_in_in_about_a_third_of_the_hours():
    days = [closed_hour(camera, hour) for camera in range(20) for hour in range(24)]
    entries = [[actor.name for actor in hour.actors if enters(actor.name)] for hour in days]
    assert max(len(names) for names in entries) == 1
    assert 0.30 < sum(len(names) for names in entries) / len(days) < 0.40


@pytest.mark.parametrize("stays", [False, True])
def test_who_goes_in_is_well_inside_whether_they_go_through_or_stay(stays):
    hours = (closed_hour(camera, hour) for camera in range(4) for hour in range(24))
    entered = [
        hour for hour in hours if any(enters(actor.name) and (actor.stays_s > 0) == stays for actor in hour.actors)
    ]
    assert len(entered) >= 4
    for hour in entered[:2]:
        foot = observe(hour).by_name["entry"].foot
        deep = depth_in(CLOSED, foot)
        assert deep.max() > 1.0
        assert (deep[-1] > 1.0) == stays


def test_nobody_else_does_and_who_walks_past_keeps_away_unless_somebody_is_in_the_way(depths):
    outside = [deep for people in depths.values() for name, deep in people.items() if not enters(name)]
    nearer = [sum(deep > -metres for deep in outside) / len(outside) for metres in (1.39, 0.5)]
    assert nearer[0] < 0.15
    assert nearer[1] < 0.01
    assert max(outside) < 0.5, "those who step aside for others may not be taken for somebody who goes in"


def test_every_hour_has_passers_and_somebody_who_stops_at_the_fence(depths):
    for people in depths.values():
        assert sum(name.startswith("along") for name in people) >= 10
        stops = [deep for name, deep in people.items() if name.startswith("fence")]
        assert len(stops) >= 2
        assert min(stops) > -2.1
        assert max(stops) < -1.25


def test_closed_hours_differ_and_come_again():
    assert closed_hour(1, 8) == closed_hour(1, 8)
    assert closed_hour(1, 8).actors != closed_hour(1, 9).actors
    assert closed_hour(1, 8).actors != closed_hour(2, 8).actors
    assert closed_hour(1, 8).detector == closed_hour(1, 9).detector
    assert closed_hour(1, 8, seed=2).actors != closed_hour(1, 8).actors
    assert closed_hour(1, 8).scene == "closed-01-08"
