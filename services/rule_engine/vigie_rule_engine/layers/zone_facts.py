"""What is measured of a zone as a whole: who is in it, what is usual there, and whether that has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_rule_engine.layers.jit import Indices, Slot, jit
from vigie_rule_engine.layers.limits import KEPT_FRAMES
from vigie_rule_engine.layers.places import NEVER
from vigie_rule_engine.layers.rows import wanted

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept, Scratch

ZONE: Final = np.dtype(
    [
        ("count", "<f8"),  # of the wanted subjects in the zone now
        ("group", "<f8"),  # of those who make the episode
        ("speed", "<f8"),  # median, in the rule's unit
        ("usual", "<f8"),  # what that usually is
        ("usual_s", "<f8"),  # learned over so many seconds
        ("aligned", "<f8"),
        ("occupied", "<f8"),
        ("going", "<f8"),  # of the count, those who take part in the traffic or stand together, over some seconds
        ("share", "<f8"),
        ("samples", "<f8"),
        ("told", "<f8"),  # the group as it was told last
        ("told_at", "<i8"),
        # the minute that is being counted
        ("since", "<i8"),  # when the count began, event time; 0: not yet
        ("watched", "<i8"),  # ms
        ("total", "<f8"),  # subject-milliseconds
        ("most", "<f8"),
        ("unique", "<f8"),
        ("entered", "<f8"),
        ("broken", "<f8"),  # of `entered`, those who appeared in the middle of the zone
        ("glimpsed", "<f8"),  # who were lost before they had stayed long enough
        ("seen_n", "<i8"),  # samples in the rings
        ("seen_at", "<i8", (KEPT_FRAMES,)),
        ("seen_hit", "<i8", (KEPT_FRAMES,)),
    ]
)
"""What is measured of one row's zone."""

MEMORY_MS: Final = 1_000
"""Who was seen within this time of the watch clock is there."""

TELL_AGAIN_MS: Final = 60_000
"""An open episode tells of a change at most so often."""

_CHANGE: Final = 2.0
_CHANGE_SHARE: Final = 0.25
MEMBER: Final = 1.0
"""In a cell's `value`: the zone's episode is about this subject too."""

_LEARN_S: Final = 600.0


@jit
def gather(kept: Kept, r: int, rule: Slot, n: int, w: int, steady: int, scratch: Scratch) -> int:
    """The slots of those who are in the zone into `scratch.members`; how many. Marks nobody yet."""
    m = 0
    for k in range(n):
        s = kept.subjects[k]
        kept.cells[r, k]["value"] = 0.0
        if (
            wanted(rule, s)
            and kept.places[k, rule["region"]]["since"] != NEVER
            and s["steady"] == steady
            and w - s["seen_w"] <= MEMORY_MS
        ):
            scratch.members[m] = k
            m += 1
    kept.zones[r]["count"] = m
    return m


@jit
def mark(kept: Kept, r: int, members: Indices, m: int) -> None:
    """The zone's episode is about these."""
    for i in range(m):
        kept.cells[r, members[i]]["value"] = MEMBER
    kept.zones[r]["group"] = m


@jit
def learn(zone: Slot, speed: float, dt: float) -> None:
    """What is usual, over ten minutes; the first ones count in full."""
    zone["usual_s"] = min(zone["usual_s"] + dt, _LEARN_S)
    zone["usual"] += min(1.0, dt / zone["usual_s"]) * (speed - zone["usual"])


@jit
def changed(zone: Slot, t: int) -> bool:
    """Whether those whom an open episode is about have become many more or fewer than was told."""
    return bool(
        t - zone["told_at"] >= TELL_AGAIN_MS
        and abs(zone["group"] - zone["told"]) >= max(_CHANGE, _CHANGE_SHARE * zone["told"])
    )
