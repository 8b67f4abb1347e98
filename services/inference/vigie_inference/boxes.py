"""Boxes of an answer that can be used; the model may be anybody's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from vigie_common.taxonomy import CLASS_NAMES
from vigie_inference.failures import InferenceFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Boxes = npt.NDArray[np.float32]

COLUMNS: Final = 6
"""x1 y1 x2 y2, pixels of the JPEG; score 0..1; class, ordinal in the taxonomy."""
HIGHEST_SCORE: Final = 1.001
"""Rounding of half precision may pass 1 a little."""


class Usable(NamedTuple):
    """What can be used of an answer."""

    boxes: Boxes
    """(n, 6), cut at the edges of the frame, scores at most 1."""
    dropped: Mapping[str, int]
    """How many were dropped, by why."""


def boxes_from(model: str, tensor: npt.NDArray[Any] | None) -> Boxes:
    """DETECTIONS (n, 6) from the answer's tensor.

    Raises:
        InferenceFailedError: it is not of the contract's type or shape.
    """
    if tensor is None or tensor.dtype != np.float32 or tensor.shape[-1:] != (COLUMNS,):
        found = "nothing" if tensor is None else f"{tensor.dtype} {tensor.shape}"
        raise InferenceFailedError(
            f'model "{model}" answered {found}, DETECTIONS is FP32 with {COLUMNS} columns: correct the model'
        )
    boxes: Boxes = tensor.reshape(-1, COLUMNS)
    return boxes


def usable(model: str, boxes: Boxes, width: int, height: int) -> Usable:
    """The boxes that can be used in a frame of `width` x `height` pixels; 0: any size.

    A box is dropped that is not finite, whose class is not in the taxonomy or whose score is not in 0..1, or that has
    no area inside the frame (x2 <= x1 or y2 <= y1 too).

    Raises:
        InferenceFailedError: there are boxes, and each is not finite or of no known class or score: the model is
            broken, and a frame without boxes would be a lie.
    """
    count = len(boxes)
    finite = np.isfinite(boxes).all(axis=1)
    scores, classes = boxes[:, 4], boxes[:, 5]
    known = (classes >= 0) & (classes < len(CLASS_NAMES))  # false for NaN
    scored = (scores >= 0) & (scores <= HIGHEST_SCORE)
    sane = finite & known & scored
    if count and not sane.any():
        raise InferenceFailedError(
            f'model "{model}" answered {count} boxes, none of them usable: each has values that are not finite, a '
            f"class outside 0..{len(CLASS_NAMES) - 1} or a score outside 0..1: correct the model, or its classes in "
            "the catalogue"
        )
    cut = boxes.copy()
    cut[:, 4] = np.minimum(scores, 1)
    if width and height:
        with np.errstate(invalid="ignore"):
            cut[:, 0:4:2] = np.clip(cut[:, 0:4:2], 0, width)
            cut[:, 1:4:2] = np.clip(cut[:, 1:4:2], 0, height)
    area = (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    good = sane & area
    if good.all():
        return Usable(cut, {})
    whys = {
        "not finite": ~finite,
        "unknown class": finite & ~known,
        "score outside 0..1": finite & known & ~scored,
        "no area": sane & ~area,
    }
    return Usable(cut[good], {why: int(those.sum()) for why, those in whys.items() if those.any()})
