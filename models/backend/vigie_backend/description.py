"""What a detector needs to know of its model: the `detector.json` that lies beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Description:
    """One model as its decoder sees it."""

    name: str
    decoder: str
    file: str
    """Name of the model file in the same folder, empty for an embedded detector."""
    width: int
    """Width of the model's input, pixels."""
    height: int
    """Height of the model's input, pixels; 0 where the detector takes any."""
    score: float
    """Boxes under this score are dropped."""
    nms_iou: float
    """Of two boxes of one group that overlap by more, the one with the lower score is dropped."""
    classes: tuple[int, ...]
    """Ordinal in the taxonomy by the model's own label index; -1: the label is ignored."""
    groups: tuple[int, ...]
    """Suppression group by ordinal in the taxonomy."""
    threads: int
    """Threads of one inference. 1 keeps results the same from run to run."""


def read_description(path: Path) -> Description:
    """The description in the file `path`."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Description(
        name=raw["name"],
        decoder=raw["decoder"],
        file=raw["file"],
        width=raw["width"],
        height=raw["height"],
        score=raw["score"],
        nms_iou=raw["nms_iou"],
        classes=tuple(raw["classes"]),
        groups=tuple(raw["groups"]),
        threads=raw["threads"],
    )
