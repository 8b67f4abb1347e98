"""An optional fact: where a subject is on the ground in metres, and how fast it surely is.

The foot point goes through the camera's homography; above the horizon nothing is known. Two speeds: a smoothed
velocity for the templates that compare many, and for the speed of one vehicle the displacement over two stretches of
at least half a second each, of which the slower counts, so that one leap of a box or an exchange of identities makes
nobody fast. Its lower bound takes 1.64 standard deviations off (95 %, one side), with the measured foot jitter of
0.04 body heights at each end, as metres at that place.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_rule_engine.layers.jit import Slot, Vector, jit
from vigie_rule_engine.layers.plane import decay, length

GROUND: Final = np.dtype(
    [
        ("known", "<i8"),
        ("t", "<i8"),  # when it was located last
        ("x", "<f8"),  # metres
        ("y", "<f8"),
        ("vx", "<f8"),  # metres a second
        ("vy", "<f8"),
        ("speed", "<f8"),  # over the two stretches, m/s; -1: not long enough yet
        ("sure", "<f8"),  # its lower bound
        ("t1", "<i8"),  # where the stretches began and met; 0: not yet
        ("x1", "<f8"),
        ("y1", "<f8"),
        ("e1", "<f8"),
        ("t2", "<i8"),
        ("x2", "<f8"),
        ("y2", "<f8"),
        ("e2", "<f8"),
    ]
)

STRETCH_MS: Final = 500
_TAU: Final = 0.5  # s, as the foot point's
_JITTER: Final = 0.04  # body heights, standard deviation
_SURE: Final = 1.64
_LONGEST_GAP_MS: Final = 3_000
"""Unseen for longer, the stretches begin anew."""


@jit
def project(plane: Vector, x: float, y: float) -> tuple[float, float, float]:
    """Metres east and north of a place in the image, and its depth: not above 0 beyond the horizon."""
    depth = plane[6] * x + plane[7] * y + plane[8]
    if depth <= 1e-9:
        return 0.0, 0.0, 0.0
    return (
        (plane[0] * x + plane[1] * y + plane[2]) / depth,
        (plane[3] * x + plane[4] * y + plane[5]) / depth,
        depth,
    )


@jit
def forget_ground(g: Slot) -> None:
    """As if it had never been located; zero, so that equal states are equal bytes."""
    g["known"] = 0
    g["t"] = 0
    g["x"] = 0.0
    g["y"] = 0.0
    g["vx"] = 0.0
    g["vy"] = 0.0
    g["speed"] = 0.0
    g["sure"] = 0.0
    g["t1"] = 0
    g["x1"] = 0.0
    g["y1"] = 0.0
    g["e1"] = 0.0
    g["t2"] = 0
    g["x2"] = 0.0
    g["y2"] = 0.0
    g["e2"] = 0.0


@jit
def locate(g: Slot, s: Slot, is_new: int, plane: Vector, t: int) -> None:
    """Bring the fact of one subject up to date with its foot point now."""
    if is_new == 1:
        forget_ground(g)
    x, y, depth = project(plane, s["x"], s["y"])
    if depth <= 0.0:
        forget_ground(g)
        return
    if g["known"] == 0 or t - g["t"] > _LONGEST_GAP_MS:
        forget_ground(g)
        g["known"] = 1
        g["speed"] = -1.0
        g["sure"] = -1.0
    else:
        dt = (t - g["t"]) * 0.001
        b = 1.0 - decay(dt / _TAU)
        g["vx"] += b * ((x - g["x"]) / dt - g["vx"])
        g["vy"] += b * ((y - g["y"]) / dt - g["vy"])
    g["t"] = t
    g["x"] = x
    g["y"] = y
    stride(g, s, plane)


@jit
def stride(g: Slot, s: Slot, plane: Vector) -> None:
    """Speed over the last two stretches, measured whenever one is complete."""
    if g["t2"] != 0 and g["t"] - g["t2"] < STRETCH_MS:
        return
    jx, jy, depth = project(plane, s["x"], s["y"] + _JITTER * s["h"])
    error = length(jx - g["x"], jy - g["y"]) if depth > 0.0 else 0.0
    if g["t1"] != 0:
        before = (g["t2"] - g["t1"]) * 0.001
        after = (g["t"] - g["t2"]) * 0.001
        first = length(g["x2"] - g["x1"], g["y2"] - g["y1"])
        second = length(g["x"] - g["x2"], g["y"] - g["y2"])
        g["speed"] = min(first / before, second / after)
        g["sure"] = min(
            (first - _SURE * length(g["e1"], g["e2"])) / before, (second - _SURE * length(g["e2"], error)) / after
        )
    g["t1"] = g["t2"]
    g["x1"] = g["x2"]
    g["y1"] = g["y2"]
    g["e1"] = g["e2"]
    g["t2"] = g["t"]
    g["x2"] = g["x"]
    g["y2"] = g["y"]
    g["e2"] = error
