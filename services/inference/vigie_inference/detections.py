"""From a frame and what the models saw in it to the Detections record. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_common.taxonomy import CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy.typing as npt

MAX_BOXES: Final = 1000
"""Most boxes a frame; beyond, the ones with the lowest scores are left out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one model saw in one frame."""

    model: str
    version: str
    boxes: npt.NDArray[np.float32]
    """(n, 6): x1 y1 x2 y2, pixels of the sampled frame; score; class, ordinal in the taxonomy."""


def watched(
    frame: Mapping[str, Any], frame_ref: tuple[int, int], seen: Sequence[Seen], missing: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The record of a frame that was looked at; boxes in the order of models.

    `missing`: the models that were to look at it and did not, and why; the record tells both.
    """
    boxes = np.concatenate([each.boxes for each in seen]) if seen else np.empty((0, 6), np.float32)
    model_index = np.repeat(np.arange(len(seen)), [len(each.boxes) for each in seen])
    if len(boxes) > MAX_BOXES:
        best = np.sort(np.argsort(-boxes[:, 4], kind="stable")[:MAX_BOXES])
        boxes, model_index = boxes[best], model_index[best]
    told = [frame["reason"], *(f"model {model}: {why}" for model, why in (missing or {}).items())]
    reason = "; ".join(text for text in told if text) or None
    return _head(frame, frame_ref, frame["status"], reason) | {
        "models_missing": list(missing or ()),
        "models": [{"name": each.model, "version": each.version} for each in seen],
        "x1": boxes[:, 0].tolist(),
        "y1": boxes[:, 1].tolist(),
        "x2": boxes[:, 2].tolist(),
        "y2": boxes[:, 3].tolist(),
        "score": boxes[:, 4].tolist(),
        "object_class": [CLASS_NAMES[int(ordinal)] for ordinal in boxes[:, 5].tolist()],
        "model_index": model_index.tolist(),
    }


def blind(frame: Mapping[str, Any], frame_ref: tuple[int, int], status: str, reason: str | None) -> dict[str, Any]:
    """The record of a frame that nobody looked at: time passes, with a status and a reason."""
    columns = ("models", "models_missing", "x1", "y1", "x2", "y2", "score", "object_class", "model_index")
    return _head(frame, frame_ref, status, reason) | {column: [] for column in columns}


def _head(frame: Mapping[str, Any], frame_ref: tuple[int, int], status: str, reason: str | None) -> dict[str, Any]:
    partition, offset = frame_ref
    return {
        "camera_id": frame["camera_id"],
        "session": frame["session"],
        "seq": frame["seq"],
        "captured_at": frame["captured_at"],
        "clock": frame["clock"],
        "watched_ms": frame.get("watched_ms", 0),
        "status": status,
        "reason": reason,
        "frame_ref": {"partition": partition, "offset": offset},
        "width": frame["width"],
        "height": frame["height"],
        "source_width": frame["source_width"],
        "source_height": frame["source_height"],
        "source_frame": frame["source_frame"],
    }
