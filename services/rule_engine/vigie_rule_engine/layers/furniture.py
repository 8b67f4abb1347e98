"""Street furniture that is taken for a person keeps its identity when somebody passes in front of it.

Where two boxes meet, a tracker may go on with the wrong one: the signpost's track walks off and the passer's stays at
the signpost for hours. What has stood in one place since it appeared does not walk off at the instant somebody comes
to stand just there; so the two exchange what was seen of them, and with it their tracks.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Final

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.jit import Slot, jit

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

UNMOVED: Final = 0.3
"""Own heights: what never moved farther since it appeared is perhaps street furniture."""

_STOOD_MS: Final = 10_000
"""For so long it must have stood."""

_PERSON: Final = int(ObjectClass.person)


@jit
def stood(s: Slot, moved: float, t: int) -> bool:
    """Whether a subject that had moved so far has stood where it appeared, for long."""
    return bool(s["cls"] == _PERSON and moved < UNMOVED and t - s["born"] > _STOOD_MS)


@jit
def in_place(kept: Kept, n: int, k: int, t: int) -> int:
    """Slot of whoever came and stands now where subject `k` appeared; -1: nobody."""
    s = kept.subjects[k]
    for j in range(n):
        o = kept.subjects[j]
        if j == k or o["seen"] != t or o["cls"] != _PERSON or o["moved"] < UNMOVED:
            continue
        alike = 0.6 < o["h"] / s["h"] < 1.67
        if alike and hypot(o["x"] - s["born_x"], o["y"] - s["born_y"]) < UNMOVED * s["h"]:
            return j
    return -1


@jit
def exchange(kept: Kept, k: int, j: int) -> None:
    """Two subjects get each other's track and what was seen of it; who they are and what they did stays."""
    a = kept.subjects[k]
    b = kept.subjects[j]
    a["track"], b["track"] = b["track"], a["track"]
    a["known"], b["known"] = b["known"], a["known"]
    a["ended"], b["ended"] = b["ended"], a["ended"]
    a["seen"], b["seen"] = b["seen"], a["seen"]
    a["seen_w"], b["seen_w"] = b["seen_w"], a["seen_w"]
    a["steady"], b["steady"] = b["steady"], a["steady"]
    a["score"], b["score"] = b["score"], a["score"]
    a["model"], b["model"] = b["model"], a["model"]
    a["dt"], b["dt"] = b["dt"], a["dt"]
    a["x"], b["x"] = b["x"], a["x"]
    a["y"], b["y"] = b["y"], a["y"]
    a["h"], b["h"] = b["h"], a["h"]
    a["vx"], b["vx"] = b["vx"], a["vx"]
    a["vy"], b["vy"] = b["vy"], a["vy"]
    a["x1"], b["x1"] = b["x1"], a["x1"]
    a["y1"], b["y1"] = b["y1"], a["y1"]
    a["x2"], b["x2"] = b["x2"], a["x2"]
    a["y2"], b["y2"] = b["y2"], a["y2"]
