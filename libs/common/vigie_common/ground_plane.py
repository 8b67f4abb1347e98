"""The ground seen by a camera: the homography from its image to metres and to WGS 84, and how far to trust it.

Estimated from points that are known both in the image and on the map, by the normalised direct linear transform
(Hartley & Zisserman, Multiple View Geometry, 2nd edition, algorithm 4.2). Its algebraic error is the metres on the
ground times the depth w (section 4.2.4), so that a far point, where a pixel is metres wide, counts for less than a near
one. Weighing the points by what 2 pixels and 0.3 m are worth at each was measured on simulated cameras with that noise:
8 to 20 points, no place better or worse by more than a quarter, near ones a little better, far ones a little worse; so
it was left out. NumPy alone: OpenCV's import (18 MB, up to a second) would fall on every worker that judges rules.

The ground is taken for a plane: a hill, stairs or a bridge are out of its reach. Lens distortion is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, hypot, radians, sin, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple, overload

import numpy as np

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST: Final = 4
"""Points that a homography needs: each gives two of its eight numbers."""

_WIDEST_M: Final = 2_000.0
"""Between two points: more is a typing error, no camera sees that much of one plane."""
_FLATTEST: Final = 0.01
"""Breadth ÷ length of a set of points below which they are one line."""
_SAME_IMAGE: Final = 1e-3
_SAME_GROUND_M: Final = 0.05
_DIGITS: Final = 7
"""Decimals that are kept of a matrix (a millimetre at 100 m): linear algebra and the sine differ in their last bits
from one processor to the next, and no verdict of a rule in metres may."""

_EQUATOR_M: Final = 6_378_137.0
_ECCENTRICITY_2: Final = 6.694_379_990_14e-3
"""Squared. Both of WGS 84 (NIMA TR8350.2, table 3.3)."""


class ControlPoint(NamedTuple):
    """A point of the ground seen in the image: `ControlPoint(**point)` of a Camera record's `calibration`."""

    x: float
    """Share of the width."""
    y: float
    """Share of the height."""
    lat: float
    lon: float


class CalibrationError(BadInputError):
    """No ground plane follows from the points; `point` is the one to look at first, None: all of them."""

    def __init__(self, message: str, point: int | None = None) -> None:
        super().__init__(message)
        self.point = point


@dataclass(frozen=True, slots=True)
class GroundPlane:
    """Image (0..1 of width and height) → metres east and north of `origin`."""

    matrix: Array
    """(3, 3): (x, y, 1) to (east · w, north · w, w); w > 0 in front of the horizon."""
    origin: tuple[float, float]
    """Latitude and longitude of the local frame: the middle of the points."""
    residuals_m: tuple[float, ...]
    """Of each point: from where it is to where the homography puts it. All 0 with four points, whatever they are."""

    @property
    def rms_m(self) -> float:
        """Root mean square of the residuals."""
        return sqrt(sum(r * r for r in self.residuals_m) / len(self.residuals_m))

    @overload
    def metres(self, x: float, y: float) -> tuple[float, float]: ...
    @overload
    def metres(self, x: Array, y: Array) -> tuple[Array, Array]: ...
    def metres(self, x: float | Array, y: float | Array) -> tuple[float, float] | tuple[Array, Array]:
        """East and north of the origin, metres; NaN on the horizon and above it. Numbers, or arrays of one shape."""
        (a, b, c), (d, e, f), (g, h, i) = self.matrix.tolist()
        w = g * x + h * y + i
        if isinstance(w, np.ndarray):
            w = np.where(w > 0, w, np.nan)
        elif w <= 0:
            return np.nan, np.nan
        return (a * x + b * y + c) / w, (d * x + e * y + f) / w

    @overload
    def position(self, x: float, y: float) -> tuple[float, float]: ...
    @overload
    def position(self, x: Array, y: Array) -> tuple[Array, Array]: ...
    def position(self, x: float | Array, y: float | Array) -> tuple[float, float] | tuple[Array, Array]:
        """Latitude and longitude, WGS 84; NaN on the horizon and above it."""
        east, north = self.metres(x, y)  # type: ignore[arg-type]  # both overloads at once
        per_lat, per_lon = degree_m(self.origin[0])
        return self.origin[0] + north / per_lat, self.origin[1] + east / per_lon

    def image(self, east: float, north: float) -> tuple[float, float]:
        """Where a point of the ground is in the image, shares (outside 0..1: not seen); NaN behind the camera."""
        x, y, w = np.linalg.solve(self.matrix, (east, north, 1.0))
        return (float(x / w), float(y / w)) if w > 0 else (np.nan, np.nan)

    def local(self, lat: float, lon: float) -> tuple[float, float]:
        """East and north of the origin of a place on the map, metres."""
        per_lat, per_lon = degree_m(self.origin[0])
        return (lon - self.origin[1]) * per_lon, (lat - self.origin[0]) * per_lat

    def metres_per_pixel(self, x: float, y: float, size: tuple[int, int] = (960, 540)) -> float:
        """Length on the ground of one pixel in its worst direction, in an image of `size`; NaN beyond the horizon."""
        (p, q, _), (r, s, _), (g, h, i) = self.matrix.tolist()  # plain numbers: this is asked for every event
        w = g * x + h * y + i
        if w <= 0:
            return np.nan
        east, north = self.metres(x, y)
        # the Jacobian: metres east and north a pixel of the width and of the height
        a, b = (p - east * g) / w / size[0], (q - east * h) / w / size[1]
        c, d = (r - north * g) / w / size[0], (s - north * h) / w / size[1]
        # the larger singular value of two by two, in closed form
        half, gap = (a * a + b * b + c * c + d * d) / 2, hypot((a * a + b * b - c * c - d * d) / 2, a * c + b * d)
        return sqrt(half + gap)

    def accuracy_m(self, x: float, y: float, pixel_error: float = 1.0, size: tuple[int, int] = (960, 540)) -> float:
        """Radius in which a point of the image is on the ground, metres; NaN beyond the horizon.

        An error of `pixel_error` pixels of an image of `size`, and the error of the calibration (`rms_m`: nothing
        with four points, which is not known to be right), as independent errors add.
        """
        return hypot(pixel_error * self.metres_per_pixel(x, y, size), self.rms_m)


@cache
def degree_m(lat: float) -> tuple[float, float]:
    """Metres of a degree of latitude and of a degree of longitude at a latitude, on the WGS 84 ellipsoid.

    On the plane that touches there; over 1 km it is wrong by less than 0.2 m at 45° (the meridians close in).
    """
    s2 = _ECCENTRICITY_2 * sin(radians(lat)) ** 2
    normal = _EQUATOR_M / sqrt(1 - s2)
    meridian = normal * (1 - _ECCENTRICITY_2) / (1 - s2)
    return round(radians(meridian), _DIGITS), round(radians(normal * cos(radians(lat))), _DIGITS)


def ground_plane(points: Sequence[ControlPoint]) -> GroundPlane:
    """The homography from the image to the ground.

    Args:
        points: four or more, no three of four on one line, all in front of the horizon.

    Raises:
        CalibrationError: no ground plane follows from them; why, and which point.
    """
    if len(points) < FEWEST:
        raise CalibrationError(f"four points or more are needed: {len(points)} given")
    given = np.array(points, float)
    origin = (float(given[:, 2].mean()), float(given[:, 3].mean()))
    per_lat, per_lon = degree_m(origin[0])
    image = given[:, :2]
    ground = np.column_stack([(given[:, 3] - origin[1]) * per_lon, (given[:, 2] - origin[0]) * per_lat])
    _refuse_equal(image, ground)
    _refuse_far(ground)
    for plane, name in ((image, "in the image"), (ground, "on the ground")):
        _refuse_flat(plane, name)
    matrix = _homography(image, ground)
    depth = image @ matrix[2, :2] + matrix[2, 2]
    front = depth > 0
    if front.any() and not front.all():
        behind = front if front.sum() < len(front) / 2 else ~front
        raise CalibrationError(
            "the horizon would run between the points: two of them are exchanged, or one is wrong", int(behind.argmax())
        )
    matrix = np.round(matrix if front.all() else -matrix, _DIGITS)
    if np.linalg.det(matrix) > 0:
        raise CalibrationError(
            "the ground would be seen from below, as in a mirror: lat and lon are exchanged, or points are"
        )
    east, north = GroundPlane(matrix, origin, ()).metres(image[:, 0], image[:, 1])
    residuals = np.hypot(east - ground[:, 0], north - ground[:, 1])
    return GroundPlane(matrix, origin, tuple(float(r) for r in residuals))


def leave_one_out_m(points: Sequence[ControlPoint]) -> tuple[float, ...]:
    """Of each point: how far from its place the others alone put it, metres; () with fewer than five points.

    This is what an error costs a place that is no calibration point. NaN: without that point there is no plane, or
    it would be beyond the horizon.
    """
    if len(points) <= FEWEST:
        return ()
    errors = []
    for i, point in enumerate(points):
        try:
            plane = ground_plane([*points[:i], *points[i + 1 :]])
        except CalibrationError:
            errors.append(np.nan)
            continue
        east, north = plane.metres(point.x, point.y)
        there = plane.local(point.lat, point.lon)
        errors.append(hypot(east - there[0], north - there[1]))
    return tuple(errors)


def doubtful_point(points: Sequence[ControlPoint]) -> tuple[int, float] | None:
    """The point to look at first: without it the others agree best; and to how many metres (root mean square).

    None with fewer than six points: whichever is left out of five, the other four agree.
    """
    if len(points) <= FEWEST + 1:
        return None
    agree = []
    for i in range(len(points)):
        try:
            agree.append((ground_plane([*points[:i], *points[i + 1 :]]).rms_m, i))
        except CalibrationError:
            continue
    rms_m, point = min(agree)
    return point, rms_m


def _homography(image: Array, ground: Array) -> Array:
    """(3, 3) image to ground, of any sign."""
    to_image, to_ground = _normalisation(image), _normalisation(ground)
    p = _homogeneous(image) @ to_image.T
    g = _homogeneous(ground) @ to_ground.T
    zero = np.zeros_like(p)
    rows = np.stack(
        [np.hstack([p, zero, -g[:, :1] * p]), np.hstack([zero, p, -g[:, 1:2] * p])], axis=1
    )  # (n, 2, 9), equation 4.3
    h = np.linalg.svd(rows.reshape(-1, 9), full_matrices=len(p) == FEWEST)[2][-1]
    matrix: Array = np.linalg.inv(to_ground) @ h.reshape(3, 3) @ to_image
    return matrix / np.linalg.norm(matrix[2])


def _normalisation(plane: Array) -> Array:
    """(3, 3): the centroid to the origin and the mean distance from it to √2 (section 4.4.4)."""
    centre = plane.mean(axis=0)
    scale = sqrt(2) / np.linalg.norm(plane - centre, axis=1).mean()
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1.0]])


def _homogeneous(plane: Array) -> Array:
    return np.column_stack([plane, np.ones(len(plane))])


def _refuse_equal(image: Array, ground: Array) -> None:
    planes = ((image, _SAME_IMAGE, "in the image"), (ground, _SAME_GROUND_M, "on the ground"))
    for j in range(len(image)):
        for i in range(j):
            for plane, least, where in planes:
                if np.linalg.norm(plane[i] - plane[j]) < least:
                    raise CalibrationError(
                        f"points {i + 1} and {j + 1} are in one place {where}: remove one, or correct it", j
                    )


def _refuse_far(ground: Array) -> None:
    middle = np.median(ground, axis=0)
    far = int(np.linalg.norm(ground - middle, axis=1).argmax())
    spread = np.linalg.norm(ground - ground[far], axis=1).max()
    if spread > _WIDEST_M:
        raise CalibrationError(
            f"point {far + 1} is {spread / 1000:.1f} km from another: at most {_WIDEST_M / 1000:g} km; "
            "correct its lat or lon",
            far,
        )


def _refuse_flat(plane: Array, where: str) -> None:
    """Refuse points of which all, or all but one, are on one line: exactly those that fix no homography."""
    if _flatness(plane) < _FLATTEST:
        raise CalibrationError(f"all points are on one line {where}: spread them over the area")
    for i in range(len(plane)):
        if _flatness(np.delete(plane, i, axis=0)) < _FLATTEST:
            others = [str(j + 1) for j in range(len(plane)) if j != i]
            raise CalibrationError(
                f"points {', '.join(others)} are on one line {where}: at least two must be off it, "
                "move one or add another",
                int(others[0]) - 1,
            )


def _flatness(plane: Array) -> float:
    """Breadth ÷ length of a set of points: 0 on one line, 1 in a circle."""
    singular = np.linalg.svd(plane - plane.mean(axis=0), compute_uv=False)
    return float(singular[1] / singular[0]) if singular[0] > 0 else 0.0
