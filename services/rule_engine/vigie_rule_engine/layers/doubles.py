"""One object with two tracks: a rule tells it once.

Detectors give one object two boxes (a van that is a car and a truck), and a tracker may begin a second track before
the first has ended. A subject whose box is nearly that of another of its group is told nothing of a rule that has an
open episode of the other. Once the other is not seen any more, the episode becomes its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_rule_engine.layers.episodes import ON, OPEN, PENDING, clear
from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.subjects import GROUPS, area, shared

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

SAME: Final = 0.6
"""Boxes that overlap by more (intersection ÷ union) are of one object: two who stand beside each other reach half."""


@jit
def overlap(a: Slot, b: Slot) -> float:
    """Intersection ÷ union of two subjects' last boxes."""
    common = shared(a, b)
    if common == 0.0:
        return 0.0
    return float(common / (area(a) + area(b) - common))


@jit
def told_of_double(kept: Kept, n: int, r: int, k: int, rule: Slot, t: int) -> bool:
    """Whether what has matured on subject `k` is told of another with nearly the same box, in this frame or before.

    If that one is not in this frame, `k` takes its episode over.
    """
    s = kept.subjects[k]
    cells = kept.cells
    for j in range(n):
        o = kept.subjects[j]
        if j == k or GROUPS[o["cls"]] != GROUPS[s["cls"]]:
            continue
        phase = cells[r, j]["phase"]
        # Python opens what matures after the frame, once its condition holds
        now = j < k and phase == PENDING and cells[r, j]["verdict"] == ON and cells[r, j]["held"] >= rule["for_ms"]
        if (phase >= OPEN or (now and cells[r, j]["check_at"] <= t and o["seen"] == t)) and overlap(s, o) > SAME:
            if o["seen"] < t:
                floor = cells[r, k]["floor"]
                cells[r, k] = cells[r, j]
                cells[r, k]["phase"] = OPEN
                cells[r, k]["floor"] = floor
                clear(cells[r, j])
                cells[r, j]["floor"] = t
            return True
    return False
