"""From a decoded picture to a JPEG without ever leaving its YUV planes.

Video is limited range (luma 16..235, chroma 16..240; ITU-R BT.601 section 2.5.3), JPEG is full range
(JFIF 1.02): a table stretches each plane. The colour matrix is left as it is: JFIF readers assume BT.601,
so BT.709 footage shifts in hue by a few degrees, which no detector was seen to mind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import simplejpeg
from av.video.reformatter import ColorRange

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

JPEG_QUALITY: Final = 85

_STEPS: Final = np.arange(256, dtype=np.float64)
_LUMA_TO_FULL: Final[NDArray[np.uint8]] = np.clip(np.round((_STEPS - 16) * 255 / 219), 0, 255).astype(np.uint8)
_CHROMA_TO_FULL: Final[NDArray[np.uint8]] = np.clip(np.round((_STEPS - 128) * 255 / 224 + 128), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Planes:
    """A 4:2:0 image of full range: `y` (height, width), `u` and `v` (height / 2, width / 2), uint8, writable."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.y.shape[0])


def sampled_size(source_width: int, source_height: int, width: int) -> tuple[int, int]:
    """Even width and height of the sampled frame: never larger than the source, its proportions kept."""
    sampled = max(2, min(width, source_width) // 2 * 2)
    return sampled, max(2, round(sampled * source_height / source_width / 2) * 2)


def planes_of(frame: VideoFrame, width: int) -> Planes:
    """The picture scaled to `width` pixels (or its own, if that is less), in full range."""
    columns, rows = sampled_size(frame.width, frame.height, width)
    if frame.format.name not in {"yuv420p", "yuvj420p"}:
        # other layouts (4:2:2 of MJPEG cameras, NV12, RGB of PNG) are rare enough for one general converter
        full = frame.reformat(width=columns, height=rows, format="yuvj420p")
        y, u, v = (_plane(full, i).copy() for i in range(3))
        return Planes(y, u, v)
    y = _scaled(_plane(frame, 0), columns, rows)
    u, v = (_scaled(_plane(frame, i), columns // 2, rows // 2) for i in (1, 2))
    if frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG:
        return Planes(y, u, v)
    return Planes(
        np.asarray(cv2.LUT(y, _LUMA_TO_FULL), np.uint8),
        np.asarray(cv2.LUT(u, _CHROMA_TO_FULL), np.uint8),
        np.asarray(cv2.LUT(v, _CHROMA_TO_FULL), np.uint8),
    )


def luma_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """The luma of a picture as it is, in its own range: for measures that ask for differences alone."""
    return _plane(frame, 0) if frame.format.name in {"yuv420p", "yuvj420p"} else planes_of(frame, 320).y


def jpeg_of(planes: Planes, quality: int = JPEG_QUALITY) -> bytes:
    """The image as a JPEG."""
    return bytes(simplejpeg.encode_jpeg_yuv_planes(planes.y, planes.u, planes.v, quality))


def _plane(frame: VideoFrame, index: int) -> NDArray[np.uint8]:
    plane = frame.planes[index]
    view = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]  # a plane is a buffer
    return np.asarray(view[: plane.height, : plane.width], np.uint8)


def _scaled(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if plane.shape == (height, width):
        return plane.copy()
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
