"""The pure core of the rule engine: tracks in, rule events and coverage out, for one input partition.

`process` reads top down as a frame's way: which camera and session, which minutes are over, which rules judge now,
is it blind, and then the compiled layers (`sight`); what they find is asked its condition and told (`telling`). No
clock, no randomness, no I/O: same state, record and configuration give the same outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from vigie_common.stream import Output
from vigie_rule_engine import snapshot
from vigie_rule_engine.camera import CameraState, Minute, Stamp
from vigie_rule_engine.compile import RuleTable, compile_table
from vigie_rule_engine.intake import begin, looks, observed, remember
from vigie_rule_engine.minutes import MINUTE_MS, bound_ms
from vigie_rule_engine.sight import Sight, warm_up
from vigie_rule_engine.tally import Tally
from vigie_rule_engine.telling import ForcedMode, Teller, forget_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from vigie_common.records import Camera, EndReason, RuleBundle, Tracks
    from vigie_common.stream import ConfigVersion, ConfigView, Message
    from vigie_rule_engine.minutes import Ledger

__all__ = ["ForcedMode", "RuleCore", "warm_up"]

BLIND_MS: Final = 600_000
"""Blind for this long, episodes end at the last instant they were seen to hold."""

SWEEP_MS: Final = 60_000
SILENT_MS: Final = 600_000
"""Without a record for this long, by the broker's clock, a camera counts as offline."""

FORGET_CAMERA_MS: Final = 86_400_000
"""Without a record for this long, by the broker's clock, a camera's state is dropped."""

BACKWARDS_MS: Final = 60_000
"""A new session that begins more than this before the last record starts the camera's clock again."""


class RuleCore:
    """Judges the cameras of one input partition.

    Args:
        partition: number of the partition.
        mode: forces the mode of everything it tells: `vigie replay` and `vigie rules test`.
        tally: counts for the metrics; no part of the state.
        watcher: called with a camera's state after each of its images was judged, for `explain`; changes nothing.
        spread_ms: how far after a minute's end, in event time, its cameras tell of it, each at its own moment: 600
            that tell at once hold up everything else. 0: with the first record after it.
    """

    def __init__(
        self,
        partition: int,
        mode: ForcedMode | None = None,
        tally: Tally | None = None,
        watcher: Callable[[CameraState], None] | None = None,
        spread_ms: int = 0,
    ) -> None:
        self._spread_ms = spread_ms
        self.partition = partition
        self.tally = tally if tally is not None else Tally()
        self._cameras: dict[str, CameraState] = {}
        self._sweep_at = 0
        self._heard_at = 0
        self._sight = Sight()
        self._teller = Teller(partition, mode, self.tally)
        self._watcher = watcher

    def process(self, message: Message, config: ConfigView) -> Sequence[Output]:
        """Take the next record of tracks.

        Raises:
            PoisonRecordError: the record contradicts itself; the state is unchanged.
        """
        record: Tracks = message.value  # type: ignore[assignment]  # the tracks topic carries Tracks
        boxes = observed(record)
        events: list[Output] = []
        if message.appended_at >= self._sweep_at:
            events += self._sweep(message.appended_at, config)
        version = config.value("cameras", record["camera_id"])
        if version is None:
            self.tally.records["unknown_camera"] += 1
            return events
        if version.value["removed"]:
            self.tally.records["removed_camera"] += 1
            events += self._remove(record["camera_id"], "rule_changed")
            return events
        camera: Camera = version.value  # type: ignore[assignment]  # the cameras topic carries Camera
        state = self._cameras.get(record["camera_id"])
        if state is None:
            state = begin(record)
            self._cameras[state.camera_id] = state
        elif not self._goes_on(state, record, events):
            return events
        state.appended_at = self._heard_at = message.appended_at
        bundle = config.value("rules", camera["site"])
        remember(state, record)
        seen = looks(record)
        step = self._pass_time(state, record, camera, seen=seen)
        if state.versions != (version.offset, -1 if bundle is None else bundle.offset):
            events += self._judge_by(state, version, bundle)
        elif state.at >= state.mode_check_at:
            events += self._teller.check_modes(state)
        if state.over:
            events += self._tell_minutes(state, state.at)
        if state.at - state.steady_at >= BLIND_MS:
            events += self._end_blind(state)
        if seen:
            self._look(state, record, boxes, step, events)
        else:
            self.tally.records["blind"] += 1
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
            events += self._teller.end_all(state, "camera_offline")
            events += self._end_minutes(state)
            state.start_again(at - 1)
        if is_new:
            state.begin_session(session)
        return True

    def _pass_time(self, state: CameraState, record: Tracks, camera: Camera, *, seen: bool) -> int:
        """Account for the time since the last record, keep the minutes that are over; gives the ms it is worth."""
        before, at = state.at, record["captured_at"]
        state.at = at
        if not state.bound_ms:
            state.bound_ms = bound_ms(camera["sampling"]["fps"])
        bound = max(state.bound_ms, record.get("watched_ms", 0))  # a motion gate has watched the time between
        end = state.ledger.minute + MINUTE_MS
        counts: list[Output] = []
        if at >= end and state.windows:
            rest = max(0, end - max(before, at - bound)) if seen else 0
            counts += self._teller.end_windows(state, state.windows, rest, steady=record["status"] == "ok")
        for ledger in state.ledger.spend(before, at, record["status"], bound, record.get("models_missing", ())):
            state.over.append(Minute(ledger.minute, self._coverage(state, ledger), [dict(o.value) for o in counts]))
            counts = []
        return min(at - before, bound)

    def _coverage(self, state: CameraState, ledger: Ledger) -> dict[str, Any]:
        """The record of a minute, by what judges now."""
        stamp = state.stamp
        judged = stamp.judged if ledger.frames else stamp.judged_moved
        return dict(
            ledger.coverage(state.camera_id, stamp.site, stamp.camera_version, stamp.bundle_digest, list(judged))
        )

    def _tell_minutes(self, state: CameraState, at: int | None = None) -> Iterator[Output]:
        """Tell the minutes that are over and, by this event time, due: counts, coverage, and who is there now."""
        delay = crc32(state.camera_id.encode()) % self._spread_ms if self._spread_ms else 0
        while state.over and (at is None or at >= state.over[0].start + MINUTE_MS + delay):
            minute = state.over.pop(0)
            for count in minute.counts:
                yield Output("rule-events", state.camera_id, count, self.partition)
            yield Output("coverage", state.camera_id, minute.coverage, self.partition)
            yield self._teller.affirm(state, minute.start)

    def _end_minutes(self, state: CameraState) -> Iterator[Output]:
        """Tell all minutes, the one that runs as far as it has come."""
        yield from self._teller.end_windows(state, state.windows)
        state.over.append(Minute(state.ledger.minute, self._coverage(state, state.ledger), []))
        yield from self._tell_minutes(state)

    def _judge_by(
        self, state: CameraState, camera_version: ConfigVersion, bundle_version: ConfigVersion | None
    ) -> Iterator[Output]:
        """Take a version of the camera or of the rules into use; episodes and counts of rows that are gone end."""
        camera: Camera = camera_version.value  # type: ignore[assignment]  # the cameras topic carries Camera
        bundle: RuleBundle | None = bundle_version.value if bundle_version is not None else None  # type: ignore[assignment]  # the rules topic carries RuleBundle
        table = compile_table(camera, bundle)
        keys = {row.key for row in table.rows}
        for number in [n for n, episode in state.episodes.items() if episode.row_key not in keys]:
            yield from self._teller.end(state, number, "rule_changed")
        yield from self._teller.end_windows(state, [key for key in state.windows if key not in keys])
        state.adopt_table(table)
        state.versions = (camera_version.offset, -1 if bundle_version is None else bundle_version.offset)
        state.bound_ms = bound_ms(camera["sampling"]["fps"])
        state.stamp = Stamp(
            camera["site"], camera["version"], table.digest, list(table.judged), list(table.judged_moved)
        )
        yield from self._teller.check_modes(state)

    def _end_blind(self, state: CameraState) -> Iterator[Output]:
        """End what nobody has seen for ten minutes: everything, or what needs the camera to look where it should."""
        if state.at - state.seen_at >= BLIND_MS and not state.blind:
            state.blind = True
            yield from self._teller.end_all(state, "camera_offline")
            forget_cells(state)
        if state.at - state.steady_at >= BLIND_MS and not state.unsteady:
            state.unsteady = True
            yield from self._teller.end_all(state, "camera_offline", anchored=True)
            forget_cells(state, anchored=True)
            state.drop_unseen()

    def _look(
        self, state: CameraState, record: Tracks, boxes: npt.NDArray[np.float64], step: int, events: list[Output]
    ) -> None:
        """Judge one image; a camera that was turned away judges the rules of the whole image alone."""
        steady = record["status"] == "ok"
        self.tally.records["judged" if steady else "judged_moved"] += 1
        state.blind = False
        state.watched += step
        state.seen_at = state.at
        if steady:
            state.unsteady = False
            state.steady += step
            state.steady_at = state.at
            state.ledger.frames += 1
        else:
            state.ledger.moved_frames += 1
        minute = state.ledger.minute
        step = min(step, state.at - minute)
        found, lost = self._sight.look(state, record, boxes, steady=steady, step=step, minute=minute)
        for happened in found:
            events += self._teller.tell(state, *happened)
        if lost:
            self._sight.forget(state)
        if state.table is not None and len(state.windows) < len(state.table.counting):
            self._teller.begin_windows(state)
        if self._watcher is not None:
            self._watcher(state)

    def _sweep(self, appended_at: int, config: ConfigView) -> Iterator[Output]:
        """Once a minute of the broker's clock: cameras that are removed, silent, or long gone.

        A camera is silent while others of the partition are heard: when nothing comes at all, nobody is. Whether one
        is removed is not judged by the event time of another, which may be ahead.
        """
        self._sweep_at = appended_at + SWEEP_MS
        for camera_id in sorted(self._cameras):
            state = self._cameras[camera_id]
            version = config.value("cameras", camera_id)
            if version is not None and version.value["removed"] and version.effective_at <= appended_at:
                yield from self._remove(camera_id, "rule_changed")
            elif appended_at - state.appended_at >= FORGET_CAMERA_MS:
                yield from self._remove(camera_id, "camera_offline")
            elif self._heard_at - state.appended_at >= SILENT_MS and state.episodes:
                yield from self._teller.end_all(state, "camera_offline")

    def _remove(self, camera_id: str, why: EndReason) -> Iterator[Output]:
        state = self._cameras.pop(camera_id, None)
        if state is not None:
            yield from self._teller.end_all(state, why)
            yield from self._end_minutes(state)

    def finish(self) -> Sequence[Output]:
        """The input has come to its end (a recording): minutes so far are told, open episodes end as last seen."""
        events: list[Output] = []
        for camera_id in sorted(self._cameras):
            state = self._cameras[camera_id]
            events += self._teller.end_all(state, "camera_offline")
            events += self._end_minutes(state)
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

    @property
    def state_bytes(self) -> int:
        """What the arrays of all cameras take."""
        return sum(state.state_bytes for state in self._cameras.values())

    @property
    def largest_state_bytes(self) -> int:
        """What the arrays of the camera take that takes most."""
        return max((state.state_bytes for state in self._cameras.values()), default=0)

    def snapshot(self) -> bytes:
        """The state as msgpack: equal states give equal bytes."""
        return snapshot.write(self._cameras, self._sweep_at, self._heard_at)

    def restore(self, state: bytes) -> None:
        """Take over a snapshot.

        Raises:
            VigieError: it is damaged, or of a layout that this version does not know. The state is as before.
        """
        self._cameras, self._sweep_at, self._heard_at = snapshot.read(state)

    def gap(self, first: int, last: int) -> None:
        """Records were lost unseen: nothing to do, the next record's event time says what was not watched."""
