"""A record of tracks as the core takes it: checked, remembered, and its boxes as one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_common.errors import PoisonRecordError
from vigie_common.matrix import misfit, packer
from vigie_common.taxonomy import CLASS_ORDINAL
from vigie_common.units import LAST_MS
from vigie_rule_engine.camera import CameraState, LastFrame
from vigie_rule_engine.layers.facts import OBSERVED
from vigie_rule_engine.minutes import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.records import Tracks


class _Ordinals(dict[str, int]):
    """Ordinals of the classes; a name that the taxonomy does not have is `unknown`."""

    def __missing__(self, name: str) -> int:
        return CLASS_ORDINAL["unknown"]


_ORDINALS: Final = _Ordinals(CLASS_ORDINAL)
NOTHING_SEEN: Final = np.zeros((len(OBSERVED), 0))


def check(record: Tracks) -> None:
    """Refuse a record whose arrays do not fit together, or whose time is none.

    Raises:
        PoisonRecordError: names the camera, the frame and the field.
    """
    if not 0 <= record["captured_at"] < LAST_MS:
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: captured_at is {record['captured_at']}, "
            "which is no time of the years 1970 to 2999 in milliseconds: set the sampler's clock"
        )
    count = len(record["track_id"])
    columns: Mapping[str, Any] = record
    name = misfit(columns, count)
    if name is not None:
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: {count} track ids but "
            f"{len(columns[name])} {name}: every array needs one entry a box"
        )
    if count and looks(record) and (record["width"] <= 0 or record["height"] <= 0):
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: boxes in a frame of "
            f"{record['width']}x{record['height']} pixels: give the size of the sampled frame"
        )


def looks(record: Tracks) -> bool:
    """Whether its image was looked at: all of them but those with a status, a camera that was turned away apart."""
    return record["status"] == "ok" or (record["status"] == "moved" and bool(record["models"]))


def begin(record: Tracks) -> CameraState:
    """The state of a camera that begins with this record."""
    at = record["captured_at"]
    state = CameraState(record["camera_id"], at, at, Ledger.start(at), at)
    state.begin_session(record["session"])
    return state


def remember(state: CameraState, record: Tracks) -> None:
    """Keep what events say of their frame; a record without an image keeps the size of the last one."""
    last = state.last
    state.last = LastFrame(
        record["session"],
        record["seq"],
        record["frame_ref"]["partition"],
        record["frame_ref"]["offset"],
        record["source_frame"],
        record["width"] or last.width,
        record["height"] or last.height,
        [(model["name"], model["version"]) for model in record["models"]] or last.models,
    )


def observed(record: Tracks, boxes: int) -> Any:
    """The observation matrix of the first so many boxes of a record, rows as `layers.facts.OBSERVED`."""
    if not boxes:
        return NOTHING_SEEN
    packed = packer(len(OBSERVED) * len(record["x1"]))(
        *record["x1"],
        *record["y1"],
        *record["x2"],
        *record["y2"],
        *record["track_id"],
        *map(_ORDINALS.__getitem__, record["object_class"]),
        *record["score"],
        *record["model_index"],
    )
    matrix = np.frombuffer(packed).reshape(len(OBSERVED), -1)
    return matrix if boxes == matrix.shape[1] else np.ascontiguousarray(matrix[:, :boxes])
