"""From the raw output of a network to boxes: one decoder a family of models, chosen by name. Pure numpy.

A decoder gives candidates before suppression, in pixels of the network's input:
`xyxy` (n, 4) float32, `scores` (n,) float32, `labels` (n,) the model's own label indices.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from vigie_backend.boxes import Floats, Ints
    from vigie_backend.description import Description


class Candidates(NamedTuple):
    """Boxes before suppression, in pixels of the network's input."""

    xyxy: Floats
    scores: Floats
    labels: Ints


class Letterbox(NamedTuple):
    """How an image is laid into the network's input: scaled by `ratio` to `width` x `height`, top left."""

    ratio: float
    width: int
    height: int


PADDING = 114
"""Grey of the rest of a letterboxed input; what YOLOX was trained with."""


def letterbox(size: tuple[int, int], into: tuple[int, int]) -> Letterbox:
    """The largest scaling of an image of `size` (width, height) that fits `into`, at least 1 x 1 pixel."""
    ratio = min(into[0] / size[0], into[1] / size[1])
    return Letterbox(ratio, max(1, int(size[0] * ratio)), max(1, int(size[1] * ratio)))


def yolox_tensor(scaled: npt.NDArray[np.uint8], into: tuple[int, int]) -> Floats:
    """IMAGES (1, 3, h, w) float32, BGR 0..255: the scaled image (h', w', 3) top left, the rest padded."""
    tensor = np.full((1, 3, into[1], into[0]), PADDING, dtype=np.float32)
    tensor[0, :, : scaled.shape[0], : scaled.shape[1]] = scaled.transpose(2, 0, 1)
    return tensor


STRIDES = (8, 16, 32)


@lru_cache(maxsize=8)
def yolox_grid(width: int, height: int) -> tuple[Floats, Floats]:
    """Cells of the three heads in YOLOX's order of rows: place (n, 2) in cells, stride (n, 1) in pixels."""
    cells, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def yolox(output: Floats, description: Description) -> Candidates:
    """YOLOX with raw heads (Ge et al. 2021, section 2): rows of x y w h objectness and one score a label.

    `output` is (1, cells, 5 + labels); centre = (xy + cell) x stride, size = exp(wh) x stride,
    score = objectness x label score. Rows whose objectness is under the threshold are not decoded at all.

    Raises:
        ValueError: the output's shape is not this one's.
    """
    cell, stride = yolox_grid(description.width, description.height)
    expected = (1, len(cell), 5 + len(description.classes))
    if output.shape != expected:
        raise ValueError(
            f"model {description.name}: its output is {output.shape}, decoder yolox expects {expected} for "
            f"an input of {description.width} x {description.height} and {len(description.classes)} labels: "
            "correct input and labels in the catalogue, or export the model with raw heads"
        )
    hopeful = output[0, :, 4] >= description.score  # a label's score is at most 1
    rows, cell, stride = output[0, hopeful], cell[hopeful], stride[hopeful]
    labels = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + labels]
    centre = (rows[:, :2] + cell) * stride
    half = np.exp(rows[:, 2:4]) * stride / 2
    xyxy = np.concatenate([centre - half, centre + half], axis=1)
    return Candidates(xyxy, scores, labels)


class Decoder(NamedTuple):
    """How one family of networks takes an image and gives boxes."""

    tensor: Callable[[npt.NDArray[np.uint8], tuple[int, int]], Floats]
    candidates: Callable[[Floats, Description], Candidates]


DECODERS: dict[str, Decoder] = {
    "yolox": Decoder(yolox_tensor, yolox),
}
"""Decoders of networks by name. A new family is a new row (docs/how-to/add-a-model.md)."""
