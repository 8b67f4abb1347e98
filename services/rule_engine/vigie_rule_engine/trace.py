"""What a rule measured, frame by frame: the recorder behind `vigie rules explain`.

It looks at a camera's state after each image that was judged (`RuleCore(watcher=…)`) and changes nothing. An engine
without a watcher does none of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, inf, isfinite
from typing import TYPE_CHECKING, Any, Final

from vigie_common.taxonomy import CLASS_NAMES
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.events import subject_id, variables_of
from vigie_rule_engine.layers.episodes import DOUBTED, HOLD, IDLE, OFF, ON, OPEN, PENDING
from vigie_rule_engine.layers.places import NEVER
from vigie_rule_engine.measures import facts_of
from vigie_rule_engine.telling import cooling_until, named_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vigie_common.records import Mode
    from vigie_rule_engine.camera import CameraState
    from vigie_rule_engine.compile import Row
    from vigie_rule_engine.template import Measure, Parameter

MOST_SAMPLES: Final = 500_000
"""One trace keeps no more."""

_VERDICTS: Final[Mapping[int, str]] = {ON: "on", HOLD: "hold", OFF: "off", DOUBTED: "doubted"}
_PHASES: Final = ("idle", "pending", "open", "closing")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured value beside its threshold."""

    name: str
    value: float
    relation: str
    threshold: float
    unit: str = ""
    """Of both: s, heights, heights/s, m, m/s; empty: a number without one."""

    @property
    def holds(self) -> bool:
        """Whether the value is on the right side."""
        compared = {
            ">=": self.value >= self.threshold,
            ">": self.value > self.threshold,
            "<=": self.value <= self.threshold,
            "<": self.value < self.threshold,
        }
        return compared[self.relation]

    @property
    def short_by(self) -> float:
        """How far the value is from holding, as a share of the threshold; 0: it holds."""
        if self.holds:
            return 0.0
        off = abs(self.value - self.threshold) / (abs(self.threshold) or 1.0)
        return off if isfinite(off) else inf

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {self.value:.3g}{unit} (needs {self.relation} {self.threshold:g})"


@dataclass(frozen=True, slots=True)
class Sample:
    """One rule on one object, or on a zone, in one frame."""

    at: int
    """Event time, ms."""
    scope: str
    """Zone or line; empty: the whole image."""
    subject: str
    """`zone`, or session and track id of its first sight."""
    object_class: str
    verdict: str
    """Of the template: on, hold, off; doubted: on, of what may be no object; unseen: this frame did not show it."""
    phase: str
    """idle, pending, open, closing."""
    since: int
    """Since when it has held, event time; 0: it does not."""
    held_s: float
    """Watched time that it has held while pending."""
    for_s: float
    measured: tuple[Measured, ...]
    facts: Mapping[str, float]
    condition: bool | None
    """Value of `when`; None: there is none, or nothing asks it now."""
    mode: Mode
    authorisation: str | None
    cooling_until: int = 0
    """Before which event time (ms) the rule tells nothing here, for another episode has opened; 0: it may."""
    cooldown_ms: int = 0
    """So long after the opening of that episode."""

    @property
    def held_up(self) -> bool:
        """Whether it has held for long enough and only the cooldown keeps it from opening."""
        matured = self.phase == "pending" and self.verdict == "on" and self.held_s >= self.for_s
        return matured and self.cooling_until > 0


@dataclass(slots=True)
class Trace:
    """Keeps what one rule measured on one camera in a span of event time."""

    rule: str
    camera: str
    begin: int
    end: int
    samples: list[Sample] = field(default_factory=list)
    frames: int = 0
    """Images that were judged in the span."""

    def __call__(self, state: CameraState) -> None:
        """Look at a camera's state after an image."""
        if state.camera_id != self.camera or not self.begin <= state.at <= self.end:
            return
        self.frames += 1
        if len(self.samples) < MOST_SAMPLES:
            self.samples += samples(state, self.rule)


def samples(state: CameraState, rule: str) -> Iterator[Sample]:
    """What a rule makes of every object it is about, and of its zones, now."""
    for row, judged in enumerate(state.judging.rows):
        if judged.rule["id"] != rule:
            continue
        template = TEMPLATES[judged.rule["template"]]
        if template.scope == "zone":
            yield _sample(state, row, judged, -1)
            continue
        wanted = int(state.judging.rules["classes"][row])
        for slot in range(state.n):
            if wanted >> int(state.subjects[slot]["cls"]) & 1:
                yield _sample(state, row, judged, slot)


def _sample(state: CameraState, row: int, judged: Row, slot: int) -> Sample:
    cell, numbers = state.cell(row, slot), state.judging.rules[row]
    phase, now = int(cell["phase"]), state.at
    seen = slot < 0 or int(state.subjects[slot]["seen"]) == now
    template = TEMPLATES[judged.rule["template"]]
    since = int(cell["since"]) if phase != IDLE else 0
    facts = facts_of(state, template.name, row, slot, since or now, now, metric=judged.metric)
    mode, stamp = state.judging.authority.mode(judged.rule, now)
    cooling = cooling_until(state, judged, mode)
    verdict = _VERDICTS.get(int(cell["verdict"]), "unseen")
    if template.scope == "track over line":
        values = _crossing(state, row, slot)
        # no cell has a verdict on who only comes near: in the band, or past it and not confirmed, may become a crossing
        verdict = verdict if phase != IDLE else "hold" if values and values[0].value > -values[0].threshold else "off"
    else:
        values = tuple(_measured(state, row, slot, measure) for measure in template.measures)
    return Sample(
        at=now,
        scope=judged.scope,
        subject=subject_id(state, slot) or "zone",
        object_class="" if slot < 0 else CLASS_NAMES[int(state.subjects[slot]["cls"])],
        verdict=verdict if seen else "unseen",
        phase=_PHASES[phase],
        since=since,
        held_s=round(int(cell["held"]) / 1000, 3) if phase == PENDING else 0.0,
        for_s=int(numbers["for_ms"]) / 1000,
        measured=values,
        facts=facts,
        condition=_condition(state, judged, slot, facts) if phase in {PENDING, OPEN} else None,
        mode=mode,
        authorisation=None if stamp is None else stamp["id"],
        cooling_until=cooling if now < cooling else 0,
        cooldown_ms=int(judged.rule["cooldown_ms"]),
    )


def _measured(state: CameraState, row: int, slot: int, measure: Measure) -> Measured:
    """A measured value and its threshold, both in the rule's own unit."""
    rule = state.judging.rules[row]
    parameter = TEMPLATES[state.judging.rows[row].rule["template"]].parameter(measure.parameter)
    column = parameter.fills or "for_ms"
    threshold = float(rule[column]) / (1000 if column.endswith("_ms") else 1)
    kind, _, name = measure.source.rpartition(".")
    sources = {"cell": state.cell(row, slot), "subject": state.subjects[slot], "": state.kept.zones[row]}
    value = round(float(sources[kind][name]), 4)
    return Measured(measure.name, value, measure.relation, round(threshold, 4), _unit(parameter, metric=rule["metric"]))


def _unit(parameter: Parameter, *, metric: bool) -> str:
    if parameter.kind == "duration":
        return "s"
    per = {"distance": "", "speed": "/s"}.get(parameter.kind)
    if per is None:
        return ""
    return ("m" if metric and parameter.metric else "heights") + per


def _crossing(state: CameraState, row: int, slot: int) -> tuple[Measured, ...]:
    """How far a subject is past a line, seen from its last sure side, and for how long: below 0 it is before it.

    Confirmed is a crossing by time or by depth; both are given, the first of them only once it is past the band.
    """
    if state.plan is None:
        return ()
    index = int(state.judging.rules[row]["gate"])
    gate, s, side = state.plan.gates[index], state.subjects[slot], state.kept.sides[slot, index]
    across, along = _from_line(gate, float(s["x"]), float(s["y"]))
    past = -abs(across) if side["side"] == 0 or (across > 0.0) == (side["side"] > 0) else abs(across)
    beyond = max(-along, along - hypot(gate["bx"] - gate["ax"], gate["by"] - gate["ay"]), 0.0)
    flip, h = int(side["flip"]), float(s["h"])
    held_s = 0.0 if flip == NEVER else (state.at - flip) / 1000
    return (
        Measured("past the line", round(past / h, 4), ">=", round(float(gate["band"]), 4), "heights"),
        Measured("past the band for", held_s, ">=", int(gate["confirm"]) / 1000, "s"),
        Measured("or deep", round(past / h, 4), ">=", round(float(gate["depth"]), 4), "heights"),
        Measured("beside its ends", round(beyond / h, 4), "<=", 0.0, "heights"),
    )


def _from_line(gate: Any, x: float, y: float) -> tuple[float, float]:
    """Distance from a line, positive to its right, and along it from its beginning; picture heights."""
    dx, dy = float(gate["bx"] - gate["ax"]), float(gate["by"] - gate["ay"])
    size = hypot(dx, dy)
    from_x, from_y = x - float(gate["ax"]), y - float(gate["ay"])
    return (dx * from_y - dy * from_x) / size, (dx * from_x + dy * from_y) / size


def _condition(state: CameraState, judged: Row, slot: int, facts: Mapping[str, Any]) -> bool | None:
    if judged.condition is None:
        return None
    named = named_facts(judged.rule["template"], facts)
    return judged.condition.holds({**variables_of(state, judged, slot, state.at), **named})
