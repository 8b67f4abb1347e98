"""Masks burned into an image's planes, so that what they hide never leaves the sampler.

A mask covers every pixel that its polygon touches, and one more all round: scaling mixes neighbours.
In the colour planes, a sample is hidden as soon as one of its four pixels is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vigie_frame_sampler.plan import Mask
    from vigie_frame_sampler.planes import Planes

NEUTRAL: Final = 128
"""Chroma of grey."""


@dataclass(frozen=True, slots=True)
class MaskStamp:
    """Masks drawn for one image size.

    `hidden`: (height, width) bool. `keep_luma`, `keep_chroma`: uint8, 255 where the image shows, 0 where it
    is hidden, cut to the rectangle that holds all masks; `grey_chroma`: 128 where hidden, else 0.
    """

    hidden: NDArray[np.bool_]
    rows: slice
    columns: slice
    keep_luma: NDArray[np.uint8]
    keep_chroma: NDArray[np.uint8]
    grey_chroma: NDArray[np.uint8]

    def burn(self, planes: Planes) -> None:
        """Hide what the masks cover, in place: black."""
        luma = planes.y[self.rows, self.columns]
        np.bitwise_and(luma, self.keep_luma, out=luma)
        rows, columns = _halved(self.rows), _halved(self.columns)
        for plane in (planes.u, planes.v):
            chroma = plane[rows, columns]
            np.bitwise_and(chroma, self.keep_chroma, out=chroma)
            np.bitwise_or(chroma, self.grey_chroma, out=chroma)


_AROUND: Final = 2
"""Pixels around the image to draw on: fillPoly leaves out what it rounds to the row below the last one."""


def draw_masks(masks: Sequence[Mask], width: int, height: int) -> MaskStamp | None:
    """The masks as they lie on an image of this size (even width and height); none where there are none."""
    if not masks:
        return None
    around = np.zeros((height + 2 * _AROUND, width + 2 * _AROUND), np.uint8)
    scale = np.array([width, height], np.float64)
    for mask in masks:
        # pixel centres lie at +0.5; four fractional bits keep slanted edges where they are
        vertices = np.round((np.array(mask.points, np.float64) * scale - 0.5 + _AROUND) * 16).astype(np.int32)
        cv2.fillPoly(around, [vertices.reshape(-1, 1, 2)], 255, shift=4)
    around = cv2.dilate(around, np.ones((3, 3), np.uint8)).astype(np.uint8)
    drawn = np.ascontiguousarray(around[_AROUND:-_AROUND, _AROUND:-_AROUND])
    rows, columns = _even_span(drawn.max(axis=1)), _even_span(drawn.max(axis=0))
    cut = drawn[rows, columns]
    quarters = cut.reshape(cut.shape[0] // 2, 2, cut.shape[1] // 2, 2).max(axis=(1, 3))
    return MaskStamp(
        hidden=drawn.astype(np.bool_),
        rows=rows,
        columns=columns,
        keep_luma=np.bitwise_not(cut),
        keep_chroma=np.bitwise_not(quarters),
        grey_chroma=np.bitwise_and(quarters, np.uint8(NEUTRAL)),
    )


def _even_span(used: NDArray[np.uint8]) -> slice:
    where = np.flatnonzero(used)
    return slice(int(where[0]) // 2 * 2, (int(where[-1]) // 2 + 1) * 2)


def _halved(span: slice) -> slice:
    return slice(span.start // 2, span.stop // 2)
