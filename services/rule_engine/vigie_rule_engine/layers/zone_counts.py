"""Layer 2, templates that only count: they give no verdict, and what they counted is told when the minute is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.zone_facts import MEMORY_MS, mark

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept, Scratch


@jit
def count_zone(kept: Kept, r: int, m: int, step: int, scratch: Scratch) -> None:
    """Add one frame to the minute's count; its time is that since the frame before."""
    zone = kept.zones[r]
    mark(kept, r, scratch.members, m)
    zone["total"] += m * step
    zone["most"] = max(zone["most"], m)
    zone["watched"] += step


@jit
def unique_count(
    kept: Kept, r: int, rule: Slot, m: int, t: int, w: int, step: int, minute: int, scratch: Scratch
) -> None:
    """Count each subject once it has stayed long enough: once a minute, and once for ever."""
    zone = kept.zones[r]
    mark(kept, r, scratch.members, m)
    zone["watched"] += step
    for i in range(m):
        k = scratch.members[i]
        s = kept.subjects[k]
        cell = kept.cells[r, k]
        if cell["rest_w"] == 0:
            cell["rest_w"] = w
            # at the first frames of all everybody appears in the middle
            cell["who"] = 1 if s["born"] == t and w > MEMORY_MS else 0
        if w - cell["rest_w"] < rule["spare_ms"]:
            continue
        if cell["mark"] == 0:
            zone["entered"] += 1
            if cell["who"] == 1:
                zone["broken"] += 1
        if cell["mark"] != minute:
            zone["unique"] += 1
            cell["mark"] = minute


@jit
def lost_glimpse(kept: Kept, r: int, k: int) -> None:
    """A subject is forgotten that was in the zone, but not long enough to be counted."""
    cell = kept.cells[r, k]
    if cell["rest_w"] != 0 and cell["mark"] == 0:
        kept.zones[r]["glimpsed"] += 1
