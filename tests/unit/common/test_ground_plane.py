"""The ground plane of a known camera: metres, positions and errors; and every set of points that fixes none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.ground_plane import (
    CalibrationError,
    ControlPoint,
    degree_m,
    doubtful_point,
    ground_plane,
    leave_one_out_m,
)
from vigie_scene.camera import SceneCamera

CAMERA = SceneCamera(heading_deg=30.0)
NEAR_AND_FAR = [(0.1, 0.95), (0.9, 0.9), (0.85, 0.5), (0.2, 0.45), (0.5, 0.7), (0.7, 0.6)]
CAMERAS = st.builds(
    SceneCamera,
    x_m=st.floats(-50, 50),
    y_m=st.floats(-50, 50),
    height_m=st.floats(3, 30),
    heading_deg=st.floats(-360, 360),
    tilt_deg=st.floats(20, 80),
    focal_px=st.floats(700, 2000),
    lat=st.floats(-60, 60),
    lon=st.floats(-170, 170),
)


def seen(camera, shares):
    """Control points at those places of the image, as true as the projection."""
    ground = camera.ground([(x * camera.width, y * camera.height) for x, y in shares])
    per_lat, per_lon = degree_m(camera.lat)
    return [
        ControlPoint(x, y, camera.lat + north / per_lat, camera.lon + east / per_lon)
        for (x, y), (east, north) in zip(shares, ground.tolist(), strict=True)
    ]


def between(camera, first, second):
    """Metres on the ground between two places of the image."""
    a, b = camera.ground([(x * camera.width, y * camera.height) for x, y in (first, second)])
    return float(np.linalg.norm(a - b))


@given(CAMERAS, st.sampled_from([4, 5, 6]), st.floats(0, 1), st.floats(0.4, 1))
def test_a_known_camera_is_found_again(camera, number, x, y):
    plane = ground_plane(seen(camera, NEAR_AND_FAR[:number]))
    here, there = plane.metres(x, y), plane.metres(0.5, 0.9)
    distance = between(camera, (x, y), (0.5, 0.9))
    assert math.dist(here, there) == pytest.approx(distance, rel=2e-3, abs=1e-3)
    assert plane.rms_m == pytest.approx(0, abs=1e-3)


def test_what_linear_algebra_leaves_in_the_last_bits_makes_no_other_plane():
    """The order of the points shows it on one machine; processors differ by as little."""
    points = seen(CAMERA, NEAR_AND_FAR)
    planes = [ground_plane(points[k:] + points[:k]) for k in range(len(points))]
    assert len({plane.matrix.tobytes() for plane in planes}) == 1


def test_a_place_in_the_image_has_its_latitude_and_longitude():
    points = seen(CAMERA, NEAR_AND_FAR)
    lat, lon = ground_plane(points[:5]).position(points[5].x, points[5].y)
    assert (lat, lon) == (pytest.approx(points[5].lat, abs=1e-8), pytest.approx(points[5].lon, abs=1e-8))


def test_a_place_on_the_ground_has_its_place_in_the_image():
    plane = ground_plane(seen(CAMERA, NEAR_AND_FAR))
    assert plane.image(*plane.metres(0.3, 0.8)) == pytest.approx((0.3, 0.8))
    behind = 200 * np.array([-math.sin(math.radians(30)), -math.cos(math.radians(30))])
    assert plane.image(*behind) == (pytest.approx(math.nan, nan_ok=True), pytest.approx(math.nan, nan_ok=True))


def test_the_sky_is_no_place():
    plane = ground_plane(seen(CAMERA, NEAR_AND_FAR))
    assert all(map(math.isnan, (*plane.metres(0.5, 0.05), *plane.position(0.5, 0.05), plane.accuracy_m(0.5, 0.05))))


def test_many_places_at_once_are_those_places_one_by_one():
    plane = ground_plane(seen(CAMERA, NEAR_AND_FAR))
    x, y = np.array([[0.5, 0.5, 0.1], [0.6, 0.05, 0.9]])
    east, north = plane.metres(x, y)
    one_by_one = [plane.metres(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    np.testing.assert_array_equal(np.column_stack([east, north]), one_by_one)


def test_a_pixel_is_worth_more_metres_far_away():
    plane = ground_plane(seen(CAMERA, NEAR_AND_FAR))
    size = (CAMERA.width, CAMERA.height)
    assert plane.accuracy_m(0.5, 0.4, 3.0, size) == pytest.approx(3 * plane.accuracy_m(0.5, 0.4, 1.0, size), rel=1e-3)
    one_down = between(CAMERA, (0.5, 0.4), (0.5, 0.4 + 1 / CAMERA.height))
    assert plane.accuracy_m(0.5, 0.4, 1.0, size) == pytest.approx(one_down, rel=0.02)
    assert plane.accuracy_m(0.5, 0.4) > 10 * plane.accuracy_m(0.5, 0.95)


def test_the_error_of_the_calibration_is_part_of_the_accuracy():
    points = seen(CAMERA, NEAR_AND_FAR)
    points[4] = points[4]._replace(lat=points[4].lat + 3 / degree_m(CAMERA.lat)[0])
    plane = ground_plane(points)
    assert plane.rms_m > 0.3
    assert plane.accuracy_m(0.5, 0.95) > plane.rms_m


def test_the_wrong_point_is_the_one_without_which_the_others_agree():
    points = seen(CAMERA, NEAR_AND_FAR)
    assert leave_one_out_m(points) == pytest.approx((0,) * 6, abs=1e-3)
    points[4] = points[4]._replace(lat=points[4].lat + 3 / degree_m(CAMERA.lat)[0])
    assert leave_one_out_m(points)[4] == pytest.approx(3, abs=1e-3)
    assert doubtful_point(points) == (4, pytest.approx(0, abs=1e-3))
    assert doubtful_point(points[:5]) is None


def test_four_points_cannot_check_each_other():
    points = seen(CAMERA, NEAR_AND_FAR[:4])
    points[3] = points[3]._replace(lat=points[3].lat + 1e-4)
    assert ground_plane(points).residuals_m == pytest.approx((0,) * 4, abs=1e-4)
    assert leave_one_out_m(points) == ()


def test_a_point_without_which_there_is_no_plane_has_no_error_of_its_own():
    points = seen(CAMERA, [(0.1, 0.8), (0.5, 0.8), (0.9, 0.8), (0.5, 0.5), (0.6, 0.9)])
    assert [math.isnan(error) for error in leave_one_out_m(points)] == [False, False, False, True, True]


def test_points_picked_by_hand_give_places_as_good_as_they_are():
    """Sixteen points, picked to 2 pixels of 960 and 0.3 m: the road before the camera to half of that, as means are."""
    random = np.random.default_rng(7)
    exact = seen(CAMERA, [(x, y) for x in (0.1, 0.4, 0.6, 0.9) for y in (0.32, 0.5, 0.7, 0.95)])
    true = ground_plane(exact).position(0.5, 0.9)
    per_lat, per_lon = degree_m(CAMERA.lat)
    errors = []
    for _ in range(50):
        noise = random.normal(0, (2e-3, 2e-3, 0.3 / per_lat, 0.3 / per_lon), (16, 4))
        plane = ground_plane([ControlPoint(*values) for values in (np.array(exact) + noise).tolist()])
        errors.append(math.dist(plane.metres(0.5, 0.9), plane.local(*true)))
    assert np.mean(errors) < 0.17


@pytest.mark.parametrize(
    ("points", "message", "point"),
    [
        (seen(CAMERA, NEAR_AND_FAR[:3]), "four points or more are needed: 3 given", None),
        (
            seen(CAMERA, [(0.1, 0.8), (0.3, 0.8), (0.6, 0.8), (0.9, 0.8)]),
            "all points are on one line in the image: spread them over the area",
            None,
        ),
        (
            seen(CAMERA, [(0.1, 0.8), (0.5, 0.8), (0.5, 0.5), (0.9, 0.8)]),
            "points 1, 2, 4 are on one line in the image: at least two must be off it, move one or add another",
            0,
        ),
        (
            seen(CAMERA, [(0.1, 0.8), (0.5, 0.8), (0.5, 0.5), (0.5, 0.8)]),
            "points 2 and 4 are in one place in the image: remove one, or correct it",
            3,
        ),
        (
            [
                ControlPoint(*p)
                for p in ((0.1, 0.9, 43, 4), (0.9, 0.9, 43, 4.0002), (0.9, 0.4, 43, 4), (0.1, 0.4, 43.1, 4))
            ],
            "points 1 and 3 are in one place on the ground: remove one, or correct it",
            2,
        ),
        (
            [p._replace(lat=p.lat + 1) if i == 1 else p for i, p in enumerate(seen(CAMERA, NEAR_AND_FAR))],
            "point 2 is 111.1 km from another: at most 2 km; correct its lat or lon",
            1,
        ),
        (
            [p._replace(lat=p.lon, lon=p.lat) for p in seen(CAMERA, NEAR_AND_FAR)],
            "the ground would be seen from below, as in a mirror: lat and lon are exchanged, or points are",
            None,
        ),
    ],
)
def test_points_that_fix_no_ground_plane_are_refused(points, message, point):
    with pytest.raises(CalibrationError) as error:
        ground_plane(points)
    assert str(error.value) == message
    assert error.value.point == point


def test_two_points_exchanged_put_the_horizon_between_the_points():
    a, b, c, d = seen(CAMERA, NEAR_AND_FAR[:4])
    with pytest.raises(CalibrationError, match="the horizon would run between the points"):
        ground_plane([a, b, c._replace(lat=d.lat, lon=d.lon), d._replace(lat=c.lat, lon=c.lon)])


def test_a_degree_is_as_long_as_the_ellipsoid_says():
    # Snyder, Map projections: a working manual (USGS 1395), table 4, for WGS 84 within a metre
    assert degree_m(0.0) == (pytest.approx(110_574, abs=1), pytest.approx(111_320, abs=1))
    assert degree_m(45.0) == (pytest.approx(111_132, abs=1), pytest.approx(78_847, abs=1))
