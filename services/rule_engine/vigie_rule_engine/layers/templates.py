"""Layer 2, templates over one subject: pure functions of the facts, about ten lines each.

A template says ON, HOLD or OFF (UNSEEN: nothing), and since when; what it measured it leaves in the cell's `value`.
To add one: describe it in `catalogue`, number it in `rows`, write the function, add a line to `judge`; templates over a
zone as a whole are in `zone_templates` and `zone_counts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import DOUBTED, HOLD, IDLE, OFF, ON, OPEN, PENDING, UNSEEN
from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.places import NEVER, WITHIN
from vigie_rule_engine.layers.plane import length
from vigie_rule_engine.layers.posture import UPRIGHT_ASPECT
from vigie_rule_engine.layers.rows import (
    ABANDONED,
    DWELL,
    FALL,
    PRESENCE,
    SPEED,
    STOPPED,
    WRONG_WAY,
    velocity,
    wanted,
    whereabouts,
)
from vigie_rule_engine.layers.standing import hidden
from vigie_rule_engine.layers.subjects import AT_REST, is_firm, known_as

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

_LEAVE: Final = 1.5
"""An object at rest has left its place beyond this many times `within`."""

_AWAY: Final = 3.0
"""What is still pending rests anew beyond this many times `within`: a covered box shakes by 0.13 heights."""

_SETTLE_S: Final = 10.0
"""Over so long a place of rest is averaged while it is pending."""

_MOVING: Final = 0.3
"""Units a second: who is slower stands."""

_UPRIGHT_S: Final = 2.0
"""Who has been seen upright for less has no posture to lose."""

_ELSEWHERE: Final = 1.0
"""Own heights: a thing that has moved farther lies somewhere else."""

_PERSON: Final = int(ObjectClass.person)


@jit
def furniture(subject: Slot, rule: Slot) -> bool:
    """Whether what was taken for a person has never moved as far as the rule asks: perhaps a signpost."""
    return bool(subject["cls"] == _PERSON and subject["moved"] < rule["least"])


@jit
def from_when(cell: Slot, t: int) -> int:
    """Since when what holds now has held, for a condition of this instant."""
    return t if cell["phase"] == IDLE else int(cell["since"])


@jit
def presence(subject: Slot, place: Slot, rule: Slot) -> tuple[int, int]:
    """The foot point is in the zone; in the margin round it neither in nor out."""
    if not wanted(rule, subject) or place["since"] == NEVER:
        return OFF, 0
    if place["within"] == 0 or not is_firm(subject):
        return HOLD, place["since"]
    return (DOUBTED if furniture(subject, rule) else ON), place["since"]


@jit
def dwell(subject: Slot, place: Slot, cell: Slot, rule: Slot, t: int, w: int) -> tuple[int, int]:
    """In the zone for long; an excursion that is short enough counts as having stayed."""
    if not wanted(rule, subject):
        return OFF, 0
    if place["since"] != NEVER:
        since = from_when(cell, place["since"])
        cell["value"] = (t - since) * 0.001
        cell["x"] = subject["x"]
        cell["y"] = subject["y"]
        doubted = cell["mark"] == 0 and subject["met_at"] == 0 and furniture(subject, rule)
        return (DOUBTED if doubted else ON), since
    if cell["phase"] == PENDING and w - cell["last_w"] < rule["spare_ms"]:
        return UNSEEN, 0
    return OFF, 0


@jit
def stopped(
    subject: Slot, x: float, y: float, unit: float, place: Slot, cell: Slot, rule: Slot, t: int
) -> tuple[int, int]:
    """In the zone, and within `within` of where it came to rest; its place in the rule's unit, 0: not known."""
    if not wanted(rule, subject):
        return OFF, 0
    moved = length(x - cell["x"], y - cell["y"])
    if place["since"] == NEVER:  # a box that shakes beside the zone's edge has not left it
        return (HOLD if cell["phase"] == PENDING and moved <= rule["within"] * unit else OFF), cell["since"]
    if unit == 0.0:
        return UNSEEN, 0
    if cell["phase"] == IDLE or (cell["phase"] == PENDING and moved > _AWAY * rule["within"] * unit):
        cell["x"] = x  # it came to rest here, or is passing
        cell["y"] = y
        cell["value"] = 0.0
        return (ON if place["within"] == WITHIN else OFF), t
    cell["value"] = moved / unit
    if cell["phase"] == PENDING:
        rested = min((t - cell["since"]) * 0.001, _SETTLE_S)
        share = subject["dt"] / (rested + subject["dt"])  # one box is no place, and the first ones may still roll
        cell["x"] += share * (x - cell["x"])
        cell["y"] += share * (y - cell["y"])
        return (ON if moved <= rule["within"] * unit and place["within"] == WITHIN else HOLD), cell["since"]
    if moved > _LEAVE * rule["within"] * unit:
        return OFF, 0
    if moved > rule["within"] * unit or place["within"] != WITHIN:
        return HOLD, 0
    return ON, cell["since"]


@jit
def wrong_way(kept: Kept, k: int, place: Slot, cell: Slot, rule: Slot, t: int) -> tuple[int, int]:
    """Net progress against the permitted direction, within 60° of its opposite, and still under way.

    Only within the zone: a lorry of the lane beside it may drive along in the margin.
    """
    x, y, unit = whereabouts(kept, k, rule)
    if not wanted(rule, kept.subjects[k]) or place["since"] == NEVER or unit == 0.0:
        cell["mark"] = 0
        return OFF, 0
    if cell["mark"] == 0:
        cell["mark"] = 1
        cell["value"] = 0.0
    elif place["within"] != 0:  # in heights of the moment: who comes nearer grows
        step = ((x - cell["x"]) * rule["dir_x"] + (y - cell["y"]) * rule["dir_y"]) / unit
        cell["value"] = max(0.0, cell["value"] - step)
    cell["x"] = x
    cell["y"] = y
    if cell["value"] < rule["within"]:
        return OFF, 0
    vx, vy = velocity(kept, k, rule)
    along = vx * rule["dir_x"] + vy * rule["dir_y"]
    if place["within"] == 0 or along > -_MOVING or along > -0.5 * length(vx, vy):
        return HOLD, 0
    return ON, from_when(cell, t)


@jit
def speed(kept: Kept, k: int, place: Slot, cell: Slot, rule: Slot, t: int) -> tuple[int, int]:
    """Surely faster than the limit; above it, but not surely: neither."""
    g = kept.grounds[k]
    if not wanted(rule, kept.subjects[k]) or place["since"] == NEVER or g["known"] == 0:
        return OFF, 0
    cell["value"] = g["speed"]
    if g["sure"] > rule["speed"]:
        return ON, from_when(cell, t)
    return (HOLD if g["speed"] > rule["speed"] else OFF), 0


@jit
def lies(kept: Kept, n: int, k: int, rule: Slot) -> int:
    """ON: wider than high, much lower than when upright, still, and nobody who stands half hidden."""
    p = kept.postures[k]
    if p["upright_s"] < _UPRIGHT_S:
        return OFF
    low = p["h"] / p["tall"]
    if p["aspect"] > rule["least"] and low < rule["ratio"]:
        s = kept.subjects[k]
        still = length(s["vx"], s["vy"]) < _MOVING * p["tall"]
        too_wide = s["x2"] - s["x1"] > UPRIGHT_ASPECT * p["tall"]  # for what is left of somebody who stands
        return ON if still and (too_wide or not hidden(kept, n, k, int(s["seen"]))) else HOLD
    if p["aspect"] > 0.75 * rule["least"] and low < 1.2 * rule["ratio"]:
        return HOLD
    return OFF


@jit
def person_down(kept: Kept, n: int, k: int, place: Slot, cell: Slot, rule: Slot, t: int) -> tuple[int, int]:
    """Somebody who was upright lies; a fall: and went from the one to the other at once."""
    if not wanted(rule, kept.subjects[k]) or place["since"] == NEVER:
        return OFF, 0
    p = kept.postures[k]
    verdict = lies(kept, n, k, rule)
    cell["value"] = p["aspect"]
    if rule["template"] == FALL:
        if verdict == OFF:
            cell["rest"] = 0
        elif cell["rest"] == 0:
            cell["rest"] = t
            cell["mark"] = t - p["upright_at"]  # how long it took; later misses are of who lies
        if verdict == ON and cell["phase"] == IDLE and cell["mark"] > rule["spare_ms"]:
            return OFF, 0
    return verdict, from_when(cell, t)


@jit
def abandoned(kept: Kept, n: int, k: int, place: Slot, cell: Slot, rule: Slot, t: int, w: int) -> tuple[int, int]:
    """A thing that somebody put down lies still, and neither they nor anybody who stands are near any more."""
    s = kept.subjects[k]
    if not wanted(rule, s) or place["since"] == NEVER:
        return OFF, 0
    moved = length(s["x"] - cell["x"], s["y"] - cell["y"])
    if cell["mark"] == 0 or (cell["phase"] < OPEN and moved > _ELSEWHERE * s["h"]):
        cell["x"] = s["x"]
        cell["y"] = s["y"]
        cell["rest"] = t
        cell["rest_w"] = w
        cell["mark"] = w
        cell["who"] = owner(kept, n, k, rule)
    if attended(kept, n, k, cell, rule):
        cell["mark"] = w
    cell["value"] = (w - cell["mark"]) * 0.001
    if moved > _ELSEWHERE * s["h"]:
        return OFF, 0
    if cell["who"] == 0 or w - cell["mark"] < rule["spare_ms"] or w - cell["rest_w"] < rule["leave"] * 1000.0:
        return (OFF if cell["phase"] < OPEN or cell["mark"] == w else HOLD), 0
    return ON, cell["rest"]


@jit
def apart(kept: Kept, k: int, j: int, rule: Slot) -> float:
    """Distance of a person from a thing, in metres or in the person's heights."""
    x, y, known = whereabouts(kept, k, rule)
    px, py, unit = whereabouts(kept, j, rule)
    return length(px - x, py - y) / unit if known > 0.0 and unit > 0.0 else np.inf


@jit
def owner(kept: Kept, n: int, k: int, rule: Slot) -> int:
    """Who is nearest to a thing now, as `known_as` says it; 0: nobody is near."""
    best, near = 0, rule["within"]
    for j in range(n):
        if kept.subjects[j]["cls"] == _PERSON and kept.subjects[j]["moved"] >= AT_REST:
            d = apart(kept, k, j, rule)
            if d < near:
                best, near = known_as(kept.subjects[j]), d
    return best


@jit
def attended(kept: Kept, n: int, k: int, cell: Slot, rule: Slot) -> bool:
    """Whether the owner, or somebody who stands, is near; who walks past is not."""
    for j in range(n):
        s = kept.subjects[j]
        if s["cls"] == _PERSON and apart(kept, k, j, rule) < rule["within"]:
            vx, vy = velocity(kept, j, rule)
            stands = length(vx, vy) < _MOVING and s["moved"] >= AT_REST
            if stands or known_as(s) == cell["who"]:
                return True
    return False


@jit
def judge(kept: Kept, n: int, k: int, place: Slot, cell: Slot, rule: Slot, t: int, w: int) -> tuple[int, int]:
    """The verdict of a template that needs more than its subject: (verdict, since)."""
    template = rule["template"]
    if template == STOPPED:
        x, y, unit = whereabouts(kept, k, rule)
        return stopped(kept.subjects[k], x, y, unit, place, cell, rule, t)
    if template == WRONG_WAY:
        return wrong_way(kept, k, place, cell, rule, t)
    if template == SPEED:
        return speed(kept, k, place, cell, rule, t)
    if template == ABANDONED:
        return abandoned(kept, n, k, place, cell, rule, t, w)
    return person_down(kept, n, k, place, cell, rule, t)


@jit
def judge_alone(subject: Slot, place: Slot, cell: Slot, rule: Slot, t: int, w: int) -> tuple[int, int]:
    """The verdict of a template that looks at its subject alone, in body heights: most rules, and much cheaper."""
    template = rule["template"]
    if template == PRESENCE:
        return presence(subject, place, rule)
    if template == DWELL:
        return dwell(subject, place, cell, rule, t, w)
    return stopped(subject, subject["x"], subject["y"], subject["h"], place, cell, rule, t)
