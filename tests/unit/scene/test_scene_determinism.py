"""The same seed gives the same bytes, in every process; an actor's part does not depend on the others."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from vigie_scene.events import true_events
from vigie_scene.film import film
from vigie_scene.library import crowd_scene, library_scene
from vigie_scene.load import records

PROGRAM = """
import hashlib, sys
from vigie_scene.film import film
from vigie_scene.library import library_scene
take = film(library_scene("congestion-happens"))
digest = hashlib.sha256(take.times_ms.tobytes())
for part in (take.truth, take.detections):
    for name in part.__slots__:
        digest.update(getattr(part, name).tobytes())
sys.stdout.write(digest.hexdigest())
"""


def digest(take):
    found = hashlib.sha256(take.times_ms.tobytes())
    for part in (take.truth, take.detections):
        for name in part.__slots__:
            found.update(getattr(part, name).tobytes())
    return found.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    ]
    here = digest(film(library_scene("congestion-happens")))
    assert said == [here, here]


def test_another_seed_gives_another_take():
    scene = library_scene("stopped-happens")
    assert digest(film(scene)) != digest(film(scene.at(seed=2)))


WALKERS = [
    {"actor": "walker", "name": "anna", "points": [[-8, 8], [8, 8]]},
    {"actor": "fall", "name": "carl", "points": [[0, 16], [0, 12]], "at_s": 8},
    {"actor": "stroller", "name": "dora", "area": [[-8, 5], [8, 5], [8, 11], [-8, 11]]},
]


def part(take, name):
    """What the detector says of one entity, and where it truly is."""
    who = [e.name for e in take.world.entities].index(name)
    truth, found = take.truth, take.detections
    rows, own = truth.entity == who, found.entity == who
    return truth.ground[rows], truth.box[rows], found.box[own], found.score[own], found.kind[own]


@pytest.mark.parametrize("name", ["anna", "carl", "dora"])
def test_adding_an_actor_far_away_changes_nothing_about_the_others(scene, name):
    """Not where they go, nor how the detector errs on them, not by a bit."""
    before = film(scene(WALKERS, duration_s=30))
    newcomer = {"actor": "walker", "name": "aaron", "points": [[-8, 25], [8, 25]]}
    after = film(scene([newcomer, *WALKERS], duration_s=30))
    for was, now in zip(part(before, name), part(after, name), strict=True):
        assert np.array_equal(was, now)


def test_a_walker_gives_way_to_a_newcomer_but_keeps_its_own_random_numbers(scene):
    alone = film(scene(WALKERS[:1], duration_s=30))
    towards = {"actor": "walker", "name": "bob", "points": [[8, 8], [-8, 8]]}
    met = film(scene([*WALKERS[:1], towards], duration_s=30))
    where = [part(take, "anna")[0] for take in (alone, met)]
    assert np.array_equal(where[0][0], where[1][0])
    assert not np.array_equal(where[0], where[1])


def test_the_world_does_not_depend_on_how_often_it_is_looked_at(scene):
    made = scene(WALKERS, duration_s=20)
    often, seldom = (film(made.at(sampling={"fps": fps})).truth for fps in (5.0, 1.0))
    seen = {(t, e): g for t, e, g in rows(often, 0.2)}
    assert all(np.array_equal(seen[t, e], g) for t, e, g in rows(seldom, 1.0))


def rows(truth, step):
    for k in range(len(truth.starts) - 1):
        for n in range(truth.starts[k], truth.starts[k + 1]):
            yield round(k * step, 1), int(truth.entity[n]), truth.ground[n]


def test_events_are_the_same_at_every_frame_rate():
    scene = library_scene("count-line-happens")
    assert true_events(scene) == true_events(scene.at(sampling={"fps": 1.0}))


def test_the_load_is_the_same_every_time_and_no_two_streets_are_alike():
    first, again = (list(records(3, 5, seconds=4.0)) for _ in range(2))
    assert first == again
    boxes = [[record["x1"] for record in first if record["camera_id"] == f"cam-{n:03d}"] for n in range(3)]
    assert boxes[0] != boxes[1] != boxes[2]
    assert [record["seq"] for record in first[:6]] == [0, 0, 0, 1, 1, 1]


def test_the_load_has_as_many_objects_as_asked_for():
    truth = film(crowd_scene(1, 10)).truth
    assert set(np.diff(truth.starts)) == {10}
