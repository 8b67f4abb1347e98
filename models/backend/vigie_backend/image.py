"""JPEG bytes to pixels, strictly: what does not decode whole is refused with a reason.

libjpeg fills what it cannot read with grey and goes on: a damaged image would pass for an empty street.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_PIXELS = 50_000_000
"""Larger images are refused before any memory is taken: 8K video has 33 million."""


class UnreadableImageError(ValueError):
    """The bytes are no whole JPEG image; the message says what is wrong and what to do."""


def decode(jpeg: bytes) -> npt.NDArray[np.uint8]:
    """The image (h, w, 3) BGR.

    Raises:
        UnreadableImageError: no bytes, not a JPEG, cut short, damaged, or too large.
    """
    if not jpeg:
        raise UnreadableImageError("IMAGE is empty (0 bytes): send the bytes of a whole JPEG file")
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(jpeg)
        pixels = simplejpeg.decode_jpeg(jpeg, colorspace="BGR") if height * width <= MAX_PIXELS else None
    except ValueError as broken:
        raise UnreadableImageError(
            f"IMAGE is no whole JPEG ({len(jpeg)} bytes that begin with {jpeg[:4].hex(' ')}; {broken}): "
            "it was damaged or cut short, encode and send it again"
        ) from broken
    if pixels is None:
        raise UnreadableImageError(
            f"IMAGE is {width} by {height} pixels, at most {MAX_PIXELS} are read: send a smaller one"
        )
    return np.asarray(pixels)
