"""Layer 2, templates over a zone as a whole: how many, how close together, how fast.

Each looks at the subjects of the wanted classes in the zone that were seen within the last second: longer than most
misses of a detector, shorter than leaving. It leaves what it measured in the row's ZONE and marks those whom it is
about in their cells (`value`), so that an event can show them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_rule_engine.layers.episodes import HOLD, IDLE, OFF, ON, UNSEEN
from vigie_rule_engine.layers.jit import Indices, Slot, jit
from vigie_rule_engine.layers.limits import KEPT_FRAMES
from vigie_rule_engine.layers.plane import decay, length
from vigie_rule_engine.layers.rows import (
    CONGESTION,
    COUNT_ZONE,
    CROWD_MOVEMENT,
    DENSITY,
    GATHERING,
    OBJECT_CLASS,
    velocity,
    whereabouts,
)
from vigie_rule_engine.layers.standing import STAYED_MS
from vigie_rule_engine.layers.zone_counts import count_zone, unique_count
from vigie_rule_engine.layers.zone_facts import MEMBER, gather, learn, mark

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept, Plan, Scratch

_HOLDS: Final = 0.75
"""Below the threshold but above this share of it: neither on nor off."""

_ENOUGH_S: Final = 20.0  # of learning, before a comparison with what is usual means anything
_STEADY_S: Final = 5.0
_HIDDEN_S: Final = 10.0  # people of a group hide each other for about so long
_PARKED_MS: Final = 600_000
_CAME: Final = 1.0  # own heights: a vehicle that was never seen to move is parked


@jit
def root(links: Indices, i: int) -> int:
    """The first of the group that i is in."""
    while links[i] != i:
        links[i] = links[links[i]]
        i = links[i]
    return i


@jit
def linked(kept: Kept, a: int, b: int, rule: Slot) -> bool:
    """Whether two stand together; in body heights they must be about as high, else one is far behind the other."""
    ax, ay, au = whereabouts(kept, a, rule)
    bx, by, bu = whereabouts(kept, b, rule)
    if au == 0.0 or bu == 0.0 or not 0.6 < au / bu < 1.67:
        return False
    return bool(length(ax - bx, ay - by) < rule["within"] * 0.5 * (au + bu))


@jit
def stays(s: Slot, w: int) -> bool:
    """Whether somebody has been in one place for some seconds, however the box of who is half hidden shakes."""
    return bool(s["off"] == 0 and w - s["rest"] > STAYED_MS)


@jit
def gathering(kept: Kept, r: int, rule: Slot, m: int, dt: float, w: int, scratch: Scratch) -> int:
    """The largest group (single linkage) of those who hardly move; who is hidden for a moment is still there."""
    members, links = scratch.members, scratch.links
    slow = 0
    for i in range(m):
        vx, vy = velocity(kept, members[i], rule)
        if length(vx, vy) < rule["speed"] or stays(kept.subjects[members[i]], w):
            members[slow] = members[i]
            links[slow] = slow
            slow += 1
    for i in range(slow):
        for j in range(i):
            if linked(kept, members[i], members[j], rule):
                links[root(links, i)] = root(links, j)
    best, most = -1, 0
    for i in range(slow):
        size = 0
        for j in range(slow):
            if root(links, j) == i:
                size += 1
        if size > most:
            best, most = i, size
    together = 0
    for i in range(slow):
        if root(links, i) == best:
            kept.cells[r, members[i]]["value"] = MEMBER
            together += 1
    zone = kept.zones[r]
    zone["group"] = together
    zone["going"] = max(float(together), together + decay(dt / _HIDDEN_S) * (zone["going"] - together))
    if zone["going"] >= rule["least"]:
        return ON
    return HOLD if zone["going"] >= rule["ratio"] * rule["least"] else OFF


@jit
def density(kept: Kept, r: int, rule: Slot, m: int, scratch: Scratch) -> int:
    """People a square metre: at least so many, as boxes hide each other."""
    mark(kept, r, scratch.members, m)
    level = m / rule["area"]
    kept.zones[r]["share"] = level
    if level >= rule["least"]:
        return ON
    return HOLD if level >= rule["leave"] else OFF


@jit
def crowd_movement(kept: Kept, r: int, rule: Slot, m: int, dt: float, scratch: Scratch) -> int:
    """Many are suddenly faster than usual, in one direction or away from one place."""
    zone = kept.zones[r]
    members, speeds = scratch.members, scratch.speeds
    mark(kept, r, members, m)
    zone["speed"] = 0.0
    zone["aligned"] = 0.0
    if m == 0:
        return OFF
    cx, cy, ux, uy = 0.0, 0.0, 0.0, 0.0
    for i in range(m):
        vx, vy = velocity(kept, members[i], rule)
        v = length(vx, vy)
        speeds[i] = v
        x, y, _ = whereabouts(kept, members[i], rule)
        cx += x / m
        cy += y / m
        if v > 0.0:
            ux += vx / v / m
            uy += vy / v / m
    away = 0.0
    for i in range(m):
        vx, vy = velocity(kept, members[i], rule)
        x, y, _ = whereabouts(kept, members[i], rule)
        size = length(vx, vy) * length(x - cx, y - cy)
        if size > 0.0:
            away += (vx * (x - cx) + vy * (y - cy)) / size / m
    zone["speed"] = np.median(speeds[:m])
    zone["aligned"] = max(length(ux, uy), away)
    if m < _HOLDS * rule["least"]:
        return OFF
    usual = zone["usual"]
    if zone["usual_s"] < _ENOUGH_S or zone["speed"] < _HOLDS * rule["ratio"] * usual:
        learn(zone, zone["speed"], dt)
        return OFF
    fast = zone["speed"] >= rule["ratio"] * usual and zone["speed"] >= rule["speed"]
    if m >= rule["least"] and fast and zone["aligned"] >= rule["share"]:
        return ON
    if zone["speed"] < rule["speed"]:
        learn(zone, zone["speed"], dt)
    return HOLD if zone["speed"] >= _HOLDS * rule["speed"] else OFF


@jit
def occupancy(kept: Kept, rule: Slot, m: int, plan: Plan, scratch: Scratch) -> float:
    """Share of the zone that lies behind the lower halves of boxes."""
    region = plan.regions[rule["region"]]
    covered = 0
    for i in range(region["first_spot"], region["first_spot"] + region["spots"]):
        x = plan.spot_x[i]
        y = plan.spot_y[i]
        for j in range(m):
            s = kept.subjects[scratch.members[j]]
            if s["x1"] <= x <= s["x2"] and 0.5 * (s["y1"] + s["y2"]) <= y <= s["y2"]:
                covered += 1
                break
    return float(covered / max(1, region["spots"]))


@jit
def travels(kept: Kept, r: int, k: int, w: int) -> bool:
    """Whether a vehicle takes part in the traffic: it came, and has not been parked for ten minutes.

    Who is first seen while others stand in a jam has come up behind them, hidden.
    """
    s = kept.subjects[k]
    cell = kept.cells[r, k]
    if cell["mark"] == 0 or length(s["x"] - cell["x"], s["y"] - cell["y"]) > s["h"]:
        cell["x"] = s["x"]
        cell["y"] = s["y"]
        cell["mark"] = w
    jam = kept.wholes[r]
    came = s["moved"] > _CAME or (jam["phase"] != IDLE and s["born"] > jam["since"])
    return bool(came and w - cell["mark"] < _PARKED_MS)


@jit
def congestion(kept: Kept, r: int, rule: Slot, m: int, w: int, dt: float, plan: Plan, scratch: Scratch) -> int:
    """The vehicles of the zone are many, cover it, and hardly move against what is usual there."""
    zone = kept.zones[r]
    members, speeds = scratch.members, scratch.speeds
    going = 0
    for i in range(m):
        if travels(kept, r, members[i], w):
            vx, vy = velocity(kept, members[i], rule)
            speeds[going] = length(vx, vy)
            members[going] = members[i]
            going += 1
    mark(kept, r, members, going)
    # over some seconds: a lorry that passes hides a queue, and boxes come and go
    gain = 1.0 - decay(dt / _STEADY_S)
    if going > 0:
        zone["speed"] += gain * (np.median(speeds[:going]) - zone["speed"])
    zone["occupied"] += gain * (occupancy(kept, rule, going, plan, scratch) - zone["occupied"])
    zone["samples"] += gain * (m - zone["samples"])
    zone["going"] += gain * (going - zone["going"])
    for i in range(going):
        if speeds[i] > 0.5 * zone["usual"]:  # jams are not what is usual
            learn(zone, speeds[i], dt)
    free = rule["speed"] if rule["speed"] > 0.0 else zone["usual"]
    if free == 0.0 or (rule["speed"] == 0.0 and zone["usual_s"] < _ENOUGH_S):
        return OFF
    zone["share"] = zone["speed"] / free
    many = zone["samples"] >= rule["least"] - 0.5 and zone["going"] >= 0.5 * rule["least"]
    full = many and zone["occupied"] >= rule["share"]
    if full and zone["share"] < rule["ratio"]:
        return ON
    held = zone["going"] >= 0.3 * rule["least"] and zone["occupied"] >= 0.5 * rule["share"]
    return HOLD if held and zone["share"] < rule["leave"] else OFF


@jit
def object_class(kept: Kept, r: int, rule: Slot, m: int, t: int, scratch: Scratch) -> int:
    """Something of the class has been seen in most of the last frames."""
    zone = kept.zones[r]
    members = scratch.members
    hits = 0
    for i in range(m):
        s = kept.subjects[members[i]]
        if s["seen"] == t and s["score"] >= rule["least"]:
            members[hits] = members[i]
            hits += 1
    mark(kept, r, members, hits)
    place = zone["seen_n"] % KEPT_FRAMES
    zone["seen_at"][place] = t
    zone["seen_hit"][place] = 1 if hits > 0 else 0
    zone["seen_n"] += 1
    samples, positive = 0, 0
    for i in range(min(KEPT_FRAMES, zone["seen_n"])):
        if t - zone["seen_at"][i] < rule["spare_ms"]:
            samples += 1
            positive += zone["seen_hit"][i]
    zone["samples"] = samples
    zone["share"] = positive / samples
    if samples >= 3 and zone["share"] >= rule["share"]:
        return ON
    return HOLD if zone["share"] >= 0.5 * rule["share"] else OFF


@jit
def judge_zone(
    kept: Kept,
    r: int,
    rule: Slot,
    n: int,
    t: int,
    w: int,
    step: int,
    minute: int,
    steady: int,
    plan: Plan,
    scratch: Scratch,
) -> int:
    """The verdict of the row's template on its zone; UNSEEN from those that only count.

    Args:
        kept: state of the camera.
        r: the row.
        rule: its rows.RULE.
        n: subjects in use.
        t: event time of the frame.
        w: watch clock at the frame.
        step: watched ms since the frame before, or since the minute began.
        minute: event time at which the frame's minute began.
        steady: 1 if the camera looks where it did.
        plan: zones, lines and ground.
        scratch: room.
    """
    m = gather(kept, r, rule, n, w, steady, scratch)
    template = rule["template"]
    if template == GATHERING:
        return gathering(kept, r, rule, m, step * 0.001, w, scratch)
    if template == DENSITY:
        return density(kept, r, rule, m, scratch)
    if template == CROWD_MOVEMENT:
        return crowd_movement(kept, r, rule, m, step * 0.001, scratch)
    if template == CONGESTION:
        return congestion(kept, r, rule, m, w, step * 0.001, plan, scratch)
    if template == OBJECT_CLASS:
        return object_class(kept, r, rule, m, t, scratch)
    if kept.zones[r]["since"] == 0:
        kept.zones[r]["since"] = t - step
    if template == COUNT_ZONE:
        count_zone(kept, r, m, step, scratch)
    else:
        unique_count(kept, r, rule, m, t, w, step, minute, scratch)
    return UNSEEN
