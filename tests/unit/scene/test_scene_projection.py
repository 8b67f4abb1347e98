"""The camera: metres to pixels and back, boxes that stand on their foot points, who hides whom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.errors import BadInputError
from vigie_scene.camera import SceneCamera
from vigie_scene.film import film

CAMERAS = st.builds(
    SceneCamera,
    x_m=st.floats(-50, 50),
    y_m=st.floats(-50, 50),
    height_m=st.floats(2, 30),
    heading_deg=st.floats(-360, 360),
    tilt_deg=st.floats(5, 90),
    focal_px=st.floats(300, 3000),
)
SHARE = st.floats(0, 1)


@given(CAMERAS, SHARE, SHARE)
def test_a_pixel_of_the_ground_comes_back(camera, across, down):
    pixel = [across * camera.width, camera.height * (0.5 + 0.5 * down)]
    (back,) = camera.project(camera.ground([pixel]))
    assert back[:2] == pytest.approx(pixel, abs=1e-3)
    assert back[2] > 0


@given(CAMERAS, st.floats(1, 100), st.floats(-0.3, 0.3))
def test_the_homography_is_the_projection_of_the_ground(camera, ahead, aside):
    h = np.radians(camera.heading_deg)
    x = camera.x_m + ahead * (np.sin(h) + aside * np.cos(h))
    y = camera.y_m + ahead * (np.cos(h) - aside * np.sin(h))
    u, v, w = camera.homography @ [x, y, 1.0]
    seen = camera.project([(x, y)])[0]
    assert w == pytest.approx(seen[2])
    if w > 0.01:
        assert (u / w, v / w) == pytest.approx(tuple(seen[:2]), rel=1e-6, abs=1e-6)


def test_what_is_right_of_a_camera_that_looks_north_is_east():
    camera = SceneCamera(x_m=0, y_m=0, heading_deg=0)
    ahead, east, high = camera.project([(0, 20, 0), (3, 20, 0), (0, 20, 2)])
    assert ahead[0] == pytest.approx(camera.width / 2)
    assert east[0] > ahead[0]
    assert high[1] < ahead[1]


def test_a_camera_that_looks_east_sees_north_on_its_left():
    camera = SceneCamera(x_m=0, y_m=0, heading_deg=90)
    assert camera.project([(20, 3)])[0, 0] < camera.width / 2


def test_the_horizon_shows_no_ground():
    with pytest.raises(BadInputError, match="above the horizon"):
        SceneCamera(tilt_deg=10).ground([(640, 0)])


def test_metres_become_degrees():
    camera = SceneCamera(lat=43.8, lon=4.35)
    (here, north) = camera.latitude_longitude([(0, 0), (0, 1000)])
    assert tuple(here) == pytest.approx((43.8, 4.35))
    assert (north[0] - here[0]) * 111_195 == pytest.approx(1000, rel=1e-3)


@given(st.floats(-6, 6), st.floats(-2, 20))
def test_a_standing_person_s_box_stands_on_the_foot_point_and_is_as_high_as_the_person(scene, x, y):
    made = scene(
        [{"actor": "standing", "name": "one", "at": [x, y]}], duration_s=1, detector={"errors": "none"}, seed=5
    )
    take = film(made)
    lens, body = made.lens, take.world.entities[0].body
    x1, y1, x2, y2 = take.truth.box[0].astype(float)
    ground = take.truth.ground[0].astype(float)
    (foot, head) = lens.project([(*ground, 0.0), (*ground, body.height)])
    assert y2 == pytest.approx(foot[1], abs=0.01)
    assert x1 <= foot[0] - lens.focal_px * body.width / foot[2] / 2 + 0.01
    assert x2 >= foot[0] + lens.focal_px * body.width / foot[2] / 2 - 0.01
    assert y1 == pytest.approx(head[1], abs=0.01)
    assert x2 - x1 <= lens.focal_px * body.width / head[2] + abs(head[0] - foot[0]) + 0.01


def pair(scene, near, far, **fields):
    actors = [{"actor": "standing", "name": n, "at": at} for n, at in (("near", near), ("far", far))]
    take = film(scene(actors, duration_s=1, **fields))
    return {take.world.entities[e].name: h for e, h in zip(take.truth.entity[:2], take.truth.hidden[:2], strict=True)}


def test_the_nearer_hides_the_farther_and_not_the_other_way_round(scene):
    hidden = pair(scene, [0, 4], [0, 6])
    assert hidden["far"] > 0.5
    assert hidden["near"] == 0.0


def test_who_stands_apart_hides_nobody(scene):
    assert pair(scene, [-3, 4], [3, 6]) == {"near": 0.0, "far": 0.0}


def test_a_kiosk_hides_who_is_behind_it_and_is_no_object(scene):
    street = {"occluders": [{"at": [0, 5], "length_m": 3, "width_m": 3, "height_m": 4}]}
    take = film(scene([{"actor": "standing", "name": "one", "at": [0, 9]}], street=street, duration_s=2))
    assert set(take.truth.entity.tolist()) <= {i for i, e in enumerate(take.world.entities) if e.name == "one"}
    assert take.truth.hidden.min() == 1.0
    assert take.truth.visibility.max() == 0.0


def test_a_lying_person_is_wider_than_high(scene):
    poses = {"upright": 0.0, "lying": 1.2}
    for pose, least in poses.items():
        actor = {"actor": "standing", "name": "one", "at": [0, 4], "pose": pose, "heading_deg": 90}
        x1, y1, x2, y2 = film(scene([actor], duration_s=1)).truth.box[0]
        assert ((x2 - x1) / (y2 - y1) > 1.2) == (least > 0)


def test_boxes_are_cut_at_the_image_and_say_by_how_much(scene):
    take = film(scene([{"actor": "route", "name": "one", "points": [[-14, 4], [0, 4]]}], duration_s=15))
    box, cut = take.truth.box, take.truth.cut
    assert box.min() >= 0
    assert (box[:, 2] <= 1280).all()
    assert (cut[box[:, 0] > 1] == 0).all()
    assert (cut[box[:, 0] == 0] > 0).any()
