"""The ground plan: lanes, signals, zones, lines and things that hide others, all in metres."""

from itertools import pairwise
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from vigie_common.field_types import Name
from vigie_common.geometry import crossing_edges
from vigie_common.yaml_model import FileModel

Point = Annotated[tuple[float, float], Field(strict=False)]
"""x, y in metres."""

Span = Annotated[tuple[float, float], Field(strict=False)]
"""From, to in seconds of the scene."""


def _apart(points: tuple[Point, ...]) -> tuple[Point, ...]:
    if any(a == b for a, b in pairwise(points)):
        raise ValueError("two points in one place follow each other: leave one out")
    return points


def _simple(points: tuple[Point, ...]) -> tuple[Point, ...]:
    if crossing_edges(points) is not None:
        raise ValueError("the polygon crosses itself: list the corners in order round the area")
    return points


PolyLine = Annotated[tuple[Point, ...], Field(strict=False, min_length=2), AfterValidator(_apart)]
Area = Annotated[tuple[Point, ...], Field(strict=False, min_length=3), AfterValidator(_simple)]


class Lane(FileModel):
    """A lane: vehicles follow its middle from the first point to the last."""

    points: PolyLine
    speed_mps: float = Field(default=8.3, gt=0, le=60, description="free speed of a car")
    width_m: float = Field(default=3.5, gt=0)


class Signal(FileModel):
    """A light or stop over a lane: nothing passes while it is red."""

    lane: Name
    at_m: float = Field(ge=0, description="metres along the lane")
    red: Annotated[tuple[Span, ...], Field(strict=False)] = ()


class GroundLine(FileModel):
    """A counting line on the ground: looking from the first point to the second in the image, left to right is in."""

    start: Point
    end: Point
    in_label: str = "in"
    out_label: str = "out"


class Occluder(FileModel):
    """A standing thing that hides what is behind it and is never detected: a tree, a kiosk, a parked lorry."""

    at: Point
    length_m: float = Field(default=0.6, gt=0)
    width_m: float = Field(default=0.6, gt=0)
    height_m: float = Field(default=4.0, gt=0)


class Surface(FileModel):
    """A piece of ground, for pictures only."""

    kind: Literal["road", "pavement", "crossing", "grass", "bay"]
    area: Area


class Street(FileModel):
    """A ground plan."""

    lanes: dict[Name, Lane] = Field(default={})
    signals: Annotated[tuple[Signal, ...], Field(strict=False)] = ()
    zones: dict[Name, Area] = Field(default={})
    lines: dict[Name, GroundLine] = Field(default={})
    occluders: Annotated[tuple[Occluder, ...], Field(strict=False)] = ()
    surfaces: Annotated[tuple[Surface, ...], Field(strict=False)] = ()


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Area:
    """Corners of an upright rectangle."""
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def inside(area: Area, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(n,) whether each point (n, 2) lies in the polygon: even-odd rule."""
    x, y = points[:, 0], points[:, 1]
    within = np.zeros(len(points), dtype=bool)
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        within ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within


TOWN_STREET: Final = Street(
    lanes={
        "east": Lane(points=((-70.0, -1.75), (80.0, -1.75))),
        "west": Lane(points=((80.0, 1.75), (-70.0, 1.75))),
    },
    zones={
        "bay": rectangle(-1.0, -6.0, 15.0, -3.4),
        "road": rectangle(-3.0, -3.4, 40.0, 3.4),
        "eastbound": rectangle(-3.0, -3.4, 40.0, 0.0),
        "westbound": rectangle(-3.0, 0.0, 40.0, 3.4),
        "pavement": rectangle(0.0, 3.8, 22.0, 7.5),
    },
    lines={
        "pavement-gate": GroundLine(start=(8.0, 3.6), end=(8.0, 8.0)),
        "road-gate": GroundLine(start=(6.0, -3.4), end=(6.0, 3.4)),
        "eastward": GroundLine(start=(-1.0, -1.75), end=(35.0, -1.75)),
    },
    surfaces=(
        Surface(kind="pavement", area=rectangle(-30.0, -11.0, 90.0, 9.0)),
        Surface(kind="road", area=rectangle(-30.0, -3.5, 90.0, 3.5)),
        Surface(kind="bay", area=rectangle(-1.0, -6.0, 15.0, -3.5)),
        Surface(kind="crossing", area=rectangle(-5.5, -3.5, -2.0, 3.5)),
    ),
)
"""A street of two lanes along x with pavements, a crossing and a delivery bay."""

SQUARE: Final = Street(
    zones={
        "square": rectangle(-8.0, -2.0, 8.0, 12.0),
        "forecourt": rectangle(-3.0, 1.0, 3.0, 6.0),
        "corner": rectangle(-8.0, -2.0, -4.0, 2.0),
    },
    lines={"gate": GroundLine(start=(-8.0, 4.0), end=(8.0, 4.0))},
    surfaces=(Surface(kind="pavement", area=rectangle(-25.0, -12.0, 25.0, 40.0)),),
)
"""An open square, looked at from the south."""
