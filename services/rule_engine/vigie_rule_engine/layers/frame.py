"""One frame of one camera in one compiled call: facts, then every row's template, then its episodes."""

from __future__ import annotations

from vigie_rule_engine.layers.episodes import (
    COUNTED,
    LOST,
    NOTHING,
    OPEN,
    UNSEEN,
    advance,
    clear,
    tell,
)
from vigie_rule_engine.layers.facts import gone, observe
from vigie_rule_engine.layers.jit import Array, Indices, Vector, jit
from vigie_rule_engine.layers.templates import SUBJECT_OVER_GATE, count_line, judge


@jit
def frame(
    subjects: Array,
    n: int,
    places: Array,
    sides: Array,
    cells: Array,
    rules: Array,
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
    events: Array,
) -> tuple[int, int, int]:
    """Judge one frame: (subjects in use, events told, subjects to forget).

    Events come by row, then by slot, then the losses; their slots hold until `forget` is called, which the caller
    owes when there is a subject to forget. Arguments are those of `facts.observe`, and `cells`: (rows, capacity)
    episodes.CELL, `rules`: (rows,) templates.RULE, `events`: (rows × (2 × capacity + crossings),) episodes.EVENT,
    filled from the start.
    """
    n, crossed = observe(
        subjects,
        n,
        places,
        sides,
        observed,
        unit,
        session,
        t,
        w,
        regions,
        gates,
        corner_x,
        corner_y,
        crossings,
        slots,
    )
    told = 0
    for r in range(rules.shape[0]):
        rule = rules[r]
        if rule["scope"] == SUBJECT_OVER_GATE:
            for i in range(crossed):
                c = crossings[i]
                if count_line(c, subjects, rule):
                    told = tell(events, told, r, c["slot"], COUNTED, c["t"], c["way"])
            continue
        for k in range(n):
            cell = cells[r, k]
            if subjects[k]["seen"] == t:
                verdict, since = judge(subjects[k], places[k, rule["region"]], cell, rule, t)
            else:
                verdict, since = UNSEEN, 0
            happened = advance(cell, verdict, since, t, w, rule)
            if happened != NOTHING:
                told = tell(events, told, r, k, happened, t, 0)
    lost = 0
    for k in range(n):
        if gone(subjects[k], w):
            lost += 1
            for r in range(rules.shape[0]):
                if cells[r, k]["phase"] >= OPEN:
                    told = tell(events, told, r, k, LOST, t, 0)
    return n, told, lost


@jit
def forget(subjects: Array, n: int, places: Array, sides: Array, cells: Array, w: int) -> int:
    """Drop the subjects that are gone, the last ones taking their slots; the new number of subjects."""
    k = 0
    while k < n:
        if not gone(subjects[k], w):
            k += 1
            continue
        n -= 1
        subjects[k] = subjects[n]
        for r in range(places.shape[1]):
            places[k, r] = places[n, r]
        for g in range(sides.shape[1]):
            sides[k, g] = sides[n, g]
        for r in range(cells.shape[0]):
            cells[r, k] = cells[r, n]
            clear(cells[r, n])
    return n
