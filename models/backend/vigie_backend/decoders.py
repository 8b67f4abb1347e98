"""From the raw output of a network to boxes: one decoder a family of models, chosen by name. Pure numpy.

A decoder lays an image into the network's input (`geometry`, `tensor`) and reads its outputs (`candidates`): boxes
before suppression in pixels of the network's input, `xyxy` (n, 4) float32, `scores` (n,) float32, `labels` (n,) the
model's own label indices. Rows under the threshold are not decoded at all; rows that are not finite are left out,
unless all are: a network that answers nothing but NaN is broken, and an empty street would be a lie.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigie_backend.placement import centred, scaled_tensor, stretched, top_left, yolox_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from vigie_backend.boxes import Floats, Ints
    from vigie_backend.description import Description
    from vigie_backend.placement import Placement

ABOVE_ONE = 1.001
"""A probability is at most this, with room for half precision; beyond it the output is no probability."""


class Candidates(NamedTuple):
    """Boxes before suppression, in pixels of the network's input."""

    xyxy: Floats
    scores: Floats
    labels: Ints


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


def cells_of(description: Description, per_cell: int = 1) -> int:
    """Rows of a network with three heads and `per_cell` boxes a cell."""
    return per_cell * sum((description.width // s) * (description.height // s) for s in STRIDES)


def yolox(outputs: Sequence[Floats], description: Description) -> Candidates:
    """YOLOX with raw heads (Ge et al. 2021, section 2): rows of x y w h objectness and one score a label.

    The output is (1, cells, 5 + labels); centre = (xy + cell) x stride, size = exp(wh) x stride,
    score = objectness x label score.

    Raises:
        ValueError: the output's shape is not this one's, or none of it is finite.
    """
    cell, stride = yolox_grid(description.width, description.height)
    rows = _rows(outputs[0], (1, len(cell), 5 + len(description.classes)), "raw heads", description)
    hopeful = _hopeful(rows[:, 4], rows, description)  # a label's score is at most 1
    rows, cell, stride = rows[hopeful], cell[hopeful], stride[hopeful]
    centre = (rows[:, :2] + cell) * stride
    with np.errstate(over="ignore"):  # infinite sizes are dropped with the other boxes that are not finite
        size = np.exp(rows[:, 2:4]) * stride
    scores, labels = _best(rows[:, 5:])
    return Candidates(_corners(centre, size), rows[:, 4] * scores, labels)


def yolov5(outputs: Sequence[Floats], description: Description) -> Candidates:
    """YOLOv5 and YOLOv7 with their grid applied: rows of cx cy w h in pixels, objectness, one score a label.

    The output is (1, 3 x cells, 5 + labels): three anchors a cell (Redmon and Farhadi 2018, section 2.1; all
    probabilities are after the sigmoid); score = objectness x label score.

    Raises:
        ValueError: the output's shape is not this one's, it holds no probabilities, or none of it is finite.
    """
    expected = (1, cells_of(description, 3), 5 + len(description.classes))
    rows = _rows(outputs[0], expected, "its grid and without suppression", description)
    rows = rows[_hopeful(rows[:, 4], rows, description)]
    scores, labels = _best(rows[:, 5:])
    return Candidates(_corners(rows[:, :2], rows[:, 2:4]), rows[:, 4] * scores, labels)


def yolov8(outputs: Sequence[Floats], description: Description) -> Candidates:
    """YOLOv8, YOLOv9, YOLO11 and YOLO12: columns of cx cy w h in pixels and one score a label, no objectness.

    The output is (1, 4 + labels, cells): an anchor-free, decoupled head (Varghese and Sambath 2024, section III);
    scores are after the sigmoid.

    Raises:
        ValueError: the output's shape is not this one's, it holds no probabilities, or none of it is finite.
    """
    expected = (1, 4 + len(description.classes), cells_of(description))
    rows = _rows(outputs[0], expected, "boxes and scores in one output and without suppression", description).T
    best = rows[:, 4:].max(axis=1)
    rows = rows[_hopeful(best, rows, description)]
    scores, labels = _best(rows[:, 4:])
    return Candidates(_corners(rows[:, :2], rows[:, 2:4]), scores, labels)


def rtdetr(outputs: Sequence[Floats], description: Description) -> Candidates:
    """RT-DETR, D-FINE and other transformers: per query the logits of the labels, and a box as shares of the input.

    Two outputs, whatever their order: logits (1, queries, labels), before the sigmoid, and boxes (1, queries, 4),
    cx cy w h in 0..1 (Zhao et al. 2024, section 4; Carion et al. 2020, section 3.1). No suppression belongs to the
    family; ours still keeps one box where two queries name one van as car and as truck.

    Raises:
        ValueError: the outputs' shapes are not these, or none of them is finite.
    """
    labels = len(description.classes)
    expected = f"logits (1, queries, {labels}) and boxes (1, queries, 4)"
    found = " and ".join(str(output.shape) for output in outputs)
    if len(outputs) != 2:
        raise _other(found, expected, "logits and boxes, without its postprocessor", description)
    logits, boxes = outputs if outputs[0].shape[-1] == labels and outputs[1].shape[-1] == _XYWH else reversed(outputs)
    if logits.shape[::2] != (1, labels) or boxes.shape[::2] != (1, _XYWH) or logits.shape[1] != boxes.shape[1]:
        raise _other(found, expected, "logits and boxes, without its postprocessor", description)
    rows = np.concatenate([boxes[0], logits[0]], axis=1)
    return _shares(rows, _sigmoid(rows[:, _XYWH:]), description)


def rtdetr_joined(outputs: Sequence[Floats], description: Description) -> Candidates:
    """RT-DETR with boxes and scores in one output (1, queries, 4 + labels): shares of the input, after the sigmoid.

    Raises:
        ValueError: the output's shape is not this one's, it holds no probabilities, or none of it is finite.
    """
    output = outputs[0]
    queries = output.shape[1] if output.ndim == 3 else 0
    expected = (1, queries, 4 + len(description.classes))
    rows = _rows(output, expected, "boxes and scores in one output", description)
    return _shares(rows, rows[:, _XYWH:], description)


_XYWH = 4


def _shares(rows: Floats, scores: Floats, description: Description) -> Candidates:
    """Candidates of rows whose first four columns are cx cy w h in 0..1; `scores` (n, labels)."""
    hopeful = _hopeful(scores.max(axis=1), rows, description)
    size = np.array([description.width, description.height], dtype=np.float32)
    best, labels = _best(scores[hopeful])
    rows = rows[hopeful]
    return Candidates(_corners(rows[:, :2] * size, rows[:, 2:4] * size), best, labels)


def _rows(output: Floats, expected: tuple[int, ...], export: str, description: Description) -> Floats:
    if output.shape != expected:
        raise _other(str(output.shape), str(expected), export, description)
    rows: Floats = output[0]
    return rows


def _other(found: str, expected: str, export: str, description: Description) -> ValueError:
    return ValueError(
        f"model {description.name}: its output is {found}, decoder {description.decoder} expects {expected} for "
        f"an input of {description.width} x {description.height} and {len(description.classes)} labels: "
        f"correct input, labels or decoder in the catalogue, or export the model with {export}"
    )


def _hopeful(scores: Floats, rows: Floats, description: Description) -> npt.NDArray[np.bool_]:
    """Rows that are finite and may reach the threshold.

    Raises:
        ValueError: no row is finite, or a score is no probability.
    """
    hopeful = scores >= description.score  # false for NaN
    finite = np.isfinite(rows[hopeful]).all(axis=1)
    if not finite.any() and not np.isfinite(rows).all(axis=1).any() and len(rows):
        raise ValueError(
            f"model {description.name}: none of its {len(rows)} rows is finite: the network overflows; "
            "export it in FP32, or check its file"
        )
    hopeful[hopeful] = finite
    if (highest := scores[hopeful].max(initial=0)) > ABOVE_ONE:
        raise ValueError(
            f"model {description.name}: a score is {highest:.3g}, decoder {description.decoder} expects 0..1: "
            "export the model with its sigmoid, or choose another decoder"
        )
    return hopeful


def _best(scores: Floats) -> tuple[Floats, Ints]:
    """The highest score of each row and the label it belongs to; the first of equals."""
    labels = scores.argmax(axis=1)
    return scores[np.arange(len(scores)), labels], labels


def _corners(centre: Floats, size: Floats) -> Floats:
    half = size / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _sigmoid(logits: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp(-x) is infinite far below zero: 0, as it should be
        chance: Floats = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return chance


class Decoder(NamedTuple):
    """How one family of networks takes an image and gives boxes."""

    geometry: Callable[[tuple[int, int], tuple[int, int]], Placement]
    """Where an image of a size (width, height) lies in an input of another."""
    tensor: Callable[[npt.NDArray[np.uint8], Placement, tuple[int, int]], Floats]
    candidates: Callable[[Sequence[Floats], Description], Candidates]


DECODERS: dict[str, Decoder] = {
    "yolox": Decoder(top_left, yolox_tensor, yolox),
    "yolov5": Decoder(centred, scaled_tensor, yolov5),
    "yolov8": Decoder(centred, scaled_tensor, yolov8),
    "rtdetr": Decoder(stretched, scaled_tensor, rtdetr),
    "rtdetr-joined": Decoder(stretched, scaled_tensor, rtdetr_joined),
}
"""Decoders of networks by name. A new family is a new row (docs/how-to/add-a-model.md)."""
