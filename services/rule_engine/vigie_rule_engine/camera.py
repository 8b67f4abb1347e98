"""What the engine knows of one camera: its subjects, its episodes, its clock; and how that survives a new version.

State is kept by key, not by place: a region, a gate or a row that is unchanged in the next table takes its columns
along, everything else begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from vigie_common.errors import VigieError
from vigie_rule_engine.layers.facts import PER_SUBJECT
from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.layers.places import NEVER
from vigie_rule_engine.layers.rows import WHOLE_REGION
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.subjects import TRACK_BITS
from vigie_rule_engine.minutes import Ledger
from vigie_rule_engine.room import FIRST_CAPACITY, capacity_for, in_use, room_for

if TYPE_CHECKING:
    import numpy.typing as npt

    from vigie_rule_engine.compile import RuleTable
    from vigie_rule_engine.layers.state import Plan

LONG_AGO: Final = 1 << 60


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
    metric: bool
    """It measures on the ground."""
    ordinal: int = 0
    """Of the last event told."""


class Window(msgspec.Struct, array_like=True):
    """The minute that a zone's count is in: what its COUNT will say, as it was when it began."""

    begun: dict[str, Any]
    explain: dict[str, str]
    variables: dict[str, Any]
    when: str | None
    anchored: bool


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
    judged_moved: list[str] = []
    """Those that could be judged while the camera looked elsewhere."""


class Minute(msgspec.Struct, array_like=True):
    """A minute that is over, and not yet told."""

    start: int
    """Event time in ms."""
    coverage: dict[str, Any]
    counts: list[dict[str, Any]]
    """COUNT records of its zones."""


@dataclass(slots=True)
class CameraState:
    """One camera. Times are event times in ms unless said otherwise."""

    camera_id: str
    at: int
    """Of the last record."""
    seen_at: int
    """Of the last frame that was judged."""
    ledger: Ledger
    steady_at: int = 0
    """Of the last of them in which it looked where its zones and lines were drawn."""
    watched: int = 0
    """The watch clock: ms during which it could see."""
    steady: int = 0
    """The watch clock of the time in which it looked where it should."""
    appended_at: int = 0
    """Broker's time of the last record."""
    blind: bool = False
    """Blind for so long that its episodes have ended."""
    unsteady: bool = False
    """Looking elsewhere for so long that the episodes of zones and lines have ended."""
    aspect: float = 0.0
    """Width ÷ height of its frames, 0 before the first."""
    bound_ms: int = 0
    """What the time between two records is worth at most, by the sampling rate in force last; 0: not known."""
    sessions: list[str] = field(default_factory=list)
    """Sessions in which a living subject was born, the current one last."""
    last: LastFrame = field(default_factory=LastFrame)
    stamp: Stamp = field(default_factory=Stamp)
    episodes: dict[int, Episode] = field(default_factory=dict)
    """Open episodes by their number in the cells."""
    numbered: int = 0
    windows: dict[str, Window] = field(default_factory=dict)
    """Of the zones that are counted, by row key."""
    opened: dict[str, dict[str, int]] = field(default_factory=dict)
    """When an episode opened last, event time, by row key and mode: a rule may cool down after it."""
    over: list[Minute] = field(default_factory=list)
    """Minutes that are still to be told, oldest first."""
    n: int = 0
    region_keys: tuple[str, ...] = ()
    gate_keys: tuple[str, ...] = ()
    row_keys: tuple[str, ...] = ()
    kept: Kept = field(default_factory=lambda: room_for(FIRST_CAPACITY, 0, 0, 0, frozenset()))
    # derived from the configuration, never part of a snapshot
    versions: tuple[int, int] = (-2, -2)
    """Offsets of the camera's and the bundle's versions that `table` was compiled from."""
    table: RuleTable | None = None
    rules: npt.NDArray[Any] | None = None
    """(rows,) layers.rows.RULE for the frames' shape; None before the first frame."""
    plan: Plan | None = None
    whole: bool = False
    """Some rule judges a zone as a whole: frames without anybody are judged too."""
    mode_check_at: int = 0

    @property
    def subjects(self) -> npt.NDArray[Any]:
        """(capacity,) layers.subjects.SUBJECT; `n` of them are in use."""
        return self.kept.subjects

    @property
    def cells(self) -> npt.NDArray[Any]:
        """(rows, capacity) layers.episodes.CELL."""
        return self.kept.cells

    @property
    def judging(self) -> RuleTable:
        """The table, which every record compiles before it is judged."""
        if self.table is None:  # pragma: no cover - see above
            raise VigieError(f"camera {self.camera_id} has no rule table: this is a fault of the engine, report it")
        return self.table

    def cell(self, row: int, slot: int) -> Any:
        """The cell of a row on a subject, or on its zone as a whole (slot -1)."""
        return self.kept.wholes[row] if slot < 0 else self.kept.cells[row, slot]

    @property
    def state_bytes(self) -> int:
        """What the arrays take."""
        return sum(array.nbytes for array in self.kept)

    def grow(self, boxes: int) -> None:
        """Make room for that many new subjects, as far as a camera may have them."""
        wanted = min(self.n + boxes, MOST_SUBJECTS)
        if wanted > len(self.subjects):
            self._take_room(capacity_for(wanted))

    def shrink(self) -> None:
        """Give back the room of a crowd that has gone: half of it is enough for those who are there."""
        capacity = capacity_for(2 * self.n)
        if capacity < len(self.subjects):
            self._take_room(capacity)

    def _take_room(self, capacity: int) -> None:
        old, n = self.kept, self.n
        needs = frozenset(name for name in PER_SUBJECT if len(getattr(old, name)))
        new = room_for(capacity, old.places.shape[1], old.sides.shape[1], len(old.cells), needs)
        for name, array in zip(Kept._fields, old, strict=True):
            used = in_use(name, n)
            if len(array):
                getattr(new, name)[used] = array[used]
        self.kept = new

    def adopt_table(self, table: RuleTable) -> None:
        """Judge by `table` from now on; the caller has ended the episodes of rows that it does not have."""
        old = self.kept
        region_keys = tuple(region.key for region in table.regions)
        gate_keys = tuple(gate.key for gate in table.gates)
        row_keys = tuple(row.key for row in table.rows)
        new = room_for(len(self.subjects), len(region_keys), len(gate_keys), len(row_keys), table.needs)
        for name in PER_SUBJECT:
            if len(getattr(new, name)) and len(getattr(old, name)):
                getattr(new, name)[:] = getattr(old, name)
        new.fixtures[:] = old.fixtures
        new.places["since"] = NEVER
        for to, at in _same(region_keys, self.region_keys):
            new.places[:, to] = old.places[:, at]
        new.sides["flip"] = NEVER
        for to, at in _same(gate_keys, self.gate_keys):
            new.sides[:, to] = old.sides[:, at]
        new.cells["floor"][:, : self.n] = self.at  # no episode of a row that is new starts before it
        for to, at in _same(row_keys, self.row_keys):
            new.cells[to], new.wholes[to], new.zones[to] = old.cells[at], old.wholes[at], old.zones[at]
        self.kept = new
        self.region_keys, self.gate_keys, self.row_keys = region_keys, gate_keys, row_keys
        self.opened = {key: self.opened[key] for key in row_keys if key in self.opened}
        self.table = table
        self.draw()

    def draw(self) -> None:
        """Bring the table to the shape of the frames."""
        if self.table is not None and self.aspect:
            self.rules, self.plan = self.table.judging(self.aspect)
            self.whole = bool((self.rules["scope"] == WHOLE_REGION).any())

    def resize(self, aspect: float) -> None:
        """The frames have another shape: widths are in picture heights, so they stretch with it."""
        if self.aspect:
            stretch = aspect / self.aspect
            for name in ("x", "vx", "born_x", "rest_x", "x1", "x2"):
                self.subjects[name][: self.n] *= stretch
            self.kept.sides["x"][: self.n] *= stretch
            self.kept.fixtures["x"] *= stretch
            drawn = [row for row, judged in enumerate(self.table.rows if self.table else ()) if not judged.metric]
            self.cells["x"][drawn, : self.n] *= stretch
        self.aspect = aspect
        self.draw()

    def drop_unseen(self) -> None:
        """Give up the subjects that were seen before the camera was turned away."""
        away = self.subjects[: self.n]
        away["seen_w"][away["steady"] == 1] = -LONG_AGO

    def begin_session(self, session: str) -> None:
        """Track ids start again: subjects are known by their place alone until a new id adopts them."""
        living = self.subjects[: self.n]
        living["known"] = 0
        used = sorted({int(index) for index in living["born_session"]})
        living["born_session"] = np.searchsorted(used, living["born_session"]) if used else 0
        owners = self.cells["who"][:, : self.n]
        born = (owners >> TRACK_BITS) - 1
        owners[born >= 0] &= (1 << TRACK_BITS) - 1  # of a session that nobody is left of: nobody is known by that
        owners += np.where(np.isin(born, used), np.searchsorted(used, born) + 1, 0) << TRACK_BITS
        self.sessions = [*(self.sessions[index] for index in used), session]

    def start_again(self, at: int) -> None:
        """Forget every subject and begin the clock at another event time; the caller has ended the episodes."""
        self.n = 0
        for array in self.kept:
            array[...] = np.zeros((), array.dtype)
        self.at = self.seen_at = self.steady_at = at
        self.ledger = Ledger.start(at)
        self.blind = self.unsteady = False
        self.opened = {}
        self.mode_check_at = 0


def _same(new: tuple[str, ...], old: tuple[str, ...]) -> list[tuple[int, int]]:
    """(new place, old place) of what both have."""
    places = {key: place for place, key in enumerate(old)}
    return [(place, places[key]) for place, key in enumerate(new) if key in places]
