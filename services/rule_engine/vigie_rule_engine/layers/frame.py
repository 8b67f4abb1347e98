"""One frame of one camera in one compiled call: facts, then every row's template, then its episodes."""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_common.compiled import FLOAT, INT, array
from vigie_rule_engine.layers.doubles import told_of_double
from vigie_rule_engine.layers.episodes import (
    CELL,
    CHANGED,
    COUNTED,
    EVENT,
    IDLE,
    LOST,
    MATURED,
    NOTHING,
    OFF,
    ON,
    OPEN,
    UNSEEN,
    advance,
    clear,
    is_ending,
    tell,
)
from vigie_rule_engine.layers.facts import observe
from vigie_rule_engine.layers.furniture import FIXTURE
from vigie_rule_engine.layers.ground import GROUND
from vigie_rule_engine.layers.jit import Array, Indices, Vector, entry, jit
from vigie_rule_engine.layers.places import CROSSING, GATE, PLACE, REGION, SIDE
from vigie_rule_engine.layers.posture import POSTURE
from vigie_rule_engine.layers.rows import (
    COUNT_LINE,
    DWELL,
    RULE,
    SUBJECT_OVER_GATE,
    UNIQUE_COUNT,
    WHOLE_REGION,
    crosses,
    looks_alone,
)
from vigie_rule_engine.layers.state import Kept, Plan, Scratch
from vigie_rule_engine.layers.staying import hand_over, meet
from vigie_rule_engine.layers.subjects import SUBJECT, gone
from vigie_rule_engine.layers.templates import from_when, judge, judge_alone
from vigie_rule_engine.layers.zone_counts import lost_glimpse
from vigie_rule_engine.layers.zone_facts import ZONE, changed
from vigie_rule_engine.layers.zone_templates import judge_zone

WHOLE: int = -1
"""In place of a slot: the zone as a whole."""


@jit
def _frame(
    kept: Kept,
    n: int,
    rules: Array,
    observed: Vector,
    unit: float,
    session: int,
    t: int,
    w: int,
    w_steady: int,
    steady: int,
    step: int,
    minute: int,
    plan: Plan,
    scratch: Scratch,
) -> tuple[int, int, int]:
    """Judge one frame: (subjects in use, events told, subjects to forget).

    Events come by row, then by slot, then the losses; their slots hold until `forget` is called, which the caller
    owes when there is a subject to forget.

    Args:
        kept: state of the camera, changed in place.
        n: subjects in use.
        rules: (rows,) rows.RULE.
        observed: (8, boxes) float64, rows as facts.OBSERVED.
        unit: picture heights a pixel.
        session: index of the session.
        t: event time of the frame.
        w: watch clock at the frame.
        w_steady: the watch clock of the time in which the camera looked where it should.
        steady: 1 if it does so now; rows that need it are passed over otherwise.
        step: watched ms since the frame before, those of this minute alone.
        minute: event time at which the minute began.
        plan: zones, lines and ground of the camera.
        scratch: room.
    """
    n, crossed = observe(kept, n, observed, unit, session, t, w_steady if steady == 1 else w, steady, plan, scratch)
    subjects, places, cells, events = kept.subjects, kept.places, kept.cells, scratch.events
    told = 0
    met = False
    for r in range(rules.shape[0]):
        rule = rules[r]
        if rule["anchored"] == 1 and steady == 0:
            continue
        clock = w_steady if rule["anchored"] == 1 else w
        if rule["scope"] == WHOLE_REGION:
            whole = kept.wholes[r]
            seen_clock = w_steady if steady == 1 else w
            verdict = judge_zone(kept, r, rule, n, t, seen_clock, step, minute, steady, plan, scratch)
            happened = advance(whole, verdict, from_when(whole, t), t, clock, rule)
            if happened != NOTHING:
                told = tell(events, told, r, WHOLE, happened, t, 0)
            elif whole["phase"] == OPEN and changed(kept.zones[r], t):
                told = tell(events, told, r, WHOLE, CHANGED, t, 0)
            continue
        if rule["scope"] == SUBJECT_OVER_GATE:
            for i in range(crossed):
                c = scratch.crossings[i]
                if not crosses(c, subjects, rule):
                    continue
                if rule["template"] == COUNT_LINE:
                    told = tell(events, told, r, c["slot"], COUNTED, c["t"], c["way"])
                    continue
                cell = cells[r, c["slot"]]
                cell["value"] = c["way"]
                happened = advance(cell, ON, c["t"], t, clock, rule)
                if happened != NOTHING:
                    told = tell(events, told, r, c["slot"], happened, t, 0)
            if rule["template"] == COUNT_LINE:
                continue
        stays = rule["template"] == DWELL
        if stays and not met:
            meet(kept, n, t, w_steady)
            met = True
        alone = looks_alone(rule)
        for k in range(n):
            cell = cells[r, k]
            if rule["scope"] == SUBJECT_OVER_GATE:
                if cell["phase"] == IDLE or cell["judged_w"] == clock:
                    continue
                verdict, since = (OFF if subjects[k]["seen"] == t else UNSEEN), 0
            elif subjects[k]["seen"] == t:
                place = places[k, rule["region"]]
                if alone:
                    verdict, since = judge_alone(subjects[k], place, cell, rule, t, clock)
                else:
                    verdict, since = judge(kept, n, k, place, cell, rule, t, clock)
            elif cell["phase"] == IDLE:
                cell["verdict"] = UNSEEN
                continue
            else:
                verdict, since = UNSEEN, 0
            if stays and is_ending(cell, verdict, clock, rule) and hand_over(kept, n, r, rule["region"], k, t):
                continue
            happened = advance(cell, verdict, since, t, clock, rule)
            if happened == NOTHING or (happened == MATURED and told_of_double(kept, n, r, k, rule, t)):
                continue
            told = tell(events, told, r, k, happened, t, 0)
    some = False
    for k in range(n):
        if subjects[k]["seen"] < t and gone(subjects[k], w_steady if subjects[k]["steady"] == 1 else w):
            some = True
    lost = 0
    for k in range(n if some else 0):
        if gone(subjects[k], w_steady if subjects[k]["steady"] == 1 else w):
            lost += 1
            for r in range(rules.shape[0]):
                stayed = rules[r]["template"] == DWELL and cells[r, k]["phase"] != IDLE
                if stayed and hand_over(kept, n, r, rules[r]["region"], k, t):
                    continue
                if cells[r, k]["phase"] != IDLE:  # what matures in this very frame is opened by Python before
                    told = tell(events, told, r, k, LOST, t, 0)
                elif rules[r]["template"] == UNIQUE_COUNT:
                    lost_glimpse(kept, r, k)
    return n, told, lost


KEPT: Final = Kept(
    subjects=array(SUBJECT),
    grounds=array(GROUND),
    postures=array(POSTURE),
    places=array(PLACE, 2),
    sides=array(SIDE, 2),
    cells=array(CELL, 2),
    wholes=array(CELL),
    zones=array(ZONE),
    fixtures=array(FIXTURE),
)
PLAN: Final = Plan(array(REGION), array(GATE), *(array(np.float64) for _ in range(5)))
SCRATCH: Final = Scratch(
    crossings=array(CROSSING),
    slots=array(np.int64),
    members=array(np.int64),
    links=array(np.int64),
    speeds=array(np.float64),
    events=array(EVENT),
)


@entry(*KEPT, *PLAN, *SCRATCH, INT, array(RULE), array(np.float64, 2), FLOAT, *(INT,) * 7, trusted=True)
def frame(
    subjects: Array,
    grounds: Array,
    postures: Array,
    places: Array,
    sides: Array,
    cells: Array,
    wholes: Array,
    zones: Array,
    fixtures: Array,
    regions: Array,
    gates: Array,
    corner_x: Vector,
    corner_y: Vector,
    spot_x: Vector,
    spot_y: Vector,
    plane: Vector,
    crossings: Array,
    slots: Indices,
    members: Indices,
    links: Indices,
    speeds: Vector,
    events: Array,
    n: int,
    rules: Array,
    observed: Vector,
    unit: float,
    session: int,
    t: int,
    w: int,
    w_steady: int,
    steady: int,
    step: int,
    minute: int,
) -> tuple[int, int, int]:
    """`_frame` with its bundles laid out, `frame(*kept, *plan, *scratch, n, …)`: numba takes 2 µs to unpack them."""
    kept = Kept(subjects, grounds, postures, places, sides, cells, wholes, zones, fixtures)
    plan = Plan(regions, gates, corner_x, corner_y, spot_x, spot_y, plane)
    scratch = Scratch(crossings, slots, members, links, speeds, events)
    return _frame(kept, n, rules, observed, unit, session, t, w, w_steady, steady, step, minute, plan, scratch)


@entry(KEPT, INT, INT, INT, trusted=True)
def forget(kept: Kept, n: int, w: int, w_steady: int) -> int:
    """Drop the subjects that are gone, the last ones taking their slots; the new number of subjects."""
    subjects = kept.subjects
    k = 0
    while k < n:
        if not gone(subjects[k], w_steady if subjects[k]["steady"] == 1 else w):
            k += 1
            continue
        n -= 1
        subjects[k] = subjects[n]
        if kept.grounds.shape[0] > 0:
            kept.grounds[k] = kept.grounds[n]
        if kept.postures.shape[0] > 0:
            kept.postures[k] = kept.postures[n]
        for r in range(kept.places.shape[1]):
            kept.places[k, r] = kept.places[n, r]
        for g in range(kept.sides.shape[1]):
            kept.sides[k, g] = kept.sides[n, g]
        for r in range(kept.cells.shape[0]):
            kept.cells[r, k] = kept.cells[r, n]
            clear(kept.cells[r, n])
    return n
