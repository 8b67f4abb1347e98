"""Where a subject is: inside which regions, on which side of which gates; and the plane geometry of both.

Coordinates are picture heights, margins and bands body heights of the subject.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from vigie_common.compiled import array
from vigie_rule_engine.layers.jit import Array, Slot, Vector, entry, jit
from vigie_rule_engine.layers.plane import length
from vigie_rule_engine.layers.subjects import VEHICLES

NEVER: Final = 1 << 62
"""Later than every event time."""

_RIM: Final = 0.05
"""Heights of a vehicle's box."""

PLACE: Final = np.dtype([("since", "<i8"), ("within", "<i8")])
"""Subject × region: inside since when (NEVER: outside), and whether strictly within now (0: in the margin, or out)."""

WITHIN: Final = 1
REACHES_IN: Final = 2
"""Its foot is in the region; or the foot of a vehicle is, but not its middle."""

SIDE: Final = np.dtype([("side", "<i8"), ("flip", "<i8"), ("x", "<f8"), ("y", "<f8")])
"""Subject × gate: sure side (-1 out, 1 in, 0 none yet), when the other side was first seen, last sure place."""

REGION: Final = np.dtype(
    [
        ("first", "<i8"),
        ("corners", "<i8"),
        ("margin", "<f8"),
        ("first_spot", "<i8"),  # of the spots that measure occupancy; none unless a rule asks for it
        ("spots", "<i8"),
    ]
)
"""A zone with its leave margin in body heights; no corners: the whole image."""

GATE: Final = np.dtype(
    [
        ("ax", "<f8"),
        ("ay", "<f8"),
        ("bx", "<f8"),
        ("by", "<f8"),
        ("band", "<f8"),
        ("depth", "<f8"),
        ("confirm", "<i8"),
    ]
)
"""A line with its dead band and depth in body heights and its confirmation time in ms."""

CROSSING: Final = np.dtype([("gate", "<i8"), ("slot", "<i8"), ("way", "<i8"), ("t", "<i8")])
"""One confirmed crossing; way 1: in (left to right, looking along the line), -1: out."""


@jit
def contains(corner_x: Vector, corner_y: Vector, region: Slot, x: float, y: float) -> bool:
    """Whether the point is in the polygon, by the even-odd rule."""
    odd = False
    j = region["first"] + region["corners"] - 1
    for i in range(region["first"], region["first"] + region["corners"]):
        if (corner_y[i] > y) != (corner_y[j] > y) and x < (corner_x[j] - corner_x[i]) * (y - corner_y[i]) / (
            corner_y[j] - corner_y[i]
        ) + corner_x[i]:
            odd = not odd
        j = i
    return odd


@entry(array(np.float64), array(np.float64), array(REGION), array(np.float64), array(np.float64), array(np.bool_))
def contains_each(
    corner_x: Vector, corner_y: Vector, region: Array, x: Vector, y: Vector, inside: npt.NDArray[np.bool_]
) -> None:
    """`contains` of many points.

    Args:
        corner_x: of the polygon.
        corner_y: of the polygon.
        region: (1,) REGION.
        x: (n,) of the points.
        y: (n,) of the points.
        inside: (n,), the result.
    """
    for i in range(x.shape[0]):
        inside[i] = contains(corner_x, corner_y, region[0], x[i], y[i])


@jit
def distance(corner_x: Vector, corner_y: Vector, region: Slot, x: float, y: float) -> float:
    """Distance to the polygon's nearest edge."""
    best = inf
    j = region["first"] + region["corners"] - 1
    for i in range(region["first"], region["first"] + region["corners"]):
        dx = corner_x[i] - corner_x[j]
        dy = corner_y[i] - corner_y[j]
        u = ((x - corner_x[j]) * dx + (y - corner_y[j]) * dy) / (dx * dx + dy * dy)
        u = min(1.0, max(0.0, u))
        best = min(best, length(x - corner_x[j] - u * dx, y - corner_y[j] - u * dy))
        j = i
    return best


@jit
def place(p: Slot, s: Slot, region: Slot, corner_x: Vector, corner_y: Vector, t: int) -> None:
    """Inside or not: entering is being within the polygon, leaving is being beyond its margin.

    A vehicle's box ends at its near side, and its middle lies higher in the image: `_RIM` above the foot.
    """
    if region["corners"] == 0 or contains(corner_x, corner_y, region, s["x"], s["y"]):
        p["within"] = WITHIN
        if (VEHICLES >> s["cls"]) & 1 and region["corners"] > 0:
            middle = contains(corner_x, corner_y, region, s["x"], s["y"] - _RIM * s["h"])
            p["within"] = WITHIN if middle else REACHES_IN
        if p["since"] == NEVER:
            p["since"] = t
        return
    p["within"] = 0
    if p["since"] != NEVER and distance(corner_x, corner_y, region, s["x"], s["y"]) > region["margin"] * s["h"]:
        p["since"] = NEVER


@jit
def no_side(p: Slot) -> None:
    """No side of a gate is known: a subject that is new, or a camera that looked elsewhere meanwhile."""
    p["side"] = 0
    p["flip"] = NEVER
    p["x"] = 0.0
    p["y"] = 0.0


@jit
def cross(p: Slot, s: Slot, gate: Slot, t: int, firm: bool) -> int:  # noqa: FBT001 - compiled code has no keywords
    """1 or -1 when the subject has surely crossed the gate, else 0; `p["flip"]` is then when it did.

    No side is sure within the dead band. A change of side counts once it is confirmed, by time or by a second sample
    and depth (one box may be anywhere), by a box that is `firm`, and if the path from the last sure place cuts the
    segment.
    """
    dx = gate["bx"] - gate["ax"]
    dy = gate["by"] - gate["ay"]
    size = length(dx, dy)
    d = (
        dx * (s["y"] - gate["ay"]) - dy * (s["x"] - gate["ax"])
    ) / size  # positive: right of the direction, on a screen
    if abs(d) < gate["band"] * s["h"]:
        return 0
    side = 1 if d > 0.0 else -1
    if p["side"] == 0 or side == p["side"]:
        p["side"] = side
        p["flip"] = NEVER
        p["x"] = s["x"]
        p["y"] = s["y"]
        return 0
    if p["flip"] == NEVER:
        p["flip"] = t
    if t - p["flip"] < gate["confirm"] and (p["flip"] == t or abs(d) < gate["depth"] * s["h"]):
        return 0
    if not firm:
        return 0
    before = (dx * (p["y"] - gate["ay"]) - dy * (p["x"] - gate["ax"])) / size
    f = before / (before - d)
    u = ((p["x"] + f * (s["x"] - p["x"]) - gate["ax"]) * dx + (p["y"] + f * (s["y"] - p["y"]) - gate["ay"]) * dy) / (
        size * size
    )
    p["side"] = side
    p["x"] = s["x"]
    p["y"] = s["y"]
    if 0.0 <= u <= 1.0:
        return side
    p["flip"] = NEVER
    return 0
