"""What the script says happens, on the ground, when it says so; and the events say it too."""

from __future__ import annotations

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_scene.bodies import BODIES
from vigie_scene.events import true_events
from vigie_scene.film import film
from vigie_scene.library import VARIANTS, library_scene, scene_names, template_scenes
from vigie_scene.street import TOWN_STREET, inside, rectangle
from vigie_scene.world import build


def path(made, name):
    """(n, 2) times and MOTION rows of one entity, ten times a second."""
    world = build(made)
    times = np.arange(round(made.duration_s * 10) + 1) / 10
    motion = world.run(times)
    rows = motion.who == [e.name for e in world.entities].index(name)
    return np.repeat(times, np.diff(motion.starts))[rows], motion.how[rows]


def of_kind(made, kind):
    return [event for event in true_events(made) if event.kind == kind]


def test_who_falls_is_upright_before_and_lies_after(scene):
    made = scene([{"actor": "fall", "name": "carl", "points": [[-8, 4], [0, 4]], "at_s": 20, "lies_s": 15}])
    times, how = path(made, "carl")
    assert how["lean"][times <= 20].max() == 0
    assert how["lean"][(times >= 20.9) & (times <= 35.7)].min() == pytest.approx(np.pi / 2)
    assert how["lean"][times > 37.9].max() == 0
    assert how["speed"][(times > 21) & (times < 35)].max() < 0.1
    (fall,) = of_kind(made, "fall")
    assert (fall.start_s, fall.end_s) == (20, pytest.approx(35.8))


def test_who_crouches_never_lies(scene):
    made = scene([{"actor": "fall", "name": "c", "points": [[-8, 4], [0, 4]], "at_s": 20, "crouches": True}])
    times, how = path(made, "c")
    assert how["lean"].max() == 0
    assert how["upright"][times > 21].max() == pytest.approx(0.5)


def test_a_parked_van_stands_in_its_place_from_when_to_when_it_says(scene):
    actor = {"actor": "parking", "name": "van", "kind": "van", "at": [6, -4.6], "from_s": 20, "to_s": 50}
    made = scene([actor], layout="town-street", duration_s=70)
    times, how = path(made, "van")
    parked = (times >= 20) & (times <= 50)
    assert how["x"][parked] == pytest.approx(6, abs=0.01)
    assert how["y"][parked] == pytest.approx(-4.6, abs=0.01)
    assert how["speed"][times < 15].min() > 2
    assert how["speed"][times > 55].min() > 2
    (stop,) = of_kind(made, "stop")
    assert (stop.start_s, stop.end_s) == (pytest.approx(20, abs=1.0), pytest.approx(50, abs=1.0))
    assert (stop.place, stop.object_class) == ("bay", "van")


def test_a_vehicle_parked_from_the_start_is_there_in_the_first_frame(scene):
    made = scene([{"actor": "parking", "name": "car", "at": [6, -4.6], "from_s": 0}], layout="town-street")
    times, how = path(made, "car")
    assert times[0] == 0
    assert how["speed"].max() == 0


def test_who_reverses_into_the_bay_faces_forwards_all_the_time(scene):
    actor = {"actor": "parking", "name": "car", "at": [5, -4.6], "from_s": 25, "backwards_m": 6}
    _, how = path(scene([actor], layout="town-street"), "car")
    assert how["heading"] == pytest.approx(0)
    assert how["x"].max() > 10.5
    assert how["x"][-1] == pytest.approx(5)


def test_a_group_forms_stays_and_parts(scene):
    actor = {"actor": "group", "name": "g", "at": [0, 7], "people": 7, "from_s": 25, "to_s": 60}
    made = scene([actor], duration_s=90)
    members = [path(made, f"g/{k}") for k in range(7)]
    for times, how in members:
        there = (times >= 25.5) & (times <= 60)
        assert np.hypot(how["x"][there], how["y"][there] - 7).max() < 2.2
        assert np.hypot(how["x"][times >= 78], how["y"][times >= 78] - 7).min(initial=99) > 9
    (group,) = of_kind(made, "group")
    assert (group.start_s, group.end_s, group.count) == (25, 60, 7)


def test_a_queue_moves_up_when_the_head_is_served(scene):
    actor = {"actor": "queue", "name": "q", "head": [0, 2], "tail": [0, 12], "people": 4, "served_every_s": 20}
    made = scene([actor], duration_s=60)
    times, second = path(made, "q/1")
    assert second["y"][times < 20] == pytest.approx(2.9, abs=0.3)
    assert second["y"][(times > 25) & (times < 40)] == pytest.approx(2.0, abs=0.3)
    times, head = path(made, "q/0")
    assert np.hypot(head["x"][times < 20], head["y"][times < 20] - 2).max() < 0.3
    assert times[-1] < 40


def test_a_crowd_strolls_and_then_flees(scene):
    area = rectangle(-8, -2, 8, 11)
    actor = {"actor": "flight", "name": "c", "area": area, "people": 12, "at_s": 30, "away_from": [0, 4]}
    made = scene([actor], duration_s=40)
    for k in range(12):
        times, how = path(made, f"c/{k}")
        assert np.median(how["speed"][times < 30]) < 1.3
        assert np.median(how["speed"][times > 31.5]) > 2.0
        away = np.hypot(how["x"], how["y"] - 4)
        assert away[-1] > away[np.searchsorted(times, 31)]


def test_a_bag_is_left_and_fetched(scene):
    actor = {"actor": "bag", "name": "o", "points": [[-12, 2], [0, 2]], "at_s": 15, "returns_s": 50}
    made = scene([actor], duration_s=80)
    times, bag = path(made, "o/bag")
    assert (times[0], times[-1]) == (15, 50)
    assert np.hypot(np.diff(bag["x"]), np.diff(bag["y"])).max() == 0
    times, owner = path(made, "o")
    away = np.hypot(owner["x"], owner["y"] - 2)
    assert away[np.abs(times - 15) < 0.2].max() < 0.5
    assert away[np.abs(times - 30) < 2].min() > 3
    assert away[np.abs(times - 50.3) < 0.2].max() < 0.6
    (left,) = of_kind(made, "bag_left")
    assert (left.start_s, left.end_s) == (18, 50)


def test_a_loiterer_stays_in_the_area_from_when_to_when_it_says(scene):
    area = rectangle(-3, 1, 3, 6)
    actor = {"actor": "loiterer", "name": "l", "area": area, "from_s": 15, "to_s": 80, "comes_from": [-12, 8]}
    made = scene([actor], duration_s=110)
    times, how = path(made, "l")
    points = np.column_stack([how["x"], how["y"]])
    stays = (times >= 15.2) & (times <= 80)
    assert inside(rectangle(-3.3, 0.7, 3.3, 6.3), points[stays]).all()
    assert not inside(area, points[(times < 10) | (times > 95)]).any()


def test_a_line_is_crossed_in_and_out(scene):
    """The gate runs east; north of it lies its left: going south is in."""
    actors = [
        {"actor": "route", "name": "south", "at_s": 2, "points": [[1, 9], [1, 0]], "speed_mps": 1.0},
        {"actor": "route", "name": "north", "at_s": 2, "points": [[-1, 0], [-1, 9]], "speed_mps": 1.0},
        {"actor": "route", "name": "turns", "at_s": 2, "points": [[3, 0], [3, 3.5], [3, 0]], "speed_mps": 1.0},
    ]
    crossed = {e.actors[0]: (e.direction, e.start_s, e.place) for e in of_kind(scene(actors), "crossing")}
    assert crossed == {
        "south": ("in", pytest.approx(7, abs=0.3), "gate"),
        "north": ("out", pytest.approx(6, abs=0.3), "gate"),
    }


def test_drivers_stop_at_red_and_go_on(scene):
    street = TOWN_STREET.model_dump() | {"signals": [{"lane": "east", "at_m": 80, "red": [[15, 45]]}]}
    actors = [{"actor": "driver", "name": f"d{k}", "lane": "east", "at_s": 8 + 3 * k} for k in range(3)]
    made = scene(actors, street=street, duration_s=80)
    stops = of_kind(made, "stop")
    assert [stop.actors for stop in stops] == [("d0",), ("d1",), ("d2",)]
    for stop in stops:
        assert stop.x_m < 10.0
        assert 44 < stop.end_s < 56
    _, how = path(made, "d0")
    assert how["x"].max() > 40


def test_drivers_never_run_into_each_other(scene):
    street = TOWN_STREET.model_dump() | {"signals": [{"lane": "east", "at_m": 118, "red": [[30, 90]]}]}
    made = scene([{"actor": "traffic", "name": "t", "lane": "east", "per_minute": 20}], street=street, duration_s=150)
    world = build(made)
    motion = world.run(np.arange(1500) / 10)
    for k in range(1500):
        rows = slice(motion.starts[k], motion.starts[k + 1])
        who, x = motion.who[rows], motion.how["x"][rows]
        drives = world.table["mode"][who] == 2
        order = np.argsort(x[drives])
        half = world.table["length"][who][drives][order] / 2
        assert (np.diff(x[drives][order]) - half[1:] - half[:-1]).min(initial=1) > 0


def test_a_driver_waits_for_who_stands_in_the_road(scene):
    actors = [
        {"actor": "standing", "name": "stands", "at": [5, -1.75], "to_s": 40},
        {"actor": "driver", "name": "waits", "lane": "east"},
    ]
    made = scene(actors, layout="town-street", duration_s=80)
    (stop,) = of_kind(made, "stop")
    assert stop.actors == ("waits",)
    assert 0 < stop.x_m < 4
    assert 39 < stop.end_s < 44


def test_walkers_do_not_walk_through_each_other(scene):
    actors = [
        {"actor": "walker", "name": "anna", "points": [[-10, 5], [10, 5]]},
        {"actor": "walker", "name": "bob", "points": [[10, 5], [-10, 5]]},
    ]
    made = scene(actors, duration_s=25)
    (ta, a), (tb, b) = path(made, "anna"), path(made, "bob")
    n = min(len(ta), len(tb))
    assert np.hypot(a["x"][:n] - b["x"][:n], a["y"][:n] - b["y"][:n]).min() > BODIES[ObjectClass.person].length


def test_a_rider_stays_on_the_bicycle(scene):
    made = scene([{"actor": "driver", "name": "b", "kind": "bicycle", "lane": "east"}], layout="town-street")
    (t1, bicycle), (t2, rider) = path(made, "b"), path(made, "b/rider")
    assert np.array_equal(t1, t2)
    assert np.array_equal(bicycle["x"], rider["x"])


def test_street_furniture_is_no_object_but_is_detected(scene):
    take = film(scene([{"actor": "false_object", "name": "post", "at": [0, 4]}], detector={"flicker": 0}))
    assert len(take.truth.entity) == 0
    assert len(take.detections.score) >= 0.98 * len(take.times_ms)
    assert set(take.detections.entity) == {-1}


@pytest.mark.parametrize("name", scene_names())
def test_every_scene_of_the_library_can_be_filmed(name):
    take = film(library_scene(name))
    assert len(take.detections.starts) == len(take.times_ms) + 1
    assert len(take.detections.score) > 0


def test_every_template_has_its_three_scenes():
    assert len(template_scenes()) == 16 * len(VARIANTS)


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("stopped-happens", "stop", 1),
        ("person-down-happens", "fall", 1),
        ("person-down-nearly", "fall", 0),
        ("gathering-happens", "group", 1),
        ("abandoned-object-happens", "bag_left", 1),
        ("wrong-way-happens", "wrong_way", 1),
        ("wrong-way-look-alike", "wrong_way", 0),
        ("count-line-look-alike", "crossing", 0),
        ("line-cross-nearly", "crossing", 0),
        ("presence-look-alike", "visit", 0),
    ],
)
def test_the_library_s_events_are_what_its_names_say(name, kind, count):
    assert len(of_kind(library_scene(name), kind)) == count
