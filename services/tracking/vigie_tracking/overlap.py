"""How much two boxes overlap, plainly or with a margin round both."""

from __future__ import annotations

from vigie_tracking.compiled import jit


@jit
def buffered_iou(
    ax: float, ay: float, aw: float, ah: float, bx: float, by: float, bw: float, bh: float, buffer: float
) -> float:
    """Intersection over union, 0..1, of two boxes (centre and size) grown by `buffer` × their size on every side.

    With a buffer of 0 it is plain IoU. Boxes that moved past each other between two frames overlap again once
    grown: Yang et al., "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It Easier by
    Buffering the Matching Space" (C-BIoU), WACV 2023, section 3.
    """
    scale = 1.0 + 2.0 * buffer
    aw *= scale
    ah *= scale
    bw *= scale
    bh *= scale
    width = min(ax + aw / 2.0, bx + bw / 2.0) - max(ax - aw / 2.0, bx - bw / 2.0)
    if width <= 0.0:
        return 0.0
    height = min(ay + ah / 2.0, by + bh / 2.0) - max(ay - ah / 2.0, by - bh / 2.0)
    if height <= 0.0:
        return 0.0
    shared = width * height
    return shared / (aw * ah + bw * bh - shared)
