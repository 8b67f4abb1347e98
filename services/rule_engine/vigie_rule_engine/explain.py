"""Why an episode opened, or why not: verdict and measured values against thresholds, frame by frame.

`RuleCore(..., watcher=…)` is called with a camera's state after each of its images; `verdicts` reads from that state
what the templates have just said. Without a watcher nothing is recorded and nothing is spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.compile import numbers_of
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.events import subject_id
from vigie_rule_engine.layers.episodes import CLOSING, DOUBTED, HOLD, IDLE, OFF, ON, OPEN, PENDING, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vigie_common.stream import ConfigView, Message
    from vigie_rule_engine.camera import CameraState
    from vigie_rule_engine.catalogue import Measure

VERDICTS: Final = {ON: "on", HOLD: "hold", OFF: "off", UNSEEN: "unseen", DOUBTED: "doubted"}
PHASES: Final = {IDLE: "idle", PENDING: "pending", OPEN: "open", CLOSING: "closing"}


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value against its threshold."""

    name: str
    value: float
    relation: str
    threshold: float
    unit: str
    """Of the threshold: s, m, mps, heights, heights_per_s, fraction, or none."""

    @property
    def holds(self) -> bool:
        """Whether this part of the condition is true."""
        return {
            ">=": self.value >= self.threshold,
            ">": self.value > self.threshold,
            "<": self.value < self.threshold,
            "<=": self.value <= self.threshold,
        }[self.relation]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one row said of one subject, or of its zone, in one frame."""

    at: int
    """Event time of the frame, ms."""
    rule: str
    scope: str
    """Zone or line; empty: the whole image."""
    subject: str
    """As in events; empty: the zone as a whole."""
    verdict: str
    """on, hold, off, or unseen: the frame did not show it."""
    phase: str
    """idle, pending, open or closing."""
    since: int
    """Start of what is pending or open, event time; 0: nothing is."""
    held_s: float
    """Watched time that it has been on while pending."""
    for_s: float
    """That it needs to mature."""
    readings: tuple[Reading, ...]


def verdicts(state: CameraState, rule: str | None = None) -> Iterator[Verdict]:
    """What the templates said of the last frame, of one rule by its id or of all; crossings that only count apart.

    Args:
        state: of a camera, after a frame.
        rule: id; None: every rule.
    """
    table = state.judging
    for row, judged in enumerate(table.rows):
        template = TEMPLATES[judged.rule["template"]]
        if template.counts or rule not in {None, judged.rule["id"]}:
            continue
        slots = [-1] if template.scope == "zone" else range(state.n)
        for slot in slots:
            cell = state.cell(row, slot)
            phase = int(cell["phase"])
            yield Verdict(
                state.at,
                judged.rule["id"],
                judged.scope,
                subject_id(state, slot),
                VERDICTS[int(cell["verdict"])],
                PHASES[phase],
                int(cell["since"]) if phase != IDLE else 0,
                int(cell["held"]) / 1000 if phase == PENDING else 0.0,
                int(table.rules[row]["for_ms"]) / 1000,
                tuple(_reading(state, row, slot, judged.rule, measure) for measure in template.measures),
            )


def _reading(state: CameraState, row: int, slot: int, rule: Any, measure: Measure) -> Reading:
    numbers = numbers_of(rule, TEMPLATES[rule["template"]])
    name = next(n for n in numbers if n == measure.parameter or n.startswith(f"{measure.parameter}_"))
    unit = name.removeprefix(measure.parameter).removeprefix("_")
    return Reading(measure.name, round(measured(state, row, slot, measure), 4), measure.relation, numbers[name], unit)


def measured(state: CameraState, row: int, slot: int, measure: Measure) -> float:
    """The value of a measure now: of a row's cell, of its subject, or of its zone as a whole."""
    kind, _, name = measure.source.rpartition(".")
    sources = {"cell": state.cell(row, slot), "subject": state.subjects[slot], "": state.kept.zones[row]}
    return float(sources[kind][name])


def explain(
    messages: Iterable[Message], config: ConfigView, camera_id: str, rule: str | None = None
) -> list[tuple[int, list[Verdict]]]:
    """The verdicts on each image of a camera: (event time, verdicts), in order.

    Args:
        messages: tracks records, of this camera or of several.
        config: cameras and rules in force.
        camera_id: whose.
        rule: id; None: every rule.
    """
    found: list[tuple[int, list[Verdict]]] = []

    def watch(state: CameraState) -> None:
        if state.camera_id == camera_id:
            found.append((state.at, list(verdicts(state, rule))))

    core = RuleCore(0, mode="test", watcher=watch)
    for message in messages:
        core.process(message, config)
    return found
