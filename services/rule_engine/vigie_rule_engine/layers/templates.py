"""Layer 2, templates: pure functions of the facts, about ten lines each.

A template over a subject in a zone gets the subject, its place in the rule's region, the episode's cell and the
rule, and says ON, HOLD or OFF and since when. To add one: describe it in `catalogue`, number it here, write the
function, add a line to `judge`; a new parameter is one more field of RULE.
"""

from __future__ import annotations

from math import hypot
from typing import Final

import numpy as np

from vigie_rule_engine.layers.episodes import HOLD, IDLE, OFF, ON, PENDING
from vigie_rule_engine.layers.facts import NEVER
from vigie_rule_engine.layers.jit import Array, Slot, jit

PRESENCE, STOPPED, COUNT_LINE = 0, 1, 2
NUMBERS: Final[dict[str, int]] = {"presence": PRESENCE, "stopped": STOPPED, "count_line": COUNT_LINE}
"""Compiled template by its name in the catalogue."""

SUBJECT_IN_REGION, SUBJECT_OVER_GATE = 0, 1
SCOPES: Final[dict[str, int]] = {"track in zone": SUBJECT_IN_REGION, "track over line": SUBJECT_OVER_GATE}
"""What a row is judged on, by the catalogue's scope."""

RULE: Final = np.dtype(
    [
        ("template", "<i8"),
        ("scope", "<i8"),
        ("region", "<i8"),  # index, of SUBJECT_IN_REGION
        ("gate", "<i8"),  # index, of SUBJECT_OVER_GATE
        ("classes", "<i8"),  # one bit a class
        ("for_ms", "<i8"),
        ("keep_open_ms", "<i8"),
        ("asks", "<i8"),  # it has a condition
        ("within", "<f8"),  # body heights
    ]
)
"""One row: a rule on one zone or line of one camera."""

_LEAVE: Final = 1.5
"""An object at rest has left its place beyond this many times `within`."""


@jit
def wanted(rule: Slot, subject: Slot) -> bool:
    """Whether the rule is about objects of this class."""
    return bool((rule["classes"] >> subject["cls"]) & 1)


@jit
def presence(subject: Slot, place: Slot, rule: Slot) -> tuple[int, int]:
    """The foot point is in the zone; in the margin round it neither in nor out."""
    if not wanted(rule, subject) or place["since"] == NEVER:
        return OFF, 0
    return (ON if place["within"] == 1 else HOLD), place["since"]


@jit
def stopped(subject: Slot, place: Slot, cell: Slot, rule: Slot, t: int) -> tuple[int, int]:
    """In the zone, and within `within` body heights of where it came to rest."""
    if not wanted(rule, subject) or place["since"] == NEVER:
        return OFF, 0
    moved = hypot(subject["x"] - cell["x"], subject["y"] - cell["y"])
    if cell["phase"] == IDLE or (cell["phase"] == PENDING and moved > rule["within"] * subject["h"]):
        cell["x"] = subject["x"]  # it came to rest here, or is passing
        cell["y"] = subject["y"]
        return (ON if place["within"] == 1 else OFF), t
    if moved > _LEAVE * rule["within"] * subject["h"]:
        return OFF, 0
    if moved > rule["within"] * subject["h"] or place["within"] == 0:
        return HOLD, 0
    return ON, cell["since"]


@jit
def count_line(crossing: Slot, subjects: Array, rule: Slot) -> bool:
    """A subject of the wanted classes has surely crossed the line."""
    return bool(crossing["gate"] == rule["gate"] and wanted(rule, subjects[crossing["slot"]]))


@jit
def judge(subject: Slot, place: Slot, cell: Slot, rule: Slot, t: int) -> tuple[int, int]:
    """The verdict of the row's template on one subject: (verdict, since)."""
    if rule["template"] == PRESENCE:
        return presence(subject, place, rule)
    return stopped(subject, place, cell, rule, t)
