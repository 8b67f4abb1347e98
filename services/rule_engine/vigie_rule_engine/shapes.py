"""The zones, lines and ground of a camera that rules name: looked up, checked, measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, isfinite
from typing import TYPE_CHECKING

from vigie_common.errors import BadInputError
from vigie_common.ground_plane import CalibrationError, ControlPoint, GroundPlane, ground_plane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_common.records import Camera, Line, Polygon, ScopeKind


@dataclass(frozen=True, slots=True)
class Shape:
    """A zone or line that a rule is about."""

    kind: ScopeKind
    name: str
    """Empty: the whole image."""
    x: tuple[float, ...]
    """Of the corners, 0..1; so is `y`."""
    y: tuple[float, ...]
    labels: Mapping[int, str]
    """What the camera file calls each way over the line: 1 in, -1 out."""


def zone_of(name: str, camera: Camera, kind: ScopeKind) -> Shape:
    """A zone of a camera.

    Raises:
        BadInputError: the camera has none of this name, or it is no polygon within the image.
    """
    zones: Mapping[str, Polygon] = {zone["name"]: zone for zone in camera["zones"]}
    if name not in zones:
        raise BadInputError(_unknown("zone", name, camera["camera_id"], list(zones)))
    zone = zones[name]
    if len(zone["x"]) < 3 or len(zone["x"]) != len(zone["y"]):
        raise BadInputError(
            f"zone {name!r} of camera {camera['camera_id']} has {len(zone['x'])} x and {len(zone['y'])} y: "
            "a polygon has three corners or more"
        )
    _within("zone", name, camera, [*zone["x"], *zone["y"]])
    return Shape(kind, name, tuple(zone["x"]), tuple(zone["y"]), {})


def line_of(name: str, camera: Camera) -> Shape:
    """A line of a camera.

    Raises:
        BadInputError: the camera has none of this name, or it has no length or leaves the image.
    """
    lines: Mapping[str, Line] = {line["name"]: line for line in camera["lines"]}
    if name not in lines:
        raise BadInputError(_unknown("line", name, camera["camera_id"], list(lines)))
    line = lines[name]
    _within("line", name, camera, [line["x1"], line["y1"], line["x2"], line["y2"]])
    if (line["x1"], line["y1"]) == (line["x2"], line["y2"]):
        raise BadInputError(
            f"line {name!r} of camera {camera['camera_id']} has no length: give it two different points"
        )
    return Shape(
        "line",
        name,
        (line["x1"], line["x2"]),
        (line["y1"], line["y2"]),
        {1: line["in_label"], -1: line["out_label"]},
    )


def _unknown(what: str, name: str, camera_id: str, known: Sequence[str]) -> str:
    there = f"it has {', '.join(sorted(known))}" if known else f"it has no {what}"
    fix = "add it to the camera file, if it is not there, and apply that (vigie cameras apply), or correct the name"
    return f"{what} {name!r} is not in camera {camera_id} ({there}): {fix}"


def _within(what: str, name: str, camera: Camera, shares: Sequence[float]) -> None:
    """Refuse a shape that lies outside its image, or nowhere."""
    outside = next((share for share in shares if not 0.0 <= share <= 1.0), None)
    if outside is not None:
        raise BadInputError(
            f"{what} {name!r} of camera {camera['camera_id']} has the coordinate {outside:g}, outside 0..1: "
            "divide pixels by the image's width (x) or height (y)"
        )


def direction_of(line: Shape, plane: GroundPlane | None) -> tuple[float, float]:
    """Where a line points, length 1: on the ground (m), or in the image's own shares (the layers scale them).

    Raises:
        BadInputError: it reaches above the horizon.
    """
    ends = list(zip(line.x, line.y, strict=True))
    if plane is not None:
        ends = [plane.metres(x, y) for x, y in ends]
    dx, dy = ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]
    if not isfinite(dx + dy):
        raise BadInputError(f"line {line.name!r} reaches above the horizon of the calibration: draw it on the ground")
    return dx / hypot(dx, dy), dy / hypot(dx, dy)


def area_of(shape: Shape, plane: GroundPlane, camera_id: str) -> float:
    """Of a zone on the ground, m².

    Raises:
        BadInputError: it reaches above the horizon, or has none.
    """
    corners = [plane.metres(x, y) for x, y in zip(shape.x, shape.y, strict=True)]
    area = 0.5 * abs(
        sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True))
    )
    if not isfinite(area) or area <= 0.0:
        raise BadInputError(
            f"zone {shape.name!r} of camera {camera_id} reaches above the horizon of the calibration: draw it on the "
            "ground"
        )
    return area


class Ground:
    """The camera's homography, estimated when something first asks for it."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._plane: GroundPlane | None = None

    def known(self) -> GroundPlane | None:
        """It, or None for a camera without a calibration that can be used."""
        try:
            return self.needed("") if self._camera["calibration"] else None
        except BadInputError:
            return None

    def needed(self, why: str) -> GroundPlane:
        """It.

        Raises:
            BadInputError: the camera has no calibration, or none that can be used.
        """
        if self._plane is None and self._camera["calibration"]:
            points = [ControlPoint(p["x"], p["y"], p["lat"], p["lon"]) for p in self._camera["calibration"]]
            try:
                self._plane = _plane(tuple(points))
            except CalibrationError as error:
                raise BadInputError(f"{why}: calibration of camera {self._camera['camera_id']}: {error}") from error
        if self._plane is None:
            raise BadInputError(f"{why}: give camera {self._camera['camera_id']} four calibration points or more")
        return self._plane


@lru_cache(maxsize=1024)
def _plane(points: tuple[ControlPoint, ...]) -> GroundPlane:
    return ground_plane(points)
