"""How an image is laid into a network's input, and boxes back onto the image. Pure numpy.

Sizes are (width, height) in pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from vigie_backend.boxes import Floats


class Placement(NamedTuple):
    """The image scaled to `width` x `height` pixels, its corner at `left`, `top` of the network's input."""

    width: int
    height: int
    left: int
    top: int
    scale_x: float
    """Pixels of the input a pixel of the image."""
    scale_y: float

    def onto_image(self, xyxy: Floats) -> Floats:
        """Boxes (n, 4) in pixels of the input as pixels of the image."""
        corner = np.array([self.left, self.top] * 2, dtype=np.float32)
        scale = np.array([self.scale_x, self.scale_y] * 2, dtype=np.float32)
        boxes: Floats = (xyxy - corner) / scale
        return boxes


PADDING = 114
"""Grey of the rest of a letterboxed input; what the YOLO families are trained with."""


def top_left(size: tuple[int, int], into: tuple[int, int]) -> Placement:
    """The largest scaling that fits, in the top left corner, as YOLOX does; at least 1 x 1 pixel."""
    ratio = min(into[0] / size[0], into[1] / size[1])
    return Placement(max(1, int(size[0] * ratio)), max(1, int(size[1] * ratio)), 0, 0, ratio, ratio)


def centred(size: tuple[int, int], into: tuple[int, int]) -> Placement:
    """The largest scaling that fits, in the middle, as YOLOv5 and its successors do; an odd rest goes below, right."""
    ratio = min(into[0] / size[0], into[1] / size[1])
    width, height = max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))
    return Placement(width, height, (into[0] - width) // 2, (into[1] - height) // 2, ratio, ratio)


def stretched(size: tuple[int, int], into: tuple[int, int]) -> Placement:
    """The whole input, whatever becomes of the proportions, as the DETR family does."""
    return Placement(into[0], into[1], 0, 0, into[0] / size[0], into[1] / size[1])


def yolox_tensor(scaled: npt.NDArray[np.uint8], place: Placement, into: tuple[int, int]) -> Floats:
    """IMAGES (1, 3, h, w) float32, BGR 0..255: the scaled image (h', w', 3) BGR at its place, the rest padded."""
    tensor = np.full((1, 3, into[1], into[0]), PADDING, dtype=np.float32)
    rows, columns = slice(place.top, place.top + place.height), slice(place.left, place.left + place.width)
    tensor[0, :, rows, columns] = scaled.transpose(2, 0, 1)
    return tensor


def scaled_tensor(scaled: npt.NDArray[np.uint8], place: Placement, into: tuple[int, int]) -> Floats:
    """IMAGES (1, 3, h, w) float32, RGB 0..1: the scaled image (h', w', 3) BGR at its place, the rest padded."""
    tensor = yolox_tensor(scaled[..., ::-1], place, into)
    tensor /= np.float32(255)
    return tensor
