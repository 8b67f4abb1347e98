"""A camera's JPEG as a picture, decoded no larger than the sampled frame needs.

A JPEG is coded in blocks of 8 × 8; its decoder can give 1/2, 1/4 or 1/8 of the size from a part of each block's
coefficients. (3/8, 5/8 … exist too, but are slower than the next larger power of two.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import simplejpeg
from av.video.frame import VideoFrame

from vigie_frame_sampler.picture import SourceError
from vigie_frame_sampler.planes import sampled_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigie_frame_sampler.notes import Notes

BROKEN_IN_A_ROW: Final = 5
"""Pictures in a row that cannot be decoded after which the camera is told to be at fault."""

MAX_PIXELS: Final = 100_000_000
"""More than any camera has: a few bytes of header can announce 65,535 × 65,535 pixels, which would take the memory."""

_HARMLESS: Final = ("extraneous bytes",)
"""What the decoder says of pictures that are whole: some cameras pad their coded data."""


@dataclass(slots=True)
class JpegPictures:
    """Decodes the pictures of one connection, in a size near `width`; the broken ones are noted and left out."""

    width: int
    notes: Notes
    _broken: int = field(default=0, init=False)

    def decode(self, jpeg: bytes, where: str) -> tuple[VideoFrame, tuple[int, int]] | None:
        """What `decode_jpeg` gives; none of a picture that cannot be decoded.

        Raises:
            SourceError: too many in a row cannot; `where` names the camera.
        """
        try:
            found = decode_jpeg(jpeg, self.width)
        except ValueError as broken:
            self._broken += 1
            self.notes.add("corrupt", f"a picture cannot be decoded: {broken}")
            if self._broken >= BROKEN_IN_A_ROW:
                raise SourceError(
                    f"{where}: {self._broken} pictures in a row cannot be decoded ({broken}); "
                    "restart the camera, or choose another quality there"
                ) from None
            return None
        self._broken = 0
        return found


def decode_jpeg(jpeg: bytes, width: int) -> tuple[VideoFrame, tuple[int, int]]:
    """The picture in the size of the sampled frame (`planes.sampled_size`), and the width and height it came in.

    Raises:
        ValueError: it cannot be decoded, or not whole.
    """
    rows, columns = _size(jpeg)
    if not 0 < rows * columns <= MAX_PIXELS or min(rows, columns) < 2:
        raise ValueError(f"a picture of {columns} × {rows} pixels")
    to_columns, to_rows = sampled_size(columns, rows, width)
    factor = next(f for f in (8, 4, 2, 1) if f == 1 or (columns // f >= to_columns and rows // f >= to_rows))
    pixels = _decoded(jpeg, -(-columns // factor), -(-rows // factor))
    if pixels.shape[:2] != (to_rows, to_columns):
        pixels = np.asarray(cv2.resize(pixels, (to_columns, to_rows), interpolation=cv2.INTER_AREA), np.uint8)
    return _frame(pixels), (columns, rows)


def _size(jpeg: bytes) -> tuple[int, int]:
    """Height and width that the header tells."""
    try:
        rows, columns = simplejpeg.decode_jpeg_header(jpeg, strict=False)[:2]
    except KeyError:  # what the library raises where the subsampling cannot be told
        raise ValueError("its header cannot be read") from None
    return int(rows), int(columns)


def _decoded(jpeg: bytes, columns: int, rows: int) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8, BGR."""

    def decode(*, strict: bool) -> NDArray[np.uint8]:
        return np.asarray(
            simplejpeg.decode_jpeg(
                jpeg, "BGR", fastdct=True, fastupsample=True, min_width=columns, min_height=rows, strict=strict
            ),
            np.uint8,
        )

    try:
        return decode(strict=True)
    except KeyError:
        raise ValueError("its header cannot be read") from None
    except ValueError as flawed:
        if not any(words in str(flawed) for words in _HARMLESS):
            raise
        return decode(strict=False)


def _frame(pixels: NDArray[np.uint8]) -> VideoFrame:
    """The picture in planes of full range, as video frames come; its sides are even."""
    rows, columns = pixels.shape[:2]
    y, red, blue = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb))
    half = (columns // 2, rows // 2)
    chroma = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA).ravel() for plane in (blue, red)]
    planes = np.concatenate([y.ravel(), *chroma]).reshape(rows * 3 // 2, columns)
    return VideoFrame.from_ndarray(planes, format="yuvj420p")
