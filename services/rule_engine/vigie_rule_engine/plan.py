"""Zones, lines and ground of a camera as arrays: the plan that the compiled layers judge by, in picture heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_rule_engine.layers.places import GATE, REGION, contains_each
from vigie_rule_engine.layers.state import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from vigie_common.ground_plane import GroundPlane

SPOTS: Final = (16, 10)
"""Columns and rows of the grid over a zone whose occupancy is measured."""

_WHOLE_X, _WHOLE_Y = (0.0, 1.0, 1.0, 0.0), (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class RegionSource:
    """A zone as rules use it; no corners: the whole image."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    margin: float
    measured: bool = False
    """A rule measures its occupancy."""


@dataclass(frozen=True, slots=True)
class GateSource:
    """A line as rules use it."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    band: float
    depth: float
    confirm_ms: int


def plan_of(
    regions: Sequence[RegionSource], gates: Sequence[GateSource], ground: GroundPlane | None, aspect: float
) -> Plan:
    """The plan for frames of this width ÷ height."""
    corners = [len(region.x) for region in regions]
    found = np.zeros(len(regions), REGION)
    found["corners"] = corners
    found["first"] = np.cumsum([0, *corners])[: len(corners)]
    found["margin"] = [region.margin for region in regions]
    corner_x = np.array([x * aspect for region in regions for x in region.x], np.float64)
    corner_y = np.array([y for region in regions for y in region.y], np.float64)
    spots_x: list[npt.NDArray[np.float64]] = [np.zeros(0)]
    spots_y: list[npt.NDArray[np.float64]] = [np.zeros(0)]
    for entry, region in zip(found, regions, strict=True):
        entry["first_spot"] = sum(map(len, spots_x))
        if region.measured:
            x, y = _spots(region, aspect)
            spots_x.append(x)
            spots_y.append(y)
            entry["spots"] = len(x)
    lines = np.zeros(len(gates), GATE)
    for gate, source in zip(lines, gates, strict=True):
        gate["ax"], gate["bx"] = (x * aspect for x in source.x)
        gate["ay"], gate["by"] = source.y
        gate["band"], gate["depth"], gate["confirm"] = source.band, source.depth, source.confirm_ms
    plane = np.zeros(0)
    if ground is not None:
        plane = ground.matrix.flatten()
        plane[::3] /= aspect
    return Plan(found, lines, corner_x, corner_y, np.concatenate(spots_x), np.concatenate(spots_y), plane)


def _spots(region: RegionSource, aspect: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A grid of points within a zone."""
    xs = np.array(region.x or _WHOLE_X) * aspect
    ys = np.array(region.y or _WHOLE_Y)
    columns, rows = SPOTS
    x = xs.min() + (np.arange(columns) + 0.5) / columns * (xs.max() - xs.min())
    y = ys.min() + (np.arange(rows) + 0.5) / rows * (ys.max() - ys.min())
    grid_x, grid_y = (axis.ravel() for axis in np.meshgrid(x, y))
    polygon: Any = np.zeros(1, REGION)
    polygon["corners"] = len(xs)
    inside = np.zeros(len(grid_x), np.bool_)
    contains_each(xs, ys, polygon, grid_x, grid_y, inside)
    return grid_x[inside], grid_y[inside]
