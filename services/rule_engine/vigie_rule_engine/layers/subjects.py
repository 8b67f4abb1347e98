"""Who is who: subjects, and how a box finds its own.

A *subject* is an object as rules see it. Identity is healed here, once: a known track id claims its subject first,
then an unknown id may adopt a subject whose track is gone, where that subject should be by now. No rule ever sees
a box or a track id.

Coordinates are in picture heights (pixels divided by the height of the sampled frame, on both axes), so lengths are
the same along x and y and a change of resolution midway changes nothing. Body heights are the subject's own.
Times are milliseconds since 1970 UTC; `w` is the camera's watch clock: milliseconds during which it could see.
Every field is eight bytes wide: no padding, so equal states are equal bytes.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from vigie_common.taxonomy import CLASS_GROUP, ObjectClass
from vigie_rule_engine.layers.jit import Array, Slot, jit
from vigie_rule_engine.layers.plane import decay, length

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
        ("born_w", "<i8"),  # by the same clock as seen_w
        ("seen", "<i8"),
        ("seen_w", "<i8"),  # by the watch clock of steady time, if `steady`
        ("hidden_w", "<i8"),  # watch clock when others last hid the place where it stood, unseen; 0: they do not
        ("steady", "<i8"),  # the camera looked where it should when it was seen
        ("x", "<f8"),  # smoothed foot point
        ("y", "<f8"),
        ("h", "<f8"),  # smoothed body height
        ("vx", "<f8"),  # picture heights a second
        ("vy", "<f8"),
        ("dt", "<f8"),  # seconds since it was seen before
        ("born_x", "<f8"),
        ("born_y", "<f8"),
        ("moved", "<f8"),  # farthest from where it was born, body heights, once that is sure
        ("away", "<i8"),  # watch clock since when it seems to have moved at all, until it surely has; 0: it does not
        ("rest_x", "<f8"),  # where it stands, or passed last
        ("rest_y", "<f8"),
        ("rest", "<i8"),  # since when, watch clock
        ("off", "<i8"),  # watch clock since when it seems to have left that place; 0: it has not
        ("moved_then", "<f8"),  # `moved` when it seemed to leave
        ("fixture", "<i8"),  # it was first seen where street furniture stands
        ("met", "<i8"),  # with met_session: whom it met last, by identity, where a rule asks for it
        ("met_session", "<i8"),
        ("met_at", "<i8"),  # event time
        ("score", "<f8"),
        ("x1", "<f8"),  # its last box
        ("y1", "<f8"),
        ("x2", "<f8"),
        ("y2", "<f8"),
    ]
)

# Adoption and forgetting, ms of watched time. 95 % of the runs of misses of a person last at most 1.4 s, but the
# tracker gives a track up after 3 s, and who passes behind a vehicle or stands behind others is longer hidden.
LOST_MOVING: Final = 5_000
LOST_STANDING: Final = 8_000
LOST_STILL_THING: Final = 20_000
LOST_HIDDEN: Final = 30_000
"""Until others have last hidden the place of somebody who stood there, they do not count as lost, up to this long."""

STOOD_MS: Final = 5_000
"""So long in one place is long."""

LOST_TOPPLED: Final = 10_000
"""Somebody whose box had become wide is lying, and detectors miss people who lie half of the time."""

LOST_TRACKED: Final = 10_000
"""A track that the tracker has not ended may come back under its own id for this long."""

_AHEAD_S: Final = 5.0
"""A lost subject is looked for where it would be by now, its speed unchanged for so long."""

_FIRM: Final = 0.4
"""A person's box of a lower score takes nobody into a zone or over a line: it may be the half of somebody that can be
seen, or nobody at all that a track went on with for a moment."""

_BEYOND_TRACKS: Final = 1 << 40
TRACK_BITS: Final = 48

_NEAR: Final = 0.3
_FARTHER: Final = 0.3
_FARTHER_STOOD: Final = 0.7
"""Body heights: a lost subject is adopted so near to where it should be, and so much farther after a second. Where
people stand close, tracks change places before one of them ends."""

_SWAYING: Final = 0.2
"""Body heights a second: a slower subject is looked for where it was; its speed is the shaking of its box."""

AT_REST: Final = 0.3
"""Body heights: who is no farther from a place stands there; who never was farther from where it was born may be
street furniture."""

_MOVED_MS: Final = 1_000
_MOVED_FAR: Final = 1.0
"""It has moved once it is away for so long, or so many body heights: one box may be somebody else's."""

_LEFT_MS: Final = 2_000
_LEFT_FAR: Final = 1.5
"""And it has left a place, and stands elsewhere or walks."""

_SETTLE_S: Final = 5.0
"""Where it stands is the middle of where it was in the first so many seconds: who arrives still rolls."""

_STILL: Final = 0.1  # body heights a second
_TAU: Final = 0.5  # s, smoothing: the jitter of a foot point is correlated over about this time
_FASTEST: Final = 5.0  # body heights a second: a person who sprints
_FASTEST_VEHICLE: Final = 22.0
_LEAP: Final = 0.7  # body heights: what a box may jump beside
_TOPPLED: Final = 0.75  # width ÷ height
GROUPS: Final = np.array(CLASS_GROUP, np.int64)
_PERSON: Final = int(ObjectClass.person)
VEHICLES: Final = sum(
    1 << int(c) for c in (ObjectClass.car, ObjectClass.van, ObjectClass.bus, ObjectClass.truck, ObjectClass.tram)
)
"""One bit a class."""

_THINGS: Final = VEHICLES | 1 << int(ObjectClass.bag)


@jit
def toppled(s: Slot) -> bool:
    """Whether somebody was seen last in a box too wide for who stands."""
    return bool(s["cls"] == _PERSON and s["x2"] - s["x1"] > _TOPPLED * (s["y2"] - s["y1"]))


@jit
def is_firm(s: Slot) -> bool:
    """Whether a subject's last box is sure enough to say that it entered a place or crossed a line."""
    return bool(s["score"] >= _FIRM or s["cls"] != _PERSON)


@jit
def area(s: Slot) -> float:
    """Of a subject's last box."""
    return float((s["x2"] - s["x1"]) * (s["y2"] - s["y1"]))


@jit
def shared(a: Slot, b: Slot) -> float:
    """Area that two subjects' last boxes have in common."""
    wide = min(a["x2"], b["x2"]) - max(a["x1"], b["x1"])
    high = min(a["y2"], b["y2"]) - max(a["y1"], b["y1"])
    return float(wide * high) if wide > 0.0 and high > 0.0 else 0.0


@jit
def long_at_rest(s: Slot) -> bool:
    """Whether somebody had stood in one place for long when seen last, however the box shook."""
    return bool(s["cls"] == _PERSON and s["seen_w"] - s["rest"] > STOOD_MS)


@jit
def lost_for(s: Slot, w: int) -> int:
    """For how much watched time a subject has not been where it could be seen."""
    return w - max(int(s["seen_w"]), min(int(s["hidden_w"]), int(s["seen_w"]) + LOST_HIDDEN))


@jit
def patience(s: Slot) -> int:
    """For how much watched time a lost subject may be adopted: long only for what is still, or lies."""
    if toppled(s):
        return LOST_TOPPLED
    if long_at_rest(s):
        return LOST_STANDING
    if length(s["vx"], s["vy"]) < _STILL * s["h"]:
        return LOST_STILL_THING if (_THINGS >> s["cls"]) & 1 else LOST_STANDING
    return LOST_MOVING


@jit
def gone(s: Slot, w: int) -> bool:
    """Whether a subject is to be forgotten."""
    limit = patience(s)
    if s["known"] == 1 and s["ended"] == 0:
        limit = max(limit, LOST_TRACKED)
    return bool(lost_for(s, w) > limit)


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
def leapt(s: Slot, x: float, y: float, dt: float) -> bool:
    """Whether no object of this kind can have come from there to here: the track now follows another one."""
    fastest = _FASTEST if s["cls"] == _PERSON else _FASTEST_VEHICLE
    return bool(length(x - s["x"], y - s["y"]) > (_LEAP + fastest * dt) * s["h"])


@jit
def as_high(h: float, other: float) -> bool:
    """Whether two heights may be one object's."""
    return bool(0.6 < h / other < 1.67)


@jit
def is_at(s: Slot, x: float, y: float, h: float) -> bool:
    """Whether a subject is where one of height `h` stood, and about as high."""
    return as_high(s["h"], h) and bool(length(s["x"] - x, s["y"] - y) < AT_REST * h)


@jit
def alike(s: Slot, width: float, h: float) -> bool:
    """Whether a box is of a subject's size; who has fallen is as wide as they were high."""
    if s["cls"] == _PERSON and width > h:
        return as_high(width, max(s["x2"] - s["x1"], s["h"]))
    return as_high(h, s["h"])


@jit
def adopt(
    subjects: Array, n: int, cls: int, x: float, y: float, width: float, h: float, t: int, w: int, steady: int
) -> int:
    """Slot of the lost subject that should be here by now, -1 if none: an id switch changes nothing for rules."""
    best, near = -1, inf
    for k in range(n):
        s = subjects[k]
        if s["seen"] >= t or GROUPS[s["cls"]] != GROUPS[cls] or not alike(s, width, h):
            continue
        if s["steady"] != steady or lost_for(s, w) > patience(s):
            continue
        ahead = 0.0 if toppled(s) else min((t - s["seen"]) * 0.001, _AHEAD_S)
        going = 0.0 if length(s["vx"], s["vy"]) < _SWAYING * s["h"] else ahead
        d = length(x - s["x"] - going * s["vx"], y - s["y"] - going * s["vy"])
        farther = _FARTHER_STOOD if long_at_rest(s) else _FARTHER
        reach = 0.6 if toppled(s) else _NEAR + farther * min(ahead, 1.0)
        if d < reach * max(h, min(width, s["h"])) and d < near:
            best, near = k, d
    return best


@jit
def first_track(subjects: Array, n: int, track: int, session: int) -> int:
    """What a new subject is known by: its track, and a number beyond all tracks if a living one is known by that.

    A track that leaps bears another subject while the one it was born with may live on under another track.
    """
    taken, highest = False, track
    for k in range(n):
        born = subjects[k]["born_track"]
        if subjects[k]["born_session"] == session and born % _BEYOND_TRACKS == track:
            taken = taken or born == track
            highest = max(highest, born)
    return highest + _BEYOND_TRACKS if taken else track


@jit
def known_as(s: Slot) -> int:
    """Who a subject is, as one number: its session, counted from 1, in the bits above `TRACK_BITS`, and its track."""
    return int((s["born_session"] + 1) << TRACK_BITS) + int(s["born_track"]) + 1


@jit
def bear(s: Slot, track: int, session: int, cls: int, x: float, y: float, h: float, t: int, w: int) -> None:
    """A new subject in slot `s`."""
    s["born_track"] = track
    s["born_session"] = session
    s["born"] = t
    s["born_w"] = w
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
    s["away"] = 0
    s["moved_then"] = 0.0
    s["fixture"] = 0
    s["met"] = 0
    s["met_session"] = 0
    s["met_at"] = 0
    come_to_rest(s, w)


@jit
def come_to_rest(s: Slot, w: int) -> None:
    """Where it is now is where it stands, or passes, by the watch clock."""
    s["rest_x"] = s["x"]
    s["rest_y"] = s["y"]
    s["rest"] = w
    s["off"] = 0


@jit
def smooth(s: Slot, x: float, y: float, h: float, w: int) -> None:
    """Foot point, velocity and height, each with the gain of the real time step; and what follows of its moving."""
    remains = decay(s["dt"] / _TAU)
    a = 1.0 - 0.6 * remains
    b = 1.0 - remains
    px = s["x"]
    py = s["y"]
    s["x"] += a * (x - s["x"])
    s["y"] += a * (y - s["y"])
    s["h"] += b * (h - s["h"])
    s["vx"] += b * ((s["x"] - px) / s["dt"] - s["vx"])
    s["vy"] += b * ((s["y"] - py) / s["dt"] - s["vy"])
    if s["off"] == 0:
        s["moved_then"] = s["moved"]
    moved = length(s["x"] - s["born_x"], s["y"] - s["born_y"]) / s["h"]
    if moved < AT_REST or s["moved"] >= AT_REST:
        s["away"] = 0
        s["moved"] = max(s["moved"], moved)
    elif s["away"] == 0:
        s["away"] = w
    if s["away"] != 0 and (moved > _MOVED_FAR or w - s["away"] >= _MOVED_MS):
        s["moved"] = moved
    left = length(s["x"] - s["rest_x"], s["y"] - s["rest_y"]) / s["h"]
    if left < AT_REST:
        s["off"] = 0
        rested = (w - s["rest"]) * 0.001
        if rested < _SETTLE_S and s["moved"] >= AT_REST:
            share = s["dt"] / (rested + s["dt"])
            s["rest_x"] += share * (s["x"] - s["rest_x"])
            s["rest_y"] += share * (s["y"] - s["rest_y"])
    elif left > _LEFT_FAR or (s["off"] != 0 and w - s["off"] >= _LEFT_MS):
        come_to_rest(s, w)
    elif s["off"] == 0:
        s["off"] = w
