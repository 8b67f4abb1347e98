"""Layer 1, facts: what is true of every subject of one camera now.

`observe` gives each box its subject and keeps what all rules need: foot point, velocity, places, sides, crossings.
The optional facts cost nothing unless a rule of the camera needs them: where a subject is on the ground and how fast
(`ground`), and how it holds itself (`posture`).
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_common.compiled import INT, array
from vigie_rule_engine.layers.furniture import fixture_at, remember_furniture
from vigie_rule_engine.layers.ground import GROUND, forget_ground, locate
from vigie_rule_engine.layers.jit import Array, Indices, Vector, entry, jit
from vigie_rule_engine.layers.places import NEVER, cross, no_side, place
from vigie_rule_engine.layers.posture import POSTURE, hold
from vigie_rule_engine.layers.standing import heal
from vigie_rule_engine.layers.subjects import (
    SUBJECT,
    adopt,
    bear,
    come_to_rest,
    find,
    first_track,
    is_firm,
    leapt,
    smooth,
)

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept, Plan, Scratch

PER_SUBJECT: Final = {"subjects": SUBJECT, "grounds": GROUND, "postures": POSTURE}
"""The arrays that have one entry a subject, by their names in `state.Kept`."""

UNUSABLE: Final = -2
"""In place of a slot: a box that is not finite or has no area."""

OBSERVED: Final = ("x1", "y1", "x2", "y2", "track", "cls", "score", "model")
"""Rows of the observation matrix: boxes in pixels; ids are exact below 2**53."""


@jit
def claim(subjects: Array, n: int, observed: Vector, unit: float, t: int, slots: Indices) -> None:
    """Give each box that has a known track id its subject, -1 to the others; a track that leapt is none's."""
    for i in range(observed.shape[1]):
        slots[i] = UNUSABLE
        width = observed[2, i] - observed[0, i]
        height = observed[3, i] - observed[1, i]
        if isfinite(width) and isfinite(height) and width > 0.0 and height > 0.0:
            slots[i] = find(subjects, n, i, int(observed[4, i]))
            if slots[i] >= 0 and subjects[slots[i]]["seen"] < t:
                s = subjects[slots[i]]
                dt = (t - s["seen"]) * 0.001
                if leapt(s, 0.5 * (observed[0, i] + observed[2, i]) * unit, observed[3, i] * unit, dt):
                    s["known"] = 0
                    slots[i] = -1
                else:
                    s["dt"] = dt
                    s["seen"] = t


@jit
def observe(
    kept: Kept,
    n: int,
    observed: Vector,
    unit: float,
    session: int,
    t: int,
    w: int,
    steady: int,
    plan: Plan,
    scratch: Scratch,
) -> tuple[int, int]:
    """Take one frame in: the new number of subjects and of crossings.

    Args:
        kept: state of the camera; a new subject that finds no room is not taken in.
        n: subjects in use.
        observed: (8, boxes) float64, rows as OBSERVED; a box that is not finite or has no area is passed over.
        unit: picture heights a pixel.
        session: index of the session.
        t: event time of the frame.
        w: watch clock at the frame.
        steady: 1 if the camera looks where its zones and lines were drawn; else they say nothing.
        plan: zones, lines and ground of the camera.
        scratch: room for crossings and slots.
    """
    subjects, grounds, postures, places, sides = kept.subjects, kept.grounds, kept.postures, kept.places, kept.sides
    regions, gates, corner_x, corner_y = plan.regions, plan.gates, plan.corner_x, plan.corner_y
    slots, crossings = scratch.slots, scratch.crossings
    claim(subjects, n, observed, unit, t, slots)
    crossed = 0
    for i in range(observed.shape[1]):
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
            k = adopt(subjects, n, cls, x, y2, x2 - x1, h, t, w, steady)
            if k >= 0:
                subjects[k]["dt"] = (t - subjects[k]["seen"]) * 0.001
        is_new = 1 if k < 0 else 0
        if is_new == 1:
            if n == subjects.shape[0]:
                continue
            k = n
            n += 1
            bear(subjects[k], first_track(subjects, k, track, session), session, cls, x, y2, h, t, w)
            if steady == 1 and fixture_at(kept.fixtures, subjects[k], w) >= 0:
                subjects[k]["fixture"] = 1
            if grounds.shape[0] > 0:
                forget_ground(grounds[k])  # it may be born while nothing is located
            for r in range(regions.shape[0]):
                places[k, r]["since"] = NEVER
                places[k, r]["within"] = 0
            for g in range(gates.shape[0]):
                no_side(sides[k, g])
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
        s["hidden_w"] = 0
        if s["steady"] != steady:
            come_to_rest(s, w)  # its clock is another one now
            s["born_w"] = w
        s["steady"] = steady
        s["x1"] = x1
        s["y1"] = y1
        s["x2"] = x2
        s["y2"] = y2
        if s["dt"] > 0.0:
            smooth(s, x, y2, h, w)
        if postures.shape[0] > 0:
            hold(postures[k], s, is_new, t)
        if grounds.shape[0] > 0 and steady == 1:
            locate(grounds[k], s, is_new, plan.plane, t)
        if steady == 1:
            remember_furniture(kept.fixtures, s, w)
        firm = is_firm(s)
        for r in range(regions.shape[0]):
            if steady == 1 or regions[r]["corners"] == 0:
                place(places[k, r], s, regions[r], corner_x, corner_y, t)
        for g in range(gates.shape[0]):
            if steady == 0:
                no_side(sides[k, g])
                continue
            way = cross(sides[k, g], s, gates[g], t, firm)
            if way != 0:
                c = crossings[crossed]
                c["gate"] = g
                c["slot"] = k
                c["way"] = way
                c["t"] = sides[k, g]["flip"]
                crossed += 1
                sides[k, g]["flip"] = NEVER
    heal(kept, n, t, w, steady)
    return n, crossed


@entry(array(SUBJECT), INT, array(np.int64))
def end_tracks(subjects: Array, n: int, tracks: Indices) -> None:
    """Note that the tracker has ended these tracks: their ids will not come back."""
    for i in range(tracks.shape[0]):
        k = find(subjects, n, i, tracks[i])
        if k >= 0:
            subjects[k]["ended"] = 1
