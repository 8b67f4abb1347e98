"""Layer 3, episodes: the one state machine, for every rule and scope.

    idle ──ON──► pending ──matured──► open ◄──ON── closing
      ▲            │ OFF               └──OFF──►     │ keep_open
      └────────────┘◄────────────────────────────────┘

A template only says ON, HOLD, OFF and since when; for a subject that this frame did not show, nothing is said
(UNSEEN). DOUBTED is ON of a subject that may be no object at all: it pends and is not told.
Maturing and closing count the camera's watch clock `w`, so blind time neither matures nor closes;
starts and ends are event times. Pending time grows while ON (a missed detection between two sightings counts),
shrinks while HOLD, and falls to nothing with OFF: who walks along an edge does not mature.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_rule_engine.layers.jit import Array, Slot, jit

OFF, HOLD, ON, UNSEEN, DOUBTED = -1, 0, 1, 2, 3
"""Verdicts of a template."""

IDLE, PENDING, OPEN, CLOSING = 0, 1, 2, 3
"""Phases of an episode."""

NOTHING, MATURED, CLOSED, CHECK, COUNTED, LOST, CHANGED = 0, 1, 2, 3, 4, 5, 6
"""What one frame made of an episode."""

CELL: Final = np.dtype(
    [
        ("phase", "<i8"),
        ("since", "<i8"),  # first instant the condition held
        ("last", "<i8"),  # last instant it held
        ("last_w", "<i8"),  # watch clock then
        ("held", "<i8"),  # pending: watched ms that it has held
        ("judged_w", "<i8"),  # watch clock at the last verdict
        ("floor", "<i8"),  # no start before this: the episode before has ended here
        ("check_at", "<i8"),  # do not ask the condition before this
        ("episode", "<i8"),  # the open episode's number in the camera's book
        ("verdict", "<i8"),  # the last one
        ("x", "<f8"),  # the template's own: where it came to rest, or set out from
        ("y", "<f8"),
        ("value", "<f8"),  # what it measured last
        ("who", "<i8"),  # whose it is, as `subjects.known_as` says it
        ("mark", "<i8"),  # a time of its own
        ("rest", "<i8"),  # since when it lies there
        ("rest_w", "<i8"),  # watch clock then
    ]
)
"""State of one rule on one subject, or on a zone."""

EVENT: Final = np.dtype(
    [
        ("row", "<i8"),
        ("slot", "<i8"),  # -1: the zone as a whole
        ("kind", "<i8"),
        ("t", "<i8"),  # COUNTED: when it crossed
        ("way", "<i8"),  # COUNTED: 1 in, -1 out
    ]
)
"""What the Python shell has to look at; rows and slots hold until the next frame."""


@jit
def clear(cell: Slot) -> None:
    """A cell as new: freed cells are zero, so equal states are equal bytes."""
    cell["phase"] = IDLE
    cell["since"] = 0
    cell["last"] = 0
    cell["last_w"] = 0
    cell["held"] = 0
    cell["judged_w"] = 0
    cell["floor"] = 0
    cell["check_at"] = 0
    cell["episode"] = 0
    cell["verdict"] = 0
    cell["x"] = 0.0
    cell["y"] = 0.0
    cell["value"] = 0.0
    cell["who"] = 0
    cell["mark"] = 0
    cell["rest"] = 0
    cell["rest_w"] = 0


@jit
def is_stale(cell: Slot, w: int, rule: Slot) -> bool:
    """Whether what was open has been kept open for long enough."""
    return bool(w - cell["last_w"] >= rule["keep_open_ms"])


@jit
def is_ending(cell: Slot, verdict: int, w: int, rule: Slot) -> bool:
    """Whether `advance` is about to end what pends, is closing, or was not seen for so long that it closes at once."""
    if cell["phase"] == PENDING:
        return bool(verdict == OFF)
    closing = cell["phase"] == CLOSING and verdict != ON and verdict != DOUBTED  # noqa: PLR1714 - as below
    return bool((closing or (cell["phase"] == OPEN and verdict == OFF)) and is_stale(cell, w, rule))


@jit
def advance(cell: Slot, verdict: int, since: int, t: int, w: int, rule: Slot) -> int:
    """Move an episode on by one frame: what is to be told, NOTHING, MATURED, CLOSED or CHECK.

    MATURED leaves it pending: whoever asks the rule's condition opens it, or puts `check_at` later.

    Args:
        cell: CELL, changed in place.
        verdict: ON, HOLD, OFF, UNSEEN or DOUBTED.
        since: for ON and DOUBTED: since when, event time.
        t: event time of the frame.
        w: watch clock at the frame.
        rule: rows.RULE.
    """
    if verdict == ON or verdict == DOUBTED:  # noqa: PLR1714, SIM109 - compiled code compares integers faster so
        if cell["phase"] == IDLE:
            cell["phase"] = PENDING
            cell["since"] = max(since, cell["floor"])
            cell["held"] = 0
            cell["check_at"] = 0
        elif cell["phase"] == PENDING:
            cell["held"] += w - cell["judged_w"]
            if since > cell["since"]:
                cell["since"] = since
                cell["held"] = 0
        elif cell["phase"] == CLOSING:
            cell["phase"] = OPEN
        cell["last"] = t
        cell["last_w"] = w
    elif verdict == HOLD:
        if cell["phase"] == PENDING:
            cell["held"] -= w - cell["judged_w"]
            if cell["held"] <= 0:
                cell["phase"] = IDLE
        elif cell["phase"] == OPEN:
            cell["last"] = t
            cell["last_w"] = w
    elif verdict == OFF:
        if cell["phase"] == PENDING:
            cell["phase"] = IDLE
        elif cell["phase"] == OPEN:
            cell["phase"] = CLOSING
    cell["verdict"] = verdict
    if verdict != UNSEEN:
        cell["judged_w"] = w
    if cell["phase"] == PENDING:
        if verdict == ON and cell["held"] >= rule["for_ms"] and t >= cell["check_at"]:
            return MATURED
    elif cell["phase"] == CLOSING and is_stale(cell, w, rule):
        return CLOSED
    elif cell["phase"] >= OPEN and rule["asks"] == 1 and t >= cell["check_at"]:
        return CHECK
    return NOTHING


@jit
def tell(events: Array, told: int, row: int, slot: int, kind: int, t: int, way: int) -> int:
    """Add one event; the new number of events."""
    event = events[told]
    event["row"] = row
    event["slot"] = slot
    event["kind"] = kind
    event["t"] = t
    event["way"] = way
    return told + 1
