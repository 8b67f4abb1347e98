"""Scripted motion: key frames that say where something is, which way it faces and how it holds itself.

A path is an array (k, 6) of time (s), x, y (m), heading (radians from east, anticlockwise), upright (share of the full
height: 1 standing, 0.6 crouching) and lean (radians from upright: π/2 lies). Between key frames all but the heading
are linear; the heading is that of the frame before.
"""

from __future__ import annotations

from itertools import pairwise
from math import atan2, hypot, pi
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_scene.street import Point

Path = npt.NDArray[np.float64]

ACCELERATION: Final = 2.0
"""Of vehicles that start or stop, m/s²."""

_STEP_S: Final = 0.2


def stand(at_s: float, until_s: float, point: Point, heading: float = 0.0, *, upright: float = 1.0) -> Path:
    """Stands in one place."""
    return np.array([[t, *point, heading, upright, 0.0] for t in (at_s, until_s)])


def walk(at_s: float, points: Sequence[Point], speed: float) -> Path:
    """Goes from point to point at one speed, m/s."""
    rows: list[list[float]] = []
    t = at_s
    for (x1, y1), (x2, y2) in pairwise(points):
        heading = atan2(y2 - y1, x2 - x1)
        rows.append([t, x1, y1, heading, 1.0, 0.0])
        t += hypot(x2 - x1, y2 - y1) / speed
    x, y = points[-1]
    rows.append([t, x, y, rows[-1][3] if rows else 0.0, 1.0, 0.0])
    return np.array(rows)


def drive(
    at_s: float,
    points: Sequence[Point],
    speed: float,
    *,
    from_rest: bool = False,
    to_rest: bool = False,
    backwards: bool = False,
) -> Path:
    """Drives along points at a speed, speeding up or braking at the ends; backwards: the front looks back."""
    corners = np.array(points, dtype=float)
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    total = float(along[-1])
    ends = int(from_rest) + int(to_rest)
    top = min(speed, (2 * ACCELERATION * total / max(ends, 1)) ** 0.5) if ends else speed
    ramp_s, ramp_m = top / ACCELERATION, top * top / (2 * ACCELERATION)
    cruise_s = (total - ends * ramp_m) / top
    begun = ramp_s if from_rest else 0.0
    braking = begun + cruise_s
    over = braking + (ramp_s if to_rest else 0.0)
    times = np.append(np.arange(0.0, over, _STEP_S), over)
    if over - times[-2] < 1e-6:
        times = np.delete(times, -2)
    gone = np.where(
        times < begun,
        ACCELERATION * times**2 / 2,
        np.where(
            times <= braking,
            (ramp_m if from_rest else 0.0) + top * (times - begun),
            total - ACCELERATION * (over - times) ** 2 / 2 if to_rest else total,
        ),
    ).clip(0.0, total)
    x, y = np.interp(gone, along, corners[:, 0]), np.interp(gone, along, corners[:, 1])
    leg = np.searchsorted(along[1:-1], gone, side="right")
    heading = np.arctan2(*np.diff(corners, axis=0).T[::-1])[leg] + (pi if backwards else 0.0)
    return np.column_stack([at_s + times, x, y, heading, np.ones_like(times), np.zeros_like(times)])


def end_s(path: Path) -> float:
    """When a path is over."""
    return float(path[-1, 0])


def last(path: Path) -> Point:
    """Where a path ends."""
    return float(path[-1, 1]), float(path[-1, 2])


def linger(path: Path, until_s: float) -> Path:
    """The path, then standing where it ends until a time."""
    if until_s <= end_s(path):
        return path
    still = path[-1:].copy()
    still[0, 0] = until_s
    return np.concatenate([path, still])


def join(*parts: Path) -> Path:
    """Paths one after the other; each begins when and where the one before ended."""
    return np.concatenate(parts)


def posed(path: Path, poses: Sequence[tuple[float, float, float]]) -> Path:
    """The path with how the body holds itself: (time, upright, lean) key frames, linear between them."""
    at = np.array(poses)
    times = np.union1d(path[:, 0], at[:, 0][(at[:, 0] > path[0, 0]) & (at[:, 0] < path[-1, 0])])
    before = np.searchsorted(path[:, 0], times, side="right") - 1
    return np.column_stack(
        [
            times,
            np.interp(times, path[:, 0], path[:, 1]),
            np.interp(times, path[:, 0], path[:, 2]),
            path[before, 3],
            np.interp(times, at[:, 0], at[:, 1]),
            np.interp(times, at[:, 0], at[:, 2]),
        ]
    )


def swaying(path: Path, rng: np.random.Generator, amplitude_m: float = 0.04) -> Path:
    """The path of someone who never stands quite still: a slow wander about it, metres of standard deviation."""
    times = np.union1d(path[:, 0], np.arange(path[0, 0], path[-1, 0], 1.0))
    before = np.searchsorted(path[:, 0], times, side="right") - 1
    full = np.column_stack([np.interp(times, path[:, 0], path[:, k]) for k in range(6)])
    full[:, 0], full[:, 3] = times, path[before, 3]
    wander = rng.standard_normal((len(times), 2))
    for k in range(1, len(times)):
        kept = float(np.exp(-(times[k] - times[k - 1]) / 5.0))
        wander[k] = kept * wander[k - 1] + (1 - kept * kept) ** 0.5 * wander[k]
    full[:, 1:3] += amplitude_m * wander
    return full
