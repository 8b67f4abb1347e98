"""The Python side of the one compiled call a frame: room to work in, and the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigie_rule_engine.layers.episodes import CELL, EVENT
from vigie_rule_engine.layers.facts import OBSERVED, PER_SUBJECT, end_tracks
from vigie_rule_engine.layers.frame import forget, frame
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES
from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.layers.places import CROSSING, GATE, PLACE, REGION, SIDE
from vigie_rule_engine.layers.rows import RULE
from vigie_rule_engine.layers.state import Kept, Plan, Scratch
from vigie_rule_engine.layers.zone_facts import ZONE

if TYPE_CHECKING:
    import numpy.typing as npt

    from vigie_common.records import Tracks
    from vigie_rule_engine.camera import CameraState


class Sight:
    """Judges images; shared by all cameras of a partition, it carries nothing over from one to the next."""

    def __init__(self) -> None:
        self.scratch = _scratch(0, 0, 0, 0)

    def look(
        self,
        state: CameraState,
        record: Tracks,
        seen: npt.NDArray[np.float64],
        *,
        steady: bool,
        step: int,
        minute: int,
    ) -> tuple[list[tuple[int, int, int, int, int]], int]:
        """Judge one image: what has happened, as (row, slot, kind, time, way), and how many subjects to forget.

        Slots hold until `forget` is called, which the caller owes if there are any.

        Args:
            state: of the camera, changed in place.
            record: of the image.
            seen: its boxes, as `intake.observed`.
            steady: the camera looks where its zones and lines were drawn.
            step: watched ms since the frame before that belong to this minute.
            minute: event time at which the minute began.
        """
        boxes = seen.shape[1]
        if record["width"] > 0 and record["height"] > 0 and record["width"] / record["height"] != state.aspect:
            state.resize(record["width"] / record["height"])
        if boxes:
            if boxes > MOST_SUBJECTS:
                seen, boxes = np.ascontiguousarray(seen[:, :MOST_SUBJECTS]), MOST_SUBJECTS
            state.grow(boxes)
        rules, plan, n = state.rules, state.plan, state.n
        if rules is None or plan is None or (n + boxes == 0 and not state.whole):
            return [], 0
        if record["ended_track_id"]:
            end_tracks(state.subjects, n, np.array(record["ended_track_id"], np.int64))
        self.make_room(boxes, len(plan.gates), len(rules), len(state.subjects))
        state.n, count, lost = frame(
            *state.kept,
            *plan,
            *self.scratch,
            n,
            rules,
            seen,
            1.0 / (state.last.height or 1),
            len(state.sessions) - 1,
            state.at,
            state.watched,
            state.steady,
            int(steady),
            step,
            minute,
        )
        return (self.scratch.events[:count].tolist() if count else []), lost

    @staticmethod
    def forget(state: CameraState) -> None:
        """Drop the subjects that are gone."""
        state.n = forget(state.kept, state.n, state.watched, state.steady)

    def make_room(self, boxes: int, gates: int, rows: int, capacity: int) -> None:
        """Scratch arrays large enough for one frame."""
        now = self.scratch
        events = rows * (2 * capacity + boxes * gates + 2)
        if (
            len(now.slots) < boxes
            or len(now.crossings) < boxes * gates
            or len(now.members) < capacity
            or len(now.events) < events
        ):
            self.scratch = _scratch(
                max(2 * boxes, len(now.slots)),
                max(2 * boxes * gates, len(now.crossings)),
                max(capacity, len(now.members)),
                max(events, len(now.events)),
            )


def _scratch(boxes: int, crossings: int, capacity: int, events: int) -> Scratch:
    return Scratch(
        crossings=np.zeros(crossings, CROSSING),
        slots=np.zeros(boxes, np.int64),
        members=np.zeros(capacity, np.int64),
        links=np.zeros(capacity, np.int64),
        speeds=np.zeros(capacity),
        events=np.zeros(events, EVENT),
    )


def warm_up() -> None:
    """Compile the layers, or load them from the cache, so that no record waits for it (20 s, or 0.3 s)."""
    arrays = {name: np.zeros(1, dtype) for name, dtype in PER_SUBJECT.items()}
    kept = Kept(
        **arrays,
        places=np.zeros((1, 0), PLACE),
        sides=np.zeros((1, 0), SIDE),
        cells=np.zeros((0, 1), CELL),
        wholes=np.zeros(0, CELL),
        zones=np.zeros(0, ZONE),
        fixtures=np.zeros(FIXTURES, FIXTURE),
    )
    none = np.zeros(0)
    plan = Plan(np.zeros(0, REGION), np.zeros(0, GATE), none, none, none, none, none)
    for seen in (np.zeros((len(OBSERVED), 1)), np.zeros((len(OBSERVED), 0))):
        room = _scratch(1, 1, 1, 1)
        frame(*kept, *plan, *room, 0, np.zeros(0, RULE), seen, 1.0, 0, 1, 1, 1, 1, 1, 0)
    forget(kept, 0, 1, 1)
    end_tracks(kept.subjects, 0, np.zeros(0, np.int64))
