"""Boxes on their way out: suppression of doubles, mapping to the taxonomy, a fixed order. Pure numpy.

Everywhere: `xyxy` (n, 4) float32 pixels x1 y1 x2 y2; `scores` (n,) float32 0..1; `classes` (n,) ordinals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

    from vigie_backend.description import Description

COLUMNS = 6
"""x1 y1 x2 y2 score class."""

MOST_CANDIDATES = 2000
"""Most boxes that go into suppression: it is quadratic where none overlap. A crowded street has a few hundred."""


def order(xyxy: Floats, scores: Floats) -> Ints:
    """Indices by score, highest first; equal scores by x1, y1, x2, y2: independent of the input's order."""
    return np.lexsort((xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], -scores))


def overlap(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box (4,) with others (n, 4); 0 where both are empty."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    union = area + areas - shared
    ratio = np.zeros(len(others), dtype=np.float32)
    np.divide(shared, union, out=ratio, where=union > 0)
    return ratio


def suppress(xyxy: Floats, groups: Ints, nms_iou: float) -> Ints:
    """Indices of the boxes that stay: greedy non-maximum suppression within a group.

    The boxes come best first (`order`). A box goes when it overlaps a kept one of its group by more than
    `nms_iou`. Grouping classes that a detector confuses keeps one box on a van seen as car and as truck.
    """
    alive = np.ones(len(xyxy), dtype=bool)
    for i in range(len(xyxy)):
        if alive[i]:
            rest = slice(i + 1, None)
            alive[rest] &= (groups[rest] != groups[i]) | (overlap(xyxy[i], xyxy[rest]) <= nms_iou)
    return np.flatnonzero(alive)


def finish(xyxy: Floats, scores: Floats, labels: Ints, size: tuple[int, int], description: Description) -> Floats:
    """DETECTIONS (n, 6) float32: the model's raw boxes mapped, clipped, suppressed and ordered.

    `labels` (n,) are the model's own label indices, `size` the image's width and height in pixels.
    Ignored labels, scores under the threshold, boxes that are not finite and boxes without area inside the image are
    dropped; of the rest the MOST_CANDIDATES surest are looked at, so that a network that answers a box everywhere
    costs milliseconds.
    """
    width, height = size
    classes = np.asarray(description.classes, dtype=np.int64)[labels]
    limits = np.asarray([width, height, width, height], dtype=np.float32)
    finite = np.isfinite(xyxy).all(axis=1)
    xyxy = np.clip(xyxy, np.float32(0), limits).astype(np.float32)
    inside = (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
    keep = finite & (classes >= 0) & (scores >= description.score) & inside
    xyxy, scores, classes = xyxy[keep], scores[keep], classes[keep]
    best = order(xyxy, scores)[:MOST_CANDIDATES]
    groups = np.asarray(description.groups, dtype=np.int64)[classes[best]]
    stay = best[suppress(xyxy[best], groups, description.nms_iou)]
    found = np.empty((len(stay), COLUMNS), dtype=np.float32)
    found[:, :4] = xyxy[stay]
    found[:, 4] = scores[stay]
    found[:, 5] = classes[stay]
    return found
