"""The state of one partition as msgpack: compact, versioned, and the same bytes for the same state.

A camera keeps what its arrays have in use; their capacity is kept too, so that a restored engine grows and shrinks
when the other would. What comes from the configuration is left out: the next record compiles it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from vigie_common.errors import VigieError
from vigie_rule_engine.camera import CameraState, Episode, LastFrame, Minute, Stamp, Window
from vigie_rule_engine.layers.facts import PER_SUBJECT
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.minutes import Ledger  # noqa: TC001 - msgspec reads the annotation
from vigie_rule_engine.room import in_use, room_for

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 9
"""Raised whenever a dtype of the layers' state, or what is packed here, changes."""

_REBUILD: Final = "it will be rebuilt from the tracks topic"


class _Camera(msgspec.Struct, array_like=True):
    camera_id: str
    at: int
    seen_at: int
    steady_at: int
    watched: int
    steady: int
    appended_at: int
    blind: bool
    unsteady: bool
    aspect: float
    bound_ms: int
    sessions: list[str]
    last: LastFrame
    stamp: Stamp
    ledger: Ledger
    episodes: dict[int, Episode]
    numbered: int
    windows: dict[str, Window]
    opened: dict[str, dict[str, int]]
    over: list[Minute]
    region_keys: list[str]
    gate_keys: list[str]
    row_keys: list[str]
    n: int
    capacity: int
    arrays: list[bytes]
    """Of `Kept`, in its order, slots that are not in use left out; empty: the camera does not keep it."""


_PACKED: Final = frozenset({"opened", "region_keys", "gate_keys", "row_keys", "capacity", "arrays"})
_AS_THEY_ARE: Final = tuple(name for name in _Camera.__struct_fields__ if name not in _PACKED)
"""Fields of a camera that are packed as they are."""


class _Partition(msgspec.Struct, array_like=True):
    format: int
    sweep_at: int
    heard_at: int
    cameras: list[_Camera]


def write(cameras: Mapping[str, CameraState], sweep_at: int, heard_at: int) -> bytes:
    """The snapshot of a partition; its cameras give back room that they no longer need."""
    packed = [_packed(cameras[camera_id]) for camera_id in sorted(cameras)]
    return msgspec.msgpack.encode(_Partition(FORMAT, sweep_at, heard_at, packed))


def read(state: bytes) -> tuple[dict[str, CameraState], int, int]:
    """The cameras of a snapshot, and the two times given to `write`.

    Raises:
        VigieError: it is damaged, or of a layout that this version does not know.
    """
    try:
        found = msgspec.msgpack.decode(state, type=_Partition)
        if found.format != FORMAT:
            raise VigieError(
                f"the rule engine's state has layout {found.format}, this version reads {FORMAT}: {_REBUILD}"
            )
        cameras = {packed.camera_id: _unpacked(packed) for packed in found.cameras}
    except (msgspec.MsgspecError, ValueError) as damage:  # ValueError: an array that is not as long as it should be
        raise VigieError(f"the rule engine's state cannot be read ({damage}): {_REBUILD}") from damage
    return cameras, found.sweep_at, found.heard_at


def _packed(state: CameraState) -> _Camera:
    state.shrink()
    return _Camera(
        **{name: getattr(state, name) for name in _AS_THEY_ARE},
        opened={key: state.opened[key] for key in sorted(state.opened)},
        region_keys=list(state.region_keys),
        gate_keys=list(state.gate_keys),
        row_keys=list(state.row_keys),
        capacity=len(state.subjects),
        arrays=[array[in_use(name, state.n)].tobytes() for name, array in zip(Kept._fields, state.kept, strict=True)],
    )


def _unpacked(packed: _Camera) -> CameraState:
    state = CameraState(**{name: getattr(packed, name) for name in _AS_THEY_ARE}, opened=packed.opened)
    state.region_keys, state.gate_keys = tuple(packed.region_keys), tuple(packed.gate_keys)
    state.row_keys = tuple(packed.row_keys)
    given = dict(zip(Kept._fields, packed.arrays, strict=True))
    needs = frozenset(name for name in PER_SUBJECT if given[name])
    state.kept = room_for(packed.capacity, len(packed.region_keys), len(packed.gate_keys), len(packed.row_keys), needs)
    for name, array in zip(Kept._fields, state.kept, strict=True):
        part = array[in_use(name, packed.n)] if given[name] else array[:0]
        part[...] = np.frombuffer(given[name], array.dtype).reshape(part.shape)
    return state
