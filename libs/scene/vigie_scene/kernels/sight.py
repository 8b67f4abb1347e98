"""From the world to the image, compiled: the box of every body, and how much of it others hide.

A standing person is an upright sheet that faces the camera: its box stands on the projected foot point and is as high
as the person. A leaning or lying one is that sheet tipped over in the direction it faces. All else is a cuboid.
"""

from __future__ import annotations

from math import cos, hypot, sin
from typing import Any, Final

import numpy as np

from vigie_common.compiled import array
from vigie_common.taxonomy import ObjectClass
from vigie_scene.kernels.compiled import entry, jit
from vigie_scene.kernels.layout import ENTITY, HIDER, MOTION

NEAREST_M: Final = 0.3
"""Depth at which bodies are cut off, metres in front of the lens."""

ACROSS: Final = 8
UPWARDS: Final = 12
"""Points of a box that are looked at to say how much of it is hidden."""

SOLID: Final = 0.8
"""Share of a person's box, about its middle, that hides what is behind."""

LYING_THICK_M: Final = 0.28
BEFORE_M: Final = 0.3
"""Whoever is nearer by more than this hides, metres."""

MOST: Final = 512
"""Bodies of one frame that are looked at for hiding."""

_PERSON: Final = int(ObjectClass.person)


@jit
def _corner(matrix: Any, x: float, y: float, z: float, box: Any) -> None:
    """Widen a box by one point of the body."""
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
    depth = max(depth, NEAREST_M)
    u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]) / depth
    v = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]) / depth
    box[0], box[1] = min(box[0], u), min(box[1], v)
    box[2], box[3] = max(box[2], u), max(box[3], v)


@entry(
    array(np.int64),
    array(np.int32),
    array(MOTION),
    array(ENTITY),
    array(np.float64, 2),
    array(np.float64, 2),
    array(np.float64),
)
def see(starts: Any, who: Any, how: Any, entities: Any, matrix: Any, offset: Any, size: Any) -> Any:
    """Boxes in the image.

    Args:
        starts: (f + 1,) rows of each frame.
        who: (n,) entity of each row.
        how: (n,) MOTION of each row.
        entities: (e,) ENTITY.
        matrix: (3, 4) of the camera.
        offset: (f, 2) pixels that each frame is shaken by.
        size: (2,) width and height of the image.

    Returns:
        boxes (n, 4) float64 cut to the image, depth (n,) metres, cut (n,) share outside the image; depth ≤ 0: unseen.
    """
    rows = len(who)
    boxes, depths, cut = np.zeros((rows, 4)), np.zeros(rows), np.zeros(rows)
    box = np.zeros(4)
    # the direction to the right of the image: a person's sheet stands along it
    rx = matrix[0, 0] - 0.5 * size[0] * matrix[2, 0]
    ry = matrix[0, 1] - 0.5 * size[0] * matrix[2, 1]
    wide = hypot(rx, ry)
    rx, ry = rx / wide, ry / wide
    for f in range(len(starts) - 1):
        for n in range(starts[f], starts[f + 1]):
            e, m = entities[who[n]], how[n]
            depth = matrix[2, 0] * m.x + matrix[2, 1] * m.y + matrix[2, 3]
            if depth < 2 * NEAREST_M:
                depths[n] = -1.0
                continue
            box[0], box[1], box[2], box[3] = 1e18, 1e18, -1e18, -1e18
            c, s = cos(m.heading), sin(m.heading)
            top = e.height * m.upright
            if e.kind == _PERSON and e.mode != HIDER:
                half = 0.5 * e.width
                hx, hy = m.x + c * top * sin(m.lean), m.y + s * top * sin(m.lean)
                hz = max(top * cos(m.lean), LYING_THICK_M)
                for side in (-half, half):
                    _corner(matrix, m.x + side * rx, m.y + side * ry, e.lift, box)
                    _corner(matrix, hx + side * rx, hy + side * ry, e.lift + hz, box)
                    if m.lean > 0.0:
                        _corner(matrix, hx + side * rx, hy + side * ry, max(0.0, hz - LYING_THICK_M), box)
                        _corner(matrix, m.x + side * rx, m.y + side * ry, LYING_THICK_M, box)
            else:
                for along in (-0.5 * e.length, 0.5 * e.length):
                    for side in (-0.5 * e.width, 0.5 * e.width):
                        x, y = m.x + along * c - side * s, m.y + along * s + side * c
                        _corner(matrix, x, y, e.lift, box)
                        _corner(matrix, x, y, e.lift + top, box)
            for k in range(4):
                box[k] += offset[f, k % 2]
            full = (box[2] - box[0]) * (box[3] - box[1])
            x1, y1 = max(box[0], 0.0), max(box[1], 0.0)
            x2, y2 = min(box[2], size[0]), min(box[3], size[1])
            if x2 <= x1 or y2 <= y1 or full <= 0.0:
                depths[n] = -1.0
                continue
            boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = x1, y1, x2, y2
            cut[n] = 1.0 - (x2 - x1) * (y2 - y1) / full
            depths[n] = depth
    return boxes, depths, cut


@entry(array(np.int64), array(np.int32), array(ENTITY), array(np.float64, 2), array(np.float64))
def hide(starts: Any, who: Any, entities: Any, boxes: Any, depths: Any) -> Any:
    """(n,) share of each box that nearer bodies hide."""
    hidden = np.zeros(len(who))
    seen = np.zeros((UPWARDS, ACROSS), np.bool_)
    for f in range(len(starts) - 1):
        first, end = starts[f], min(starts[f + 1], starts[f] + MOST)
        for n in range(first, end):
            if depths[n] <= 0.0:
                continue
            dx, dy = (boxes[n, 2] - boxes[n, 0]) / ACROSS, (boxes[n, 3] - boxes[n, 1]) / UPWARDS
            touched = False
            for m in range(first, end):
                if depths[m] <= 0.0 or depths[m] > depths[n] - BEFORE_M or entities[who[m]].still_false != 0:
                    continue
                x1, x2 = boxes[m, 0], boxes[m, 2]
                if entities[who[m]].kind == _PERSON:
                    slim = 0.5 * (1.0 - SOLID) * (x2 - x1)
                    x1, x2 = x1 + slim, x2 - slim
                if x1 >= boxes[n, 2] or x2 <= boxes[n, 0] or boxes[m, 1] >= boxes[n, 3] or boxes[m, 3] <= boxes[n, 1]:
                    continue
                if not touched:
                    seen[:] = True
                    touched = True
                for j in range(UPWARDS):
                    y = boxes[n, 1] + (j + 0.5) * dy
                    if y < boxes[m, 1] or y > boxes[m, 3]:
                        continue
                    for i in range(ACROSS):
                        x = boxes[n, 0] + (i + 0.5) * dx
                        if x1 <= x <= x2:
                            seen[j, i] = False
            if touched:
                left = 0
                for j in range(UPWARDS):
                    for i in range(ACROSS):
                        left += seen[j, i]
                hidden[n] = 1.0 - left / (ACROSS * UPWARDS)
    return hidden
