"""A record of tracks as the core takes it: checked, remembered, and its boxes as one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vigie_common.errors import PoisonRecordError
from vigie_common.instants import LAST_MS
from vigie_common.matrix import Columns, misfit
from vigie_common.taxonomy import CLASS_ORDINAL
from vigie_rule_engine.camera import CameraState, LastFrame
from vigie_rule_engine.layers.facts import OBSERVED
from vigie_rule_engine.minutes import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from vigie_common.records import Tracks


_COLUMN: Final = {"track": "track_id", "cls": "object_class", "model": "model_index"}
"""Columns of a record, by the rows that are called otherwise."""

_COLUMNS: Final = Columns([_COLUMN.get(row, row) for row in OBSERVED], CLASS_ORDINAL["unknown"])


def observed(record: Tracks) -> npt.NDArray[np.float64]:
    """The observation matrix of a record, rows as `layers.facts.OBSERVED`; refused if it contradicts itself.

    Raises:
        PoisonRecordError: names the camera, the frame and the field.
    """
    if not 0 <= record["captured_at"] < LAST_MS:
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: captured_at is {record['captured_at']}, "
            "which is no time of the years 1970 to 2999 in milliseconds: set the sampler's clock"
        )
    seen, count = _COLUMNS.matrix(record), len(record["track_id"])
    if seen is None:
        columns: Mapping[str, Any] = record
        name = str(misfit(columns, count))
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: {count} track ids but "
            f"{len(columns[name])} {name}: every array needs one entry a box"
        )
    if count and looks(record) and (record["width"] <= 0 or record["height"] <= 0):
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: boxes in a frame of "
            f"{record['width']}x{record['height']} pixels: give the size of the sampled frame"
        )
    return seen


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
