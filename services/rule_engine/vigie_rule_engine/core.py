"""The pure core of the rule engine: tracks in, rule events and coverage out, for one input partition.

`process` reads top down as a frame's way: which camera and session, which minutes are over, which rules judge now,
is it blind, and then the compiled layers; what they find is asked its condition and told. No clock, no randomness,
no I/O: same state, record and configuration give the same outputs.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import numpy as np

from vigie_common.errors import PoisonRecordError, VigieError
from vigie_common.stream import Output
from vigie_common.taxonomy import CLASS_ORDINAL
from vigie_rule_engine.camera import MOST_SUBJECTS, CameraState, Episode, LastFrame, Snapshot, Stamp
from vigie_rule_engine.compile import RuleTable, compile_table
from vigie_rule_engine.compounds import stamps
from vigie_rule_engine.events import affirmed, closed, facts_of, told, variables_of
from vigie_rule_engine.layers.episodes import (
    CELL,
    CHECK,
    CLOSED,
    COUNTED,
    EVENT,
    LOST,
    MATURED,
    OPEN,
    clear,
)
from vigie_rule_engine.layers.facts import CROSSING, GATE, OBSERVED, PLACE, REGION, SIDE, SUBJECT, end_tracks
from vigie_rule_engine.layers.frame import forget, frame
from vigie_rule_engine.layers.templates import RULE
from vigie_rule_engine.minutes import Ledger, bound_ms
from vigie_rule_engine.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vigie_common.records import AuthorisationStamp, Camera, EndReason, Mode, RuleBundle, RuleEvent, Tracks
    from vigie_common.stream import ConfigVersion, ConfigView, Message
    from vigie_rule_engine.compile import Row

FORMAT: Final = 1
BLIND_MS: Final = 600_000
"""Blind for this long, episodes end at the last instant they were seen to hold."""

ASK_AGAIN_MS: Final = 60_000
"""How often the condition of a mature or open episode is asked again."""

SWEEP_MS: Final = 60_000
SILENT_MS: Final = 600_000
"""Without a record for this long, by the broker's clock, a camera counts as offline."""

FORGET_CAMERA_MS: Final = 86_400_000
"""Without a record for this long, by the broker's clock, a camera's state is dropped."""

BACKWARDS_MS: Final = 60_000
"""A new session that begins more than this before the last record starts the camera's clock again."""


class _Ordinals(dict[str, int]):
    """Ordinals of the classes; a name that the taxonomy does not have is `unknown`."""

    def __missing__(self, name: str) -> int:
        return CLASS_ORDINAL["unknown"]


_ORDINALS: Final = _Ordinals(CLASS_ORDINAL)
_COLUMNS: Final = ("x1", "y1", "x2", "y2", "track_id", "score", "model_index")
_NOTHING_SEEN: Final = np.zeros((len(OBSERVED), 0))

ForcedMode = Literal["test", "replay"]


class RuleCore:
    """Judges the cameras of one input partition.

    Args:
        partition: number of the partition.
        mode: forces the mode of everything it tells: `vigie replay` and `vigie rules test`.
        tally: counts for the metrics; no part of the state.
    """

    def __init__(self, partition: int, mode: ForcedMode | None = None, tally: Tally | None = None) -> None:
        self.partition = partition
        self.tally = tally if tally is not None else Tally()
        self._mode = mode
        self._cameras: dict[str, CameraState] = {}
        self._sweep_at = 0
        self._crossings = np.zeros(0, CROSSING)
        self._events = np.zeros(0, EVENT)
        self._slots = np.zeros(0, np.int64)
        self._happened: dict[int, Callable[[CameraState, int, int, int, int], Iterator[Output]]] = {
            MATURED: self._matured,
            CLOSED: self._over,
            CHECK: self._ask,
            COUNTED: self._counted,
            LOST: self._lost,
        }

    def process(self, message: Message, config: ConfigView) -> Sequence[Output]:
        """Take the next record of tracks.

        Raises:
            PoisonRecordError: the record contradicts itself; the state is unchanged.
        """
        record: Tracks = message.value  # type: ignore[assignment]  # the tracks topic carries Tracks
        events: list[Output] = []
        if message.appended_at >= self._sweep_at:
            events += self._sweep(message.appended_at, config)
        version = config.value("cameras", record["camera_id"])
        if version is None:
            self.tally.records["unknown_camera"] += 1
            return events
        _check(record)
        if version.value["removed"]:
            self.tally.records["removed_camera"] += 1
            events += self._remove(record["camera_id"])
            return events
        camera: Camera = version.value  # type: ignore[assignment]  # the cameras topic carries Camera
        state = self._cameras.get(record["camera_id"])
        if state is None:
            state = _begin(record)
            self._cameras[state.camera_id] = state
        elif not self._goes_on(state, record, events):
            return events
        state.appended_at = message.appended_at
        at = record["captured_at"]
        bundle = config.value("rules", camera["site"])
        _remember(state, record)
        step = self._pass_time(state, record, camera, events)
        if state.versions != (version.offset, -1 if bundle is None else bundle.offset):
            events += self._judge_by(state, version, bundle)
        elif at >= state.mode_check_at:
            events += self._check_modes(state)
        if at - state.seen_at >= BLIND_MS and not state.blind:
            state.blind = True
            events += self._end_all(state, "camera_offline")
            _forget_cells(state)
        if record["status"] != "ok":
            self.tally.records["blind"] += 1
        else:
            self.tally.records["judged"] += 1
            state.blind = False
            state.watched += step
            state.seen_at = at
            state.ledger.frames += 1
            self._look(state, record, events)
        return events

    def _goes_on(self, state: CameraState, record: Tracks, events: list[Output]) -> bool:
        """Whether the record follows the camera's last one; begins its session if it is a new one."""
        session, at = record["session"], record["captured_at"]
        if session < state.last.session:
            self.tally.records["old_session"] += 1
            return False
        is_new = session > state.last.session
        if at <= state.at:
            if not is_new or state.at - at <= BACKWARDS_MS:
                self.tally.records["time_went_back"] += 1
                return False
            events += self._end_all(state, "camera_offline")
            state.start_again(at - 1)
        if is_new:
            state.begin_session(session)
        return True

    def _pass_time(self, state: CameraState, record: Tracks, camera: Camera, events: list[Output]) -> int:
        """Account for the time since the last record, tell the minutes that are over; gives the ms it is worth."""
        before, at = state.at, record["captured_at"]
        state.at = at
        if not state.bound_ms:
            state.bound_ms = bound_ms(camera["sampling"]["fps"])
        for ledger in state.ledger.spend(before, at, record["status"], state.bound_ms):
            stamp = state.stamp
            coverage = ledger.coverage(
                state.camera_id, stamp.site, stamp.camera_version, stamp.bundle_digest, list(stamp.judged)
            )
            events.append(Output("coverage", state.camera_id, coverage, self.partition))
            events.append(self._event(affirmed(state, ledger.minute)))
        return min(at - before, state.bound_ms)

    def _judge_by(
        self, state: CameraState, camera_version: ConfigVersion, bundle_version: ConfigVersion | None
    ) -> Iterator[Output]:
        """Take a version of the camera or of the rules into use; episodes of rows that are gone end."""
        camera: Camera = camera_version.value  # type: ignore[assignment]  # the cameras topic carries Camera
        bundle: RuleBundle | None = bundle_version.value if bundle_version is not None else None  # type: ignore[assignment]  # the rules topic carries RuleBundle
        table = compile_table(camera, bundle)
        keys = {row.key for row in table.rows}
        for number in [n for n, episode in state.episodes.items() if episode.row_key not in keys]:
            yield from self._end(state, number, "rule_changed")
        state.adopt_table(table)
        state.versions = (camera_version.offset, -1 if bundle_version is None else bundle_version.offset)
        state.bound_ms = bound_ms(camera["sampling"]["fps"])
        state.stamp = Stamp(camera["site"], camera["version"], table.digest, list(table.judged))
        yield from self._check_modes(state)

    def _look(self, state: CameraState, record: Tracks, events: list[Output]) -> None:
        """Judge one image."""
        boxes = len(record["track_id"])
        if boxes:
            width, height = record["width"], record["height"]
            if state.aspect * height != width:
                state.resize(width / height)
            boxes = min(boxes, MOST_SUBJECTS)
            state.grow(boxes)
        table, geometry, n = state.table, state.geometry, state.n
        if table is None or geometry is None or n + boxes == 0:
            return
        if record["ended_track_id"]:
            end_tracks(state.subjects, n, np.array(record["ended_track_id"], np.int64))
        observed = _observed(record, boxes)
        self._make_room(boxes, len(geometry.gates), len(table.rows), len(state.subjects))
        state.n, count, lost = frame(
            state.subjects,
            n,
            state.places,
            state.sides,
            state.cells,
            table.rules,
            observed,
            1.0 / (state.last.height or 1),
            len(state.sessions) - 1,
            state.at,
            state.watched,
            geometry.regions,
            geometry.gates,
            geometry.corner_x,
            geometry.corner_y,
            self._crossings,
            self._slots,
            self._events,
        )
        for row, slot, kind, at, way in self._events[:count].tolist():
            events += self._happened[kind](state, row, slot, at, way)
        if lost:
            state.n = forget(state.subjects, state.n, state.places, state.sides, state.cells, state.watched)

    def _make_room(self, boxes: int, gates: int, rows: int, capacity: int) -> None:
        """Scratch arrays large enough for one frame; shared by all cameras, they carry nothing over."""
        if len(self._slots) < boxes:
            self._slots = np.zeros(2 * boxes, np.int64)
        if len(self._crossings) < boxes * gates:
            self._crossings = np.zeros(2 * boxes * gates, CROSSING)
        if len(self._events) < rows * (2 * capacity + boxes * gates):
            self._events = np.zeros(rows * (2 * capacity + boxes * gates), EVENT)

    # What the layers found, one method a kind.

    def _matured(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        cell = state.cells[row, slot]
        table = _table(state)
        judged = table.rows[row]
        since = int(cell["since"])
        facts = facts_of(state, slot, judged.rule["template"], since, state.at)
        variables = self._variables(state, judged, slot)
        if judged.condition is not None:
            cell["check_at"] = state.at + ASK_AGAIN_MS
            if not judged.condition.holds({**variables, **_named(facts)}):
                return
        mode, authorisation = self._authority(table, judged, state.at)
        event = told(
            state,
            table.camera,
            judged,
            slot,
            started_at=since,
            way=0,
            mode=mode,
            authorisation=authorisation,
            variables=self._words(table.camera, variables, None),
            facts=facts,
            compounds=stamps(table.compounds.get(judged.rule["id"], ()), table.authority, state.at, self._mode),
        )
        state.numbered += 1
        cell["phase"], cell["episode"] = OPEN, state.numbered
        subject = state.subjects[slot]
        state.episodes[state.numbered] = Episode(
            judged.key,
            state.sessions[int(subject["born_session"])],
            int(subject["born_track"]),
            {key: value for key, value in event.items() if key != "objects"},
            dict(judged.rule["explain"]),
            self._words(table.camera, variables, None),
        )
        yield self._event(event)

    def _over(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        yield from self._end(state, int(state.cells[row, slot]["episode"]), "over", (row, slot))

    def _lost(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        if state.cells[row, slot]["phase"] >= OPEN:
            yield from self._end(state, int(state.cells[row, slot]["episode"]), "track_lost", (row, slot))

    def _ask(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        cell = state.cells[row, slot]
        judged = _table(state).rows[row]
        cell["check_at"] = state.at + ASK_AGAIN_MS
        facts = facts_of(state, slot, judged.rule["template"], int(cell["since"]), state.at)
        variables = {**self._variables(state, judged, slot), **_named(facts)}
        if judged.condition is None or judged.condition.holds(variables):
            return
        yield from self._end(state, int(cell["episode"]), "condition_false", (row, slot))

    def _counted(self, state: CameraState, row: int, slot: int, at: int, way: int) -> Iterator[Output]:
        table = _table(state)
        judged = table.rows[row]
        facts = facts_of(state, slot, judged.rule["template"], at, state.at)
        variables = self._variables(state, judged, slot)
        if judged.condition is not None and not judged.condition.holds({**variables, **_named(facts)}):
            return
        mode, authorisation = self._authority(table, judged, at)
        yield self._event(
            told(
                state,
                table.camera,
                judged,
                slot,
                started_at=at,
                way=way,
                mode=mode,
                authorisation=authorisation,
                variables=self._words(table.camera, variables, judged.labels.get(way)),
                facts=facts,
                compounds=[],
            )
        )

    # How episodes end.

    def _end(
        self, state: CameraState, number: int, reason: EndReason, place: tuple[int, int] | None = None
    ) -> Iterator[Output]:
        """Close one episode; no later episode of the same cell may start before now."""
        row, slot = place if place is not None else _find(state, number)
        cell = state.cells[row, slot]
        episode = state.episodes.pop(number)
        event = closed(state, episode, slot, ended_at=int(cell["last"]), reason=reason)
        clear(cell)
        cell["floor"] = state.at
        yield self._event(event)

    def _end_all(self, state: CameraState, reason: EndReason) -> Iterator[Output]:
        for number in list(state.episodes):
            yield from self._end(state, number, reason)

    def _check_modes(self, state: CameraState) -> Iterator[Output]:
        """End the episodes whose authority has changed; what still holds begins anew under the new one."""
        table = _table(state)
        state.mode_check_at = table.authority.next_change(state.at)
        rows = {row.key: row for row in table.rows}
        for number, episode in list(state.episodes.items()):
            rule = rows[episode.row_key].rule
            mode, _ = self._authority(table, rows[episode.row_key], state.at)
            if mode == episode.opened["mode"]:
                continue
            expired = episode.opened["authorisation"] is not None and rule["status"] == "stable"
            yield from self._end(state, number, "authorisation_ended" if expired else "rule_changed")

    def _sweep(self, appended_at: int, config: ConfigView) -> Iterator[Output]:
        """Once a minute of the broker's clock: cameras that are removed, silent, or long gone."""
        self._sweep_at = appended_at + SWEEP_MS
        for camera_id in sorted(self._cameras):
            state = self._cameras[camera_id]
            silent = appended_at - state.appended_at
            version = config.value("cameras", camera_id)
            if silent >= FORGET_CAMERA_MS or (version is not None and version.value["removed"]):
                yield from self._remove(camera_id)
            elif silent >= SILENT_MS and state.episodes:
                yield from self._end_all(state, "camera_offline")

    def _remove(self, camera_id: str) -> Iterator[Output]:
        state = self._cameras.pop(camera_id, None)
        if state is not None:
            yield from self._end_all(state, "rule_changed")

    def finish(self) -> Sequence[Output]:
        """The input has come to its end (a recording): minutes so far are told, open episodes end as last seen."""
        events: list[Output] = []
        for camera_id in sorted(self._cameras):
            state = self._cameras[camera_id]
            events += self._end_all(state, "camera_offline")
            stamp = state.stamp
            coverage = state.ledger.coverage(
                camera_id, stamp.site, stamp.camera_version, stamp.bundle_digest, list(stamp.judged)
            )
            events.append(Output("coverage", camera_id, coverage, self.partition))
            events.append(self._event(affirmed(state, state.ledger.minute)))
        self._cameras.clear()
        return events

    def tables(self) -> Iterator[RuleTable]:
        """What judges each camera, for the rules' status."""
        for state in self._cameras.values():
            if state.table is not None:
                yield state.table

    @property
    def open_episodes(self) -> int:
        """How many episodes are open."""
        return sum(len(state.episodes) for state in self._cameras.values())

    def snapshot(self) -> bytes:
        """The state as msgpack: equal states give equal bytes."""
        cameras = [self._cameras[camera_id].pack() for camera_id in sorted(self._cameras)]
        return msgspec.msgpack.encode(Snapshot(FORMAT, self._sweep_at, cameras))

    def restore(self, state: bytes) -> None:
        """Take over a snapshot.

        Raises:
            VigieError: it is damaged, or of a layout that this version does not know.
        """
        try:
            snapshot = msgspec.msgpack.decode(state, type=Snapshot)
        except msgspec.MsgspecError as error:
            raise VigieError(
                f"rule engine state of partition {self.partition} cannot be read ({error}): "
                "it will be rebuilt from the tracks topic"
            ) from error
        if snapshot.format != FORMAT:
            raise VigieError(
                f"rule engine state of partition {self.partition} has layout {snapshot.format}, this version reads "
                f"{FORMAT}: it will be rebuilt from the tracks topic"
            )
        self._sweep_at = snapshot.sweep_at
        self._cameras = {packed.camera_id: CameraState.unpack(packed) for packed in snapshot.cameras}

    def gap(self, first: int, last: int) -> None:
        """Records were lost unseen: nothing to do, the next record's event time says what was not watched."""

    def _authority(self, table: RuleTable, row: Row, at: int) -> tuple[Mode, AuthorisationStamp | None]:
        return (self._mode, None) if self._mode is not None else table.authority.mode(row.rule, at)

    def _variables(self, state: CameraState, row: Row, slot: int) -> dict[str, Any]:
        return variables_of(_table(state).camera, row, int(state.subjects[slot]["cls"]), state.at)

    def _words(self, camera: Camera, variables: dict[str, Any], label: str | None) -> dict[str, Any]:
        """What a text's placeholders stand for, facts apart."""
        default = camera["languages"][0] if camera["languages"] else ""
        title = camera["title"].get(default, camera["camera_id"])
        return {**variables, "camera.title": title, "direction": label or ""}

    def _event(self, event: RuleEvent) -> Output:
        self.tally.events[event["kind"]] += 1
        return Output("rule-events", event["camera_id"], event, self.partition)


def warm_up() -> None:
    """Compile the layers, or load them from the cache, so that no record waits for it (4 to 10 s, or 0.3 s)."""
    subjects, cells = np.zeros(1, SUBJECT), np.zeros((0, 1), CELL)
    places, sides = np.zeros((1, 0), PLACE), np.zeros((1, 0), SIDE)
    rules, regions, gates = np.zeros(0, RULE), np.zeros(0, REGION), np.zeros(0, GATE)
    corners, slots = np.zeros(0), np.zeros(0, np.int64)
    crossings, events = np.zeros(0, CROSSING), np.zeros(0, EVENT)
    for observed in (np.zeros((len(OBSERVED), 1)), _NOTHING_SEEN):
        room = np.zeros(observed.shape[1], np.int64)
        frame(
            subjects, 0, places, sides, cells, rules, observed, 1.0, 0, 1, 1,
            regions, gates, corners, corners, crossings, room, events,
        )  # fmt: skip
    forget(subjects, 0, places, sides, cells, 1)
    end_tracks(subjects, 0, slots)


def _check(record: Tracks) -> None:
    """Refuse a record whose arrays do not fit together."""
    count = len(record["track_id"])
    for name in ("x1", "y1", "x2", "y2", "score", "object_class", "model_index"):
        if len(record[name]) != count:
            raise PoisonRecordError(
                f"tracks of camera {record['camera_id']}, seq {record['seq']}: {count} track ids but "
                f"{len(record[name])} {name}: every array needs one entry a box"
            )
    if count and record["status"] == "ok" and (record["width"] <= 0 or record["height"] <= 0):
        raise PoisonRecordError(
            f"tracks of camera {record['camera_id']}, seq {record['seq']}: boxes in a frame of "
            f"{record['width']}x{record['height']} pixels: give the size of the sampled frame"
        )


def _begin(record: Tracks) -> CameraState:
    at = record["captured_at"]
    state = CameraState(record["camera_id"], at, at, Ledger.start(at))
    state.begin_session(record["session"])
    return state


def _remember(state: CameraState, record: Tracks) -> None:
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


def _observed(record: Tracks, boxes: int) -> Any:
    """The observation matrix of a record, rows as `layers.facts.OBSERVED`."""
    if not boxes:
        return _NOTHING_SEEN
    columns: list[Iterable[float]] = [record[name] for name in _COLUMNS]
    columns.insert(OBSERVED.index("cls"), map(_ORDINALS.__getitem__, record["object_class"]))
    if boxes < len(record["track_id"]):
        columns = [islice(column, boxes) for column in columns]
    flat = np.fromiter(chain.from_iterable(columns), np.float64, len(OBSERVED) * boxes)
    return flat.reshape(len(OBSERVED), boxes)


def _named(facts: dict[str, float]) -> dict[str, float]:
    return {f"facts.{name}": value for name, value in facts.items()}


def _table(state: CameraState) -> RuleTable:
    if state.table is None:  # pragma: no cover - every record compiles one before it is judged
        raise VigieError(f"camera {state.camera_id} has no rule table: this is a fault of the engine, report it")
    return state.table


def _find(state: CameraState, number: int) -> tuple[int, int]:
    """Row and slot of an open episode."""
    cells = state.cells[:, : state.n]
    rows, slots = np.nonzero((cells["episode"] == number) & (cells["phase"] >= OPEN))
    return int(rows[0]), int(slots[0])


def _forget_cells(state: CameraState) -> None:
    """Nothing is pending any more, and nothing may start before now."""
    state.cells[:] = np.zeros((), state.cells.dtype)
    state.cells["floor"][:, : state.n] = state.at
