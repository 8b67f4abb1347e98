"""The pure core of tracking: one detections record in, at most one tracks record out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_common.errors import PoisonRecordError
from vigie_common.frame_status import LOOKED_AT
from vigie_common.matrix import PER_BOX, Columns
from vigie_common.stream import Output
from vigie_common.taxonomy import CLASS_NAMES
from vigie_tracking import snapshot
from vigie_tracking.fleet import SWEEP_MS, Fleet
from vigie_tracking.layout import END_NAMES, ID_BASE, MAX_BOXES, Array
from vigie_tracking.parameters import Parameters
from vigie_tracking.step import step
from vigie_tracking.tally import Tally
from vigie_tracking.workspace import KEPT, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_common.stream import ConfigView, Message

_COLUMNS: Final = ("x1", "y1", "x2", "y2", "score")
_MATRIX: Final = Columns((*_COLUMNS, "object_class"))
_NO_BOXES: Final = np.empty((6, 0))


class TrackingCore:
    """Tracks the objects of every camera of one partition (a `vigie_common.stream.Core`).

    Args:
        partition: number of the input partition; it says whose state this is and changes nothing.
        parameters: thresholds, the same for every worker of a deployment.
        tally: where to count; by default for itself.
    """

    def __init__(self, partition: int, parameters: Parameters | None = None, tally: Tally | None = None) -> None:
        self.partition = partition
        self.tally = tally or Tally()
        self._parameters = (parameters or Parameters()).packed()
        self._fleet = Fleet()
        self._workspace = Workspace.of(KEPT)

    @property
    def live_tracks(self) -> int:
        """Tracks that have not ended, over all cameras."""
        return sum(seen.live for seen in self._fleet.sightings.values())

    def process(self, message: Message, config: ConfigView | None = None) -> Sequence[Output]:  # noqa: ARG002 - no configuration is read
        """The tracks record of a detections record; none if it was seen before or its session is over.

        Within a session both seq and captured_at rise: a record where either does not is a duplicate or broken, and
        is dropped. So is a record of a session older than the camera's newest.

        Raises:
            PoisonRecordError: columns of different lengths or an unknown class. The state is as before.
        """
        record = message.value
        columns = _columns(record)
        fleet = self._fleet
        if message.appended_at - fleet.swept_at >= SWEEP_MS:
            fleet.sweep(message.appended_at)
        session, seq, now = record["session"], record["seq"], record["captured_at"]
        seen = fleet.sightings.get(record["camera_id"])
        if seen is None:
            seen = fleet.enter(record["camera_id"], session)
        seen.appended_at = message.appended_at
        if session < seen.session or (session == seen.session and (seq <= seen.seq or now <= seen.captured_at)):
            self.tally.dropped += 1
            return ()

        ok = record["status"] in LOOKED_AT
        session_over = session != seen.session or record["status"] == "ended"
        room = seen.live + min(columns.shape[1], MAX_BOXES)
        if room > fleet.tracks.shape[1]:
            fleet.make_room(room)
        workspace = self._workspace if room <= KEPT else Workspace.of(room)
        found, ended, ignored, born = step(
            fleet.cameras,
            fleet.tracks,
            seen.row,
            columns,
            seq,
            now,
            int(ok),
            record["width"],
            record["height"],
            int(session_over),
            self._parameters,
            *workspace.arrays,
        )
        seen.session, seen.seq, seen.captured_at = session, seq, now
        seen.live += born - ended
        tally = self.tally
        tally.looked += ok
        tally.blind += not ok
        tally.births += born
        tally.ignored_boxes += ignored
        endings = workspace.arrays[4][:ended]
        if ended:
            for reason in endings["reason"].tolist():
                tally.ends[END_NAMES[reason]] += 1
        value = _tracks(record, workspace.arrays[3][:found], endings)
        return (Output("tracks", record["camera_id"], value),)

    def snapshot(self) -> bytes:
        """The state, byte for byte the same for the same inputs."""
        return snapshot.write(self._fleet)

    def restore(self, state: bytes) -> None:
        """Take over a snapshot.

        Raises:
            snapshot.SnapshotError: it is damaged or of another format. The state is as before.
        """
        self._fleet = snapshot.read(state)

    def gap(self, first: int, last: int) -> None:
        """Nothing to do: time without a look is blind time, whoever was blind."""


def warm_up() -> None:
    """Compile the step, or load it from the cache, so that no record waits for it (4 to 15 s, or 0.3 s)."""
    fleet = Fleet()
    seen = fleet.enter("", "")
    arrays = Workspace.of(1).arrays
    step(fleet.cameras, fleet.tracks, seen.row, _NO_BOXES, 0, 0, 0, 0, 0, 0, Parameters().packed(), *arrays)


def _columns(record: Mapping[str, Any]) -> Array:
    """(6, n) float64 x1 y1 x2 y2 score class; no boxes unless the frame was looked at.

    Of too many boxes all but the MAX_BOXES best are made unusable; of boxes past ID_BASE all are.
    """
    try:
        columns = _MATRIX.matrix(record)
    except KeyError as unknown:
        raise PoisonRecordError(
            f"detections of camera {record['camera_id']}, seq {record['seq']}: class {unknown} is not in the taxonomy "
            f"({', '.join(CLASS_NAMES)})"
        ) from None
    if columns is None:
        sizes = ", ".join(f"{name} {len(record[name])}" for name in PER_BOX)
        raise PoisonRecordError(
            f"detections of camera {record['camera_id']}, seq {record['seq']}: columns of different lengths ({sizes}); "
            "the producer must write one entry a box in each"
        )
    count = columns.shape[1]
    if count == 0 or record["status"] not in LOOKED_AT:
        return _NO_BOXES
    if count > MAX_BOXES:
        columns = columns.copy()
        columns[4, ID_BASE:] = np.nan
        best_first = np.argsort(-columns[4], kind="stable")  # NaN sorts last
        columns[4, best_first[MAX_BOXES:]] = np.nan
    return columns


def _tracks(record: Mapping[str, Any], found: Array, ended: Array) -> dict[str, Any]:
    """The tracks record: the frame's own fields, the boxes that belong to a track, and what ended."""
    value = dict(record)
    if len(found) != len(record["x1"]):
        kept = found["index"].tolist()
        for name in (*_COLUMNS, "model_index"):
            column = record[name]
            value[name] = [column[k] for k in kept]
    value["object_class"] = [CLASS_NAMES[c] for c in found["object_class"].tolist()]
    value["track_id"] = found["track_id"].tolist()
    value["vx"] = found["vx"].tolist()
    value["vy"] = found["vy"].tolist()
    value["ended_track_id"] = ended["track_id"].tolist()
    value["ended_at"] = ended["seen_at"].tolist()
    value["ended_reason"] = [END_NAMES[r] for r in ended["reason"].tolist()]
    return value
