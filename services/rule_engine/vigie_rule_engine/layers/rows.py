"""What a row is: a rule on one zone or line of one camera, by numbers alone; and how it looks at a subject.

Distances and speeds are in the rule's unit: the subject's own body heights, or metres on the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_rule_engine.layers.jit import Array, Slot, jit

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

PRESENCE, DWELL, STOPPED, COUNT_LINE, LINE_CROSS, WRONG_WAY, SPEED, PERSON_DOWN, FALL, ABANDONED = range(10)
CONGESTION, GATHERING, DENSITY, CROWD_MOVEMENT, OBJECT_CLASS, COUNT_ZONE, UNIQUE_COUNT = range(10, 17)
NUMBERS: Final[dict[str, int]] = {
    "presence": PRESENCE,
    "line_cross": LINE_CROSS,
    "wrong_way": WRONG_WAY,
    "dwell": DWELL,
    "stopped": STOPPED,
    "congestion": CONGESTION,
    "speed": SPEED,
    "gathering": GATHERING,
    "density": DENSITY,
    "crowd_movement": CROWD_MOVEMENT,
    "fall": FALL,
    "person_down": PERSON_DOWN,
    "abandoned_object": ABANDONED,
    "object_class": OBJECT_CLASS,
    "count_line": COUNT_LINE,
    "count_zone": COUNT_ZONE,
    "unique_count": UNIQUE_COUNT,
}
"""Compiled template by its name in the catalogue."""

SUBJECT_IN_REGION, SUBJECT_OVER_GATE, WHOLE_REGION = 0, 1, 2
SCOPES: Final[dict[str, int]] = {
    "track in zone": SUBJECT_IN_REGION,
    "track over line": SUBJECT_OVER_GATE,
    "zone": WHOLE_REGION,
}
"""What a row is judged on, by the catalogue's scope."""

RULE: Final = np.dtype(
    [
        ("template", "<i8"),
        ("scope", "<i8"),
        ("region", "<i8"),  # index, unless SUBJECT_OVER_GATE
        ("gate", "<i8"),  # index, of SUBJECT_OVER_GATE
        ("classes", "<i8"),  # one bit a class
        ("for_ms", "<i8"),
        ("keep_open_ms", "<i8"),
        ("asks", "<i8"),  # it has a condition
        ("metric", "<i8"),  # distances and speeds are on the ground, not in body heights
        ("anchored", "<i8"),  # needs the camera to look where its zones and its ground were drawn
        ("spare_ms", "<i8"),  # the template's second duration
        ("way", "<i8"),  # 1 in, -1 out, 0 both
        ("within", "<f8"),  # a distance
        ("speed", "<f8"),
        ("least", "<f8"),  # a number or a level to reach
        ("leave", "<f8"),  # below which it is over
        ("ratio", "<f8"),
        ("share", "<f8"),
        ("dir_x", "<f8"),  # permitted direction, length 1
        ("dir_y", "<f8"),
        ("area", "<f8"),  # of the zone, m²
    ]
)
"""One row: a rule on one zone or line of one camera; the catalogue says which parameter fills which field."""


@jit
def wanted(rule: Slot, subject: Slot) -> bool:
    """Whether the rule is about objects of this class."""
    return bool((rule["classes"] >> subject["cls"]) & 1)


@jit
def whereabouts(kept: Kept, k: int, rule: Slot) -> tuple[float, float, float]:
    """Place of a subject and the length of the rule's unit there; a unit of 0: not known."""
    if rule["metric"] == 1:
        g = kept.grounds[k]
        return g["x"], g["y"], 1.0 if g["known"] == 1 else 0.0
    s = kept.subjects[k]
    return s["x"], s["y"], s["h"]


@jit
def velocity(kept: Kept, k: int, rule: Slot) -> tuple[float, float]:
    """In the rule's unit a second."""
    if rule["metric"] == 1:
        return kept.grounds[k]["vx"], kept.grounds[k]["vy"]
    s = kept.subjects[k]
    return s["vx"] / s["h"], s["vy"] / s["h"]


@jit
def crosses(crossing: Slot, subjects: Array, rule: Slot) -> bool:
    """A subject of the wanted classes has surely crossed the line, in a direction that the rule is about."""
    return bool(
        crossing["gate"] == rule["gate"]
        and wanted(rule, subjects[crossing["slot"]])
        and (rule["way"] == 0 or rule["way"] == crossing["way"])
    )


@jit
def looks_alone(rule: Slot) -> bool:
    """Whether `judge_alone` judges the row."""
    return bool(rule["template"] <= STOPPED and (rule["metric"] == 0 or rule["template"] != STOPPED))
