"""Plane geometry of zones, masks and lines: pure functions over lists of (x, y).

Coordinates are normalised to the image, 0..1, origin top left. A touch counts as a crossing: a polygon whose
edge runs through one of its own corners is ambiguous about what is inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

Point = Sequence[float]
"""x, y."""


def turn(a: Point, b: Point, c: Point) -> float:
    """Twice the signed area of a, b, c: positive if c lies right of a→b on the screen, negative if left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _within_box(a: Point, b: Point, p: Point) -> bool:
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the closed segments a-b and c-d share a point."""
    t1, t2, t3, t4 = turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
    if ((t1 > 0 > t2) or (t1 < 0 < t2)) and ((t3 > 0 > t4) or (t3 < 0 < t4)):
        return True
    return (
        (t1 == 0 and _within_box(a, b, c))
        or (t2 == 0 and _within_box(a, b, d))
        or (t3 == 0 and _within_box(c, d, a))
        or (t4 == 0 and _within_box(c, d, b))
    )


def crossing_edges(polygon: Sequence[Point]) -> tuple[int, int] | None:
    """The first two edges of a polygon that meet elsewhere than at their common corner; None if simple.

    Edge i runs from corner i to corner i + 1, the last back to the first. Two consecutive corners in one
    place count too, as do edges that fold back on each other.
    """
    n = len(polygon)
    for i in range(n):
        a, b = polygon[i], polygon[(i + 1) % n]
        if a[0] == b[0] and a[1] == b[1]:
            return i, (i + 1) % n
        for j in range(i + 1, n):
            c, d = polygon[j], polygon[(j + 1) % n]
            if j == i + 1 or (i == 0 and j == n - 1):
                # neighbours share a corner; they must not fold back along each other
                shared, first, second = (b, a, d) if j == i + 1 else (a, b, c)
                along = (first[0] - shared[0]) * (second[0] - shared[0]) + (first[1] - shared[1]) * (
                    second[1] - shared[1]
                )
                if turn(first, shared, second) == 0 and along > 0:
                    return i, j
            elif segments_meet(a, b, c, d):
                return i, j
    return None


def length(a: Point, b: Point) -> float:
    """Distance between two points."""
    return hypot(b[0] - a[0], b[1] - a[1])
