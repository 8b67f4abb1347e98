"""The arrays of one camera's state: for how many subjects they have room, and which part is in use."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from vigie_rule_engine.layers.episodes import CELL
from vigie_rule_engine.layers.facts import PER_SUBJECT
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES
from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.layers.places import PLACE, SIDE
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.zone_facts import ZONE

FIRST_CAPACITY: Final = 16


def capacity_for(subjects: int) -> int:
    """Room for so many subjects: a little more, an eighth to a quarter of it for a crowd."""
    wanted = max(FIRST_CAPACITY, min(subjects, MOST_SUBJECTS))
    step = max(8, 1 << (wanted.bit_length() - 3))
    return -(-wanted // step) * step


def room_for(capacity: int, regions: int, gates: int, rows: int, needs: frozenset[str]) -> Kept:
    """Empty state; the optional facts that nobody needs have no room."""
    per_subject = {
        name: np.zeros(capacity if name in needs or name == "subjects" else 0, dtype)
        for name, dtype in PER_SUBJECT.items()
    }
    return Kept(
        **per_subject,
        places=np.zeros((capacity, regions), PLACE),
        sides=np.zeros((capacity, gates), SIDE),
        cells=np.zeros((rows, capacity), CELL),
        wholes=np.zeros(rows, CELL),
        zones=np.zeros(rows, ZONE),
        fixtures=np.zeros(FIXTURES, FIXTURE),
    )


def in_use(name: str, n: int) -> Any:
    """The part of an array that a snapshot keeps."""
    if name in {"wholes", "zones", "fixtures"}:
        return slice(None)
    return (slice(None), slice(n)) if name == "cells" else slice(n)
