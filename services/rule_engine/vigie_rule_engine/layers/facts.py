"""Layer 1, facts: what is true of every subject of one camera now.

A *subject* is an object as rules see it: a smoothed foot point, a velocity, since when it is inside each region,
on which side of each gate it surely is. Identity is healed here, once: a known track id claims its subject first,
then an unknown id may adopt a subject whose track is gone, where that subject should be by now. No rule ever sees
a box or a track id.

Coordinates are in picture heights (pixels divided by the height of the sampled frame, on both axes), so lengths are
the same along x and y and a change of resolution midway changes nothing. Body heights are the subject's own.
Times are milliseconds since 1970 UTC; `w` is the camera's watch clock: milliseconds during which it could see.
Every field is eight bytes wide: no padding, so equal states are equal bytes.
"""

from __future__ import annotations

from math import exp, hypot, inf, isfinite
from typing import Final

import numpy as np

from vigie_common.taxonomy import CLASS_GROUP, ObjectClass
from vigie_rule_engine.layers.jit import Array, Indices, Slot, Vector, jit

NEVER: Final = 1 << 62
"""Later than every event time."""

UNUSABLE: Final = -2
"""In place of a slot: a box that is not finite or has no area."""

SUBJECT: Final = np.dtype(
    [
        ("track", "<i8"),  # tracker's id, of the current session if `known`
        ("known", "<i8"),
        ("ended", "<i8"),  # the tracker said that the track ended
        ("born_track", "<i8"),  # with born_session: the subject's identity
        ("born_session", "<i8"),  # index in the camera's list of sessions
        ("cls", "<i8"),
        ("model", "<i8"),
        ("born", "<i8"),
        ("seen", "<i8"),
        ("seen_w", "<i8"),
        ("x", "<f8"),  # smoothed foot point
        ("y", "<f8"),
        ("h", "<f8"),  # smoothed body height
        ("vx", "<f8"),  # picture heights a second
        ("vy", "<f8"),
        ("dt", "<f8"),  # seconds since it was seen before
        ("born_x", "<f8"),
        ("born_y", "<f8"),
        ("moved", "<f8"),  # farthest from where it was born, body heights
        ("score", "<f8"),
        ("x1", "<f8"),  # its last box
        ("y1", "<f8"),
        ("x2", "<f8"),
        ("y2", "<f8"),
    ]
)
PLACE: Final = np.dtype([("since", "<i8"), ("within", "<i8")])
"""Subject × region: inside since when (NEVER: outside), and whether strictly within now (0: in the margin)."""

SIDE: Final = np.dtype([("side", "<i8"), ("flip", "<i8"), ("x", "<f8"), ("y", "<f8")])
"""Subject × gate: sure side (-1 out, 1 in, 0 none yet), when the other side was first seen, last sure place."""

REGION: Final = np.dtype([("first", "<i8"), ("corners", "<i8"), ("margin", "<f8")])
"""A zone with its leave margin in body heights; no corners: the whole image."""

GATE: Final = np.dtype(
    [
        ("ax", "<f8"),
        ("ay", "<f8"),
        ("bx", "<f8"),
        ("by", "<f8"),
        ("band", "<f8"),
        ("depth", "<f8"),
        ("confirm", "<i8"),
    ]
)
"""A line with its dead band and depth in body heights and its confirmation time in ms."""

CROSSING: Final = np.dtype([("gate", "<i8"), ("slot", "<i8"), ("way", "<i8"), ("t", "<i8")])
"""One confirmed crossing; way 1: in (left to right, looking along the line), -1: out."""

OBSERVED: Final = ("x1", "y1", "x2", "y2", "track", "cls", "score", "model")
"""Rows of the observation matrix: boxes in pixels; ids are exact below 2**53."""

# Adoption and forgetting, ms of watched time. 95 % of the runs of misses of a person last at most 1.4 s.
LOST_MOVING: Final = 2_000
LOST_STILL_VEHICLE: Final = 20_000
LOST_TRACKED: Final = 10_000
"""A track that the tracker has not ended may come back under its own id for this long."""

_STILL: Final = 0.1  # body heights a second
_TAU: Final = 0.5  # s, smoothing: the jitter of a foot point is correlated over about this time
_GROUPS: Final = np.array(CLASS_GROUP, np.int64)
_VEHICLES: Final = sum(
    1 << int(c) for c in (ObjectClass.car, ObjectClass.van, ObjectClass.bus, ObjectClass.truck, ObjectClass.tram)
)


@jit
def contains(corner_x: Vector, corner_y: Vector, region: Slot, x: float, y: float) -> bool:
    """Whether the point is in the polygon, by the even-odd rule."""
    odd = False
    j = region["first"] + region["corners"] - 1
    for i in range(region["first"], region["first"] + region["corners"]):
        if (corner_y[i] > y) != (corner_y[j] > y) and x < (corner_x[j] - corner_x[i]) * (y - corner_y[i]) / (
            corner_y[j] - corner_y[i]
        ) + corner_x[i]:
            odd = not odd
        j = i
    return odd


@jit
def distance(corner_x: Vector, corner_y: Vector, region: Slot, x: float, y: float) -> float:
    """Distance to the polygon's nearest edge."""
    best = inf
    j = region["first"] + region["corners"] - 1
    for i in range(region["first"], region["first"] + region["corners"]):
        dx = corner_x[i] - corner_x[j]
        dy = corner_y[i] - corner_y[j]
        u = ((x - corner_x[j]) * dx + (y - corner_y[j]) * dy) / (dx * dx + dy * dy)
        u = min(1.0, max(0.0, u))
        best = min(best, hypot(x - corner_x[j] - u * dx, y - corner_y[j] - u * dy))
        j = i
    return best


@jit
def patience(s: Slot) -> int:
    """For how much watched time a lost subject may be adopted: long only for a vehicle that stands still."""
    if (_VEHICLES >> s["cls"]) & 1 and hypot(s["vx"], s["vy"]) < _STILL * s["h"]:
        return LOST_STILL_VEHICLE
    return LOST_MOVING


@jit
def gone(s: Slot, w: int) -> bool:
    """Whether a subject is to be forgotten."""
    limit = patience(s)
    if s["known"] == 1 and s["ended"] == 0:
        limit = max(limit, LOST_TRACKED)
    return bool(w - s["seen_w"] > limit)


@jit
def find(subjects: Array, n: int, i: int, track: int) -> int:
    """Slot of the subject that has this track id, -1 if none; the box's own index is tried first."""
    if i < n and subjects[i]["known"] == 1 and subjects[i]["track"] == track:
        return i
    for k in range(n):
        if subjects[k]["known"] == 1 and subjects[k]["track"] == track:
            return k
    return -1


@jit
def adopt(subjects: Array, n: int, cls: int, x: float, y: float, h: float, t: int, w: int) -> int:
    """Slot of the lost subject that should be here by now, -1 if none: an id switch changes nothing for rules."""
    best, near = -1, inf
    for k in range(n):
        s = subjects[k]
        if s["seen"] >= t or _GROUPS[s["cls"]] != _GROUPS[cls] or not 0.6 < h / s["h"] < 1.67:
            continue
        if w - s["seen_w"] > patience(s):
            continue
        ahead = min((t - s["seen"]) * 0.001, 1.0)
        d = hypot(x - s["x"] - ahead * s["vx"], y - s["y"] - ahead * s["vy"])
        if d < (0.3 + 0.3 * ahead) * h and d < near:
            best, near = k, d
    return best


@jit
def bear(s: Slot, track: int, session: int, cls: int, x: float, y: float, h: float, t: int) -> None:
    """A new subject in slot `s`."""
    s["born_track"] = track
    s["born_session"] = session
    s["born"] = t
    s["cls"] = cls
    s["x"] = x
    s["y"] = y
    s["h"] = h
    s["vx"] = 0.0
    s["vy"] = 0.0
    s["dt"] = 0.0
    s["born_x"] = x
    s["born_y"] = y
    s["moved"] = 0.0


@jit
def smooth(s: Slot, x: float, y: float, h: float) -> None:
    """Foot point, velocity and height, each with the gain of the real time step."""
    remains = exp(-s["dt"] / _TAU)
    a = 1.0 - 0.6 * remains
    b = 1.0 - remains
    px = s["x"]
    py = s["y"]
    s["x"] += a * (x - s["x"])
    s["y"] += a * (y - s["y"])
    s["h"] += b * (h - s["h"])
    s["vx"] += b * ((s["x"] - px) / s["dt"] - s["vx"])
    s["vy"] += b * ((s["y"] - py) / s["dt"] - s["vy"])
    s["moved"] = max(s["moved"], hypot(s["x"] - s["born_x"], s["y"] - s["born_y"]) / s["h"])


@jit
def place(p: Slot, s: Slot, region: Slot, corner_x: Vector, corner_y: Vector, t: int) -> None:
    """Inside or not: entering is being within the polygon, leaving is being beyond its margin."""
    if region["corners"] == 0 or contains(corner_x, corner_y, region, s["x"], s["y"]):
        p["within"] = 1
        if p["since"] == NEVER:
            p["since"] = t
        return
    p["within"] = 0
    if p["since"] != NEVER and distance(corner_x, corner_y, region, s["x"], s["y"]) > region["margin"] * s["h"]:
        p["since"] = NEVER


@jit
def cross(p: Slot, s: Slot, gate: Slot, t: int) -> int:
    """1 or -1 when the subject has surely crossed the gate, else 0; `p["flip"]` is then when it did.

    No side is sure within the dead band. A change of side counts once it is confirmed, by time or by depth, and if
    the path from the last sure place cuts the segment.
    """
    dx = gate["bx"] - gate["ax"]
    dy = gate["by"] - gate["ay"]
    size = hypot(dx, dy)
    d = (
        dx * (s["y"] - gate["ay"]) - dy * (s["x"] - gate["ax"])
    ) / size  # positive: right of the direction, on a screen
    if abs(d) < gate["band"] * s["h"]:
        return 0
    side = 1 if d > 0.0 else -1
    if p["side"] == 0 or side == p["side"]:
        p["side"] = side
        p["flip"] = NEVER
        p["x"] = s["x"]
        p["y"] = s["y"]
        return 0
    if p["flip"] == NEVER:
        p["flip"] = t
    if t - p["flip"] < gate["confirm"] and abs(d) < gate["depth"] * s["h"]:
        return 0
    before = (dx * (p["y"] - gate["ay"]) - dy * (p["x"] - gate["ax"])) / size
    f = before / (before - d)
    u = ((p["x"] + f * (s["x"] - p["x"]) - gate["ax"]) * dx + (p["y"] + f * (s["y"] - p["y"]) - gate["ay"]) * dy) / (
        size * size
    )
    p["side"] = side
    p["x"] = s["x"]
    p["y"] = s["y"]
    if 0.0 <= u <= 1.0:
        return side
    p["flip"] = NEVER
    return 0


@jit
def observe(
    subjects: Array,
    n: int,
    places: Array,
    sides: Array,
    observed: Vector,
    unit: float,
    session: int,
    t: int,
    w: int,
    regions: Array,
    gates: Array,
    corner_x: Vector,
    corner_y: Vector,
    crossings: Array,
    slots: Indices,
) -> tuple[int, int]:
    """Take one frame in: the new number of subjects and of crossings.

    Args:
        subjects: (capacity,) SUBJECT; a new one that finds no room is not taken in.
        n: subjects in use.
        places: (capacity, regions) PLACE.
        sides: (capacity, gates) SIDE.
        observed: (8, boxes) float64, rows as OBSERVED; a box that is not finite or has no area is passed over.
        unit: picture heights a pixel.
        session: index of the session.
        t: event time of the frame.
        w: watch clock at the frame.
        regions: (regions,) REGION.
        gates: (gates,) GATE.
        corner_x: (corners,) float64, all polygons, picture heights.
        corner_y: (corners,) float64.
        crossings: (boxes × gates,) CROSSING, scratch.
        slots: (boxes,) int64, scratch: slot of each box.
    """
    boxes = observed.shape[1]
    for i in range(boxes):
        slots[i] = UNUSABLE
        width = observed[2, i] - observed[0, i]
        height = observed[3, i] - observed[1, i]
        if isfinite(width) and isfinite(height) and width > 0.0 and height > 0.0:
            slots[i] = find(subjects, n, i, int(observed[4, i]))
            if slots[i] >= 0 and subjects[slots[i]]["seen"] < t:
                s = subjects[slots[i]]
                s["dt"] = (t - s["seen"]) * 0.001
                s["seen"] = t
    crossed = 0
    for i in range(boxes):
        k = slots[i]
        if k == UNUSABLE:
            continue
        x1 = observed[0, i] * unit
        y1 = observed[1, i] * unit
        x2 = observed[2, i] * unit
        y2 = observed[3, i] * unit
        x = 0.5 * (x1 + x2)
        h = y2 - y1
        cls = int(observed[5, i])
        track = int(observed[4, i])
        if k < 0:
            k = adopt(subjects, n, cls, x, y2, h, t, w)
            if k >= 0:
                subjects[k]["dt"] = (t - subjects[k]["seen"]) * 0.001
        if k < 0:
            if n == subjects.shape[0]:
                continue
            k = n
            n += 1
            bear(subjects[k], track, session, cls, x, y2, h, t)
            for r in range(regions.shape[0]):
                places[k, r]["since"] = NEVER
                places[k, r]["within"] = 0
            for g in range(gates.shape[0]):
                sides[k, g]["side"] = 0
                sides[k, g]["flip"] = NEVER
                sides[k, g]["x"] = 0.0
                sides[k, g]["y"] = 0.0
        s = subjects[k]
        slots[i] = k
        s["track"] = track
        s["known"] = 1
        s["ended"] = 0
        s["cls"] = cls
        s["score"] = observed[6, i]
        s["model"] = int(observed[7, i])
        s["seen"] = t
        s["seen_w"] = w
        s["x1"] = x1
        s["y1"] = y1
        s["x2"] = x2
        s["y2"] = y2
        if s["dt"] > 0.0:
            smooth(s, x, y2, h)
        for r in range(regions.shape[0]):
            place(places[k, r], s, regions[r], corner_x, corner_y, t)
        for g in range(gates.shape[0]):
            way = cross(sides[k, g], s, gates[g], t)
            if way != 0:
                c = crossings[crossed]
                c["gate"] = g
                c["slot"] = k
                c["way"] = way
                c["t"] = sides[k, g]["flip"]
                crossed += 1
                sides[k, g]["flip"] = NEVER
    return n, crossed


@jit
def end_tracks(subjects: Array, n: int, tracks: Indices) -> None:
    """Note that the tracker has ended these tracks: their ids will not come back."""
    for i in range(tracks.shape[0]):
        k = find(subjects, n, i, tracks[i])
        if k >= 0:
            subjects[k]["ended"] = 1
