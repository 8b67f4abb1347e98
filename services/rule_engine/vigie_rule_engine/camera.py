"""What the engine knows of one camera: its subjects, its episodes, its clock; and how that survives a new version.

State is kept by key, not by place: a region, a gate or a row that is unchanged in the next table takes its columns
along, everything else begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from vigie_rule_engine.layers.episodes import CELL
from vigie_rule_engine.layers.facts import NEVER, PLACE, SIDE, SUBJECT
from vigie_rule_engine.minutes import Ledger

if TYPE_CHECKING:
    import numpy.typing as npt

    from vigie_rule_engine.compile import Geometry, RuleTable

FIRST_CAPACITY: Final = 16
MOST_SUBJECTS: Final = 2_048
"""Subjects of one camera, and boxes of one frame; what goes beyond is not looked at."""


class Episode(msgspec.Struct, array_like=True):
    """An open episode, as it was told: what ends it repeats the rule and the authority it opened under."""

    row_key: str
    born_session: str
    born_track: int
    opened: dict[str, Any]
    """The OPEN record, its objects apart."""
    explain: dict[str, str]
    variables: dict[str, Any]
    """What the explanation's placeholders stood for."""


class LastFrame(msgspec.Struct, array_like=True):
    """The last record of the camera: events that no frame brings point at it."""

    session: str = ""
    seq: int = -1
    partition: int = 0
    offset: int = 0
    source_frame: int | None = None
    width: int = 0
    height: int = 0
    models: list[tuple[str, str]] = []


class Stamp(msgspec.Struct, array_like=True):
    """What judged last: written on the minute that is over even if the table changes meanwhile."""

    site: str = ""
    camera_version: str = ""
    bundle_digest: str = ""
    judged: list[str] = []


class _Packed(msgspec.Struct, array_like=True):
    camera_id: str
    at: int
    seen_at: int
    watched: int
    appended_at: int
    blind: bool
    aspect: float
    sessions: list[str]
    last: LastFrame
    stamp: Stamp
    ledger: Ledger
    episodes: dict[int, Episode]
    numbered: int
    region_keys: list[str]
    gate_keys: list[str]
    row_keys: list[str]
    n: int
    capacity: int
    subjects: bytes
    places: bytes
    sides: bytes
    cells: bytes


@dataclass(slots=True)
class CameraState:
    """One camera. Times are event times in ms unless said otherwise."""

    camera_id: str
    at: int
    """Of the last record."""
    seen_at: int
    """Of the last frame that was judged."""
    ledger: Ledger
    watched: int = 0
    """The watch clock: ms during which it could see."""
    appended_at: int = 0
    """Broker's time of the last record."""
    blind: bool = False
    """Blind for so long that its episodes have ended."""
    aspect: float = 0.0
    """Width ÷ height of its frames, 0 before the first."""
    sessions: list[str] = field(default_factory=list)
    """Sessions in which a living subject was born, the current one last."""
    last: LastFrame = field(default_factory=LastFrame)
    stamp: Stamp = field(default_factory=Stamp)
    episodes: dict[int, Episode] = field(default_factory=dict)
    """Open episodes by their number in the cells."""
    numbered: int = 0
    n: int = 0
    region_keys: tuple[str, ...] = ()
    gate_keys: tuple[str, ...] = ()
    row_keys: tuple[str, ...] = ()
    subjects: npt.NDArray[Any] = field(default_factory=lambda: np.zeros(FIRST_CAPACITY, SUBJECT))
    places: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((FIRST_CAPACITY, 0), PLACE))
    sides: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((FIRST_CAPACITY, 0), SIDE))
    cells: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, FIRST_CAPACITY), CELL))
    # derived from the configuration, never part of a snapshot
    versions: tuple[int, int] = (-2, -2)
    """Offsets of the camera's and the bundle's versions that `table` was compiled from."""
    table: RuleTable | None = None
    geometry: Geometry | None = None
    bound_ms: int = 0
    mode_check_at: int = 0

    def grow(self, boxes: int) -> None:
        """Make room for that many new subjects, as far as a camera may have them."""
        capacity = len(self.subjects)
        wanted = min(self.n + boxes, MOST_SUBJECTS)
        if wanted <= capacity:
            return
        while capacity < wanted:
            capacity *= 2
        more = capacity - len(self.subjects)
        self.subjects = np.concatenate([self.subjects, np.zeros(more, SUBJECT)])
        self.places = np.concatenate([self.places, np.zeros((more, self.places.shape[1]), PLACE)])
        self.sides = np.concatenate([self.sides, np.zeros((more, self.sides.shape[1]), SIDE)])
        self.cells = np.concatenate([self.cells, np.zeros((self.cells.shape[0], more), CELL)], axis=1)

    def adopt_table(self, table: RuleTable) -> None:
        """Judge by `table` from now on; the caller has ended the episodes of rows that it does not have."""
        capacity = len(self.subjects)
        region_keys = tuple(region.key for region in table.regions)
        gate_keys = tuple(gate.key for gate in table.gates)
        row_keys = tuple(row.key for row in table.rows)
        if region_keys != self.region_keys:
            places = np.zeros((capacity, len(region_keys)), PLACE)
            places["since"] = NEVER
            for new, old in _kept(region_keys, self.region_keys):
                places[:, new] = self.places[:, old]
            self.places, self.region_keys = places, region_keys
        if gate_keys != self.gate_keys:
            sides = np.zeros((capacity, len(gate_keys)), SIDE)
            sides["flip"] = NEVER
            for new, old in _kept(gate_keys, self.gate_keys):
                sides[:, new] = self.sides[:, old]
            self.sides, self.gate_keys = sides, gate_keys
        if row_keys != self.row_keys:
            cells = np.zeros((len(row_keys), capacity), CELL)
            for new, old in _kept(row_keys, self.row_keys):
                cells[new] = self.cells[old]
            self.cells, self.row_keys = cells, row_keys
        self.table = table
        self.geometry = table.geometry(self.aspect) if self.aspect else None

    def resize(self, aspect: float) -> None:
        """The frames have another shape: widths are in picture heights, so they stretch with it."""
        if self.aspect:
            stretch = aspect / self.aspect
            for name in ("x", "vx", "born_x", "x1", "x2"):
                self.subjects[name][: self.n] *= stretch
            self.sides["x"][: self.n] *= stretch
            self.cells["x"][:, : self.n] *= stretch
        self.aspect = aspect
        if self.table is not None:
            self.geometry = self.table.geometry(aspect)

    def begin_session(self, session: str) -> None:
        """Track ids start again: subjects are known by their place alone until a new id adopts them."""
        living = self.subjects[: self.n]
        living["known"] = 0
        used = sorted({int(index) for index in living["born_session"]})
        living["born_session"] = np.searchsorted(used, living["born_session"]) if used else 0
        self.sessions = [*(self.sessions[index] for index in used), session]

    def start_again(self, at: int) -> None:
        """Forget every subject and begin the clock at another event time; the caller has ended the episodes."""
        self.n = 0
        self.subjects[:] = np.zeros((), SUBJECT)
        self.places[:] = np.zeros((), PLACE)
        self.sides[:] = np.zeros((), SIDE)
        self.cells[:] = np.zeros((), CELL)
        self.at = self.seen_at = at
        self.ledger = Ledger.start(at)
        self.blind = False

    def pack(self) -> _Packed:
        """The state for a snapshot; slots that are not in use are left out."""
        n = self.n
        return _Packed(
            self.camera_id,
            self.at,
            self.seen_at,
            self.watched,
            self.appended_at,
            self.blind,
            self.aspect,
            self.sessions,
            self.last,
            self.stamp,
            self.ledger,
            self.episodes,
            self.numbered,
            list(self.region_keys),
            list(self.gate_keys),
            list(self.row_keys),
            n,
            len(self.subjects),
            self.subjects[:n].tobytes(),
            self.places[:n].tobytes(),
            self.sides[:n].tobytes(),
            self.cells[:, :n].tobytes(),
        )

    @classmethod
    def unpack(cls, packed: _Packed) -> CameraState:
        """The state of a snapshot; its table is compiled when the next record comes."""
        p = packed
        state = cls(p.camera_id, p.at, p.seen_at, p.ledger)
        state.watched, state.appended_at, state.blind, state.aspect = p.watched, p.appended_at, p.blind, p.aspect
        state.sessions, state.last, state.stamp = p.sessions, p.last, p.stamp
        state.episodes, state.numbered, state.n = p.episodes, p.numbered, p.n
        state.region_keys, state.gate_keys = tuple(p.region_keys), tuple(p.gate_keys)
        state.row_keys = tuple(p.row_keys)
        regions, gates, rows = len(p.region_keys), len(p.gate_keys), len(p.row_keys)
        state.subjects = np.zeros(p.capacity, SUBJECT)
        state.subjects[: p.n] = np.frombuffer(p.subjects, SUBJECT)
        state.places = np.zeros((p.capacity, regions), PLACE)
        state.places[: p.n] = np.frombuffer(p.places, PLACE).reshape(p.n, regions)
        state.sides = np.zeros((p.capacity, gates), SIDE)
        state.sides[: p.n] = np.frombuffer(p.sides, SIDE).reshape(p.n, gates)
        state.cells = np.zeros((rows, p.capacity), CELL)
        state.cells[:, : p.n] = np.frombuffer(p.cells, CELL).reshape(rows, p.n)
        return state


class Snapshot(msgspec.Struct, array_like=True):
    """The state of one partition."""

    format: int
    sweep_at: int
    cameras: list[_Packed]


def _kept(new: tuple[str, ...], old: tuple[str, ...]) -> list[tuple[int, int]]:
    """(new place, old place) of what both have."""
    places = {key: place for place, key in enumerate(old)}
    return [(place, places[key]) for place, key in enumerate(new) if key in places]
