"""The simulated camera: a pinhole above the ground plane, and the homography that follows from where it stands.

World: metres, x east, y north, z up. Image: pixels, origin top left. No lens distortion.
"""

from __future__ import annotations

from functools import cached_property
from math import cos, radians, sin
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vigie_common.errors import BadInputError
from vigie_common.yaml_model import FileModel

Array = npt.NDArray[np.float64]

_EARTH_M: Final = 6_371_008.8
"""Mean radius (IUGG)."""


class SceneCamera(FileModel):
    """Where the camera stands, where it looks and what its image measures."""

    x_m: float = 0.0
    y_m: float = -16.0
    height_m: float = Field(default=6.0, gt=0, le=200)
    heading_deg: float = Field(default=0.0, description="clockwise from north")
    tilt_deg: float = Field(default=12.0, ge=-45, le=90, description="below the horizon; 90: straight down")
    focal_px: float = Field(default=1100.0, gt=0, description="focal length in pixels of this image")
    width: int = Field(default=1280, ge=16, le=7680)
    height: int = Field(default=720, ge=16, le=4320)
    lat: float = Field(default=43.8383, ge=-85, le=85, description="of the world's origin")
    lon: float = Field(default=4.3561, ge=-180, le=180, description="of the world's origin")

    @cached_property
    def matrix(self) -> Array:
        """(3, 4): homogeneous world metres to pixels; the third row gives the depth in metres."""
        h, t = radians(self.heading_deg), radians(self.tilt_deg)
        right = (cos(h), -sin(h), 0.0)
        down = (-sin(t) * sin(h), -sin(t) * cos(h), -cos(t))
        ahead = (sin(h) * cos(t), cos(h) * cos(t), -sin(t))
        rotation = np.array([right, down, ahead])
        lens = np.array([[self.focal_px, 0, self.width / 2], [0, self.focal_px, self.height / 2], [0, 0, 1.0]])
        stands = np.array([self.x_m, self.y_m, self.height_m])
        matrix: Array = lens @ np.column_stack([rotation, -rotation @ stands])
        return matrix

    @property
    def homography(self) -> Array:
        """(3, 3): ground metres (x, y, 1) to pixels, up to scale."""
        return self.matrix[:, [0, 1, 3]]

    def project(self, points: npt.ArrayLike) -> Array:
        """(n, 3) u, v in pixels and depth in metres of world points (n, 2) on the ground or (n, 3).

        Depth is not positive behind the camera; u and v mean nothing there.
        """
        given = np.atleast_2d(np.asarray(points, dtype=float))
        height = given[:, 2] if given.shape[1] == 3 else np.zeros(len(given))
        seen = np.column_stack([given[:, :2], height, np.ones(len(given))]) @ self.matrix.T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.column_stack([seen[:, 0] / seen[:, 2], seen[:, 1] / seen[:, 2], seen[:, 2]])

    def ground(self, pixels: npt.ArrayLike) -> Array:
        """(n, 2) metres on the ground of pixels (n, 2).

        Raises:
            BadInputError: a pixel on or above the horizon shows no ground.
        """
        given = np.atleast_2d(np.asarray(pixels, dtype=float))
        world = np.column_stack([given, np.ones(len(given))]) @ np.linalg.inv(self.homography).T
        points: Array = world[:, :2] / world[:, 2:]
        beyond = ~(self.project(points)[:, 2] > 0)
        if beyond.any():
            u, v = given[beyond.argmax()]
            raise BadInputError(f"pixel ({u:g}, {v:g}) lies on or above the horizon: no ground is seen there")
        return points

    def latitude_longitude(self, points: npt.ArrayLike) -> Array:
        """(n, 2) degrees WGS 84 of ground points (n, 2), metres.

        On a plane that touches at the origin: good to a street.
        """
        given = np.atleast_2d(np.asarray(points, dtype=float))
        north = self.lat + np.degrees(given[:, 1] / _EARTH_M)
        east = self.lon + np.degrees(given[:, 0] / (_EARTH_M * cos(radians(self.lat))))
        return np.column_stack([north, east])
