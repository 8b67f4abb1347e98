"""The state as bytes: compact, versioned, and the same bytes for the same state.

Little-endian: magic, format, time of the last sweep, number of cameras; then each camera in the order of its id: a
head, its id and session in UTF-8, its CAMERA, its live tracks. Free slots and capacities are left out.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from vigie_common.errors import VigieError
from vigie_tracking.fleet import Fleet
from vigie_tracking.layout import CAMERA, MAX_TRACKS, TRACK

FORMAT: Final = 3
"""Raised whenever the layout of CAMERA, TRACK or of the bytes below changes."""

_MAGIC: Final = b"VGTK"
_HEAD: Final = struct.Struct("<4sHqI")
_CAMERA_HEAD: Final = struct.Struct("<HHqqqI")


class SnapshotError(VigieError):
    """A snapshot cannot be restored: the state has to be rebuilt from the log."""


def write(fleet: Fleet) -> bytes:
    """The snapshot of a fleet."""
    parts = [_HEAD.pack(_MAGIC, FORMAT, fleet.swept_at, len(fleet.sightings))]
    for camera_id, seen in sorted(fleet.sightings.items()):
        name = camera_id.encode()
        session = seen.session.encode()
        parts += (
            _CAMERA_HEAD.pack(len(name), len(session), seen.seq, seen.captured_at, seen.appended_at, seen.live),
            name,
            session,
            fleet.cameras[seen.row].tobytes(),
            fleet.tracks[seen.row, : seen.live].tobytes(),
        )
    return b"".join(parts)


def read(state: bytes) -> Fleet:
    """The fleet of a snapshot.

    Raises:
        SnapshotError: not a snapshot of tracking, of another format, or damaged.
    """
    try:
        magic, version, swept_at, cameras = _HEAD.unpack_from(state)
    except struct.error:
        raise SnapshotError(
            f"tracking snapshot of {len(state)} bytes: shorter than its head; rebuild from the log"
        ) from None
    if magic != _MAGIC or version != FORMAT:
        raise SnapshotError(
            f"tracking snapshot starts with {magic!r} and format {version}, this version reads {_MAGIC!r} and format "
            f"{FORMAT}: rebuild the state from the log, or run the version that wrote it"
        )
    fleet = Fleet(swept_at=swept_at)
    at = _HEAD.size
    try:
        for _ in range(cameras):
            at = _read_camera(fleet, state, at)
    except (struct.error, ValueError) as damage:
        raise SnapshotError(f"tracking snapshot is damaged at byte {at} ({damage}): rebuild from the log") from None
    if at != len(state):
        raise SnapshotError(f"tracking snapshot has {len(state) - at} bytes too many: rebuild from the log")
    return fleet


def _read_camera(fleet: Fleet, state: bytes, at: int) -> int:
    """Take one camera in; gives where the next begins."""
    name_size, session_size, seq, captured_at, appended_at, live = _CAMERA_HEAD.unpack_from(state, at)
    if live > MAX_TRACKS:
        raise ValueError(f"{live} tracks of a camera, at most {MAX_TRACKS}")
    at += _CAMERA_HEAD.size
    camera_id = state[at : at + name_size].decode()
    at += name_size
    seen = fleet.enter(camera_id, state[at : at + session_size].decode())
    at += session_size
    seen.seq, seen.captured_at, seen.appended_at, seen.live = seq, captured_at, appended_at, live
    fleet.make_room(live)
    fleet.cameras[seen.row] = np.frombuffer(state, CAMERA, 1, at)[0]
    at += CAMERA.itemsize
    fleet.tracks[seen.row, :live] = np.frombuffer(state, TRACK, live, at)
    return at + int(live * TRACK.itemsize)
