"""Who stays in a zone goes on staying when a tracker takes somebody else for them.

A stay is long, and two things befall it. Where people pass each other, the track of who stays walks off with the
passer, and the passer's stays. And a track is lost while another one begins, where a box was seen that is nobody's, or
while somebody falls. At that instant neither place nor speed tells them apart. Some seconds later it shows: one stay
ends just when another one begins, of somebody who met the first one, or who came from nowhere. So before a stay ends,
an heir is looked for, who goes on with it.

Who came from nowhere has waited as long as the one before. To who met somebody only an open episode is handed over, so
that it is not told twice: visitors who relieve each other look just the same, and none of them has stayed for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import OPEN, PENDING, clear
from vigie_rule_engine.layers.furniture import FURNITURE_MS
from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.places import NEVER
from vigie_rule_engine.layers.plane import length
from vigie_rule_engine.layers.subjects import AT_REST, area, shared

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

_BESIDE: Final = 0.7
"""Body heights: two people whose feet are so near have met."""

_TOUCHING: Final = 0.1
"""So have those whose boxes share so much of the smaller one."""

_JUST_SEEN_MS: Final = 1_500
"""One of two who pass each other is often hidden; who was seen so lately is still there."""

_NEW_MS: Final = 1_000
"""Who is seen since a moment ago beside somebody who walks was hidden by them, or has lost a track to them."""

_STAYED_MS: Final = 10_000
"""A stay that was shorter is not missed."""

_MET_MS: Final = 10_000
"""The heir met who stayed no longer before that one was last in the zone, on its way out with the passer."""

_CAME_MS: Final = 15_000
"""And came into the zone no longer before."""

_BORN_BEFORE_MS: Final = 2_000
_BORN_AFTER_MS: Final = 15_000
_BORN_NEAR: Final = 1.0
"""Or was seen first within the zone, so long before or after, and so many body heights from where that one was last."""

_THERE_MS: Final = 2_000
"""The heir is in the zone, seen no longer ago."""

_PERSON: Final = int(ObjectClass.person)


@jit
def walks(s: Slot, t: int) -> bool:
    """Whether somebody who is no street furniture is in view, or hidden for a moment."""
    return bool(s["cls"] == _PERSON and s["moved"] >= AT_REST and t - s["seen"] <= _JUST_SEEN_MS)


@jit
def is_new(s: Slot, t: int, w: int) -> bool:
    """Whether somebody is seen since a moment ago, and not where street furniture stands.

    In the first minute nobody is: until then the camera has not seen what stands there.
    """
    lately = s["seen"] == t and t - s["born"] <= _NEW_MS
    return bool(lately and s["cls"] == _PERSON and s["fixture"] == 0 and w >= FURNITURE_MS)


@jit
def touch(a: Slot, b: Slot) -> bool:
    """Whether two people stand beside each other, in the street or in the picture."""
    beside = length(a["x"] - b["x"], a["y"] - b["y"]) < _BESIDE * max(a["h"], b["h"])
    return bool(beside or shared(a, b) > _TOUCHING * min(area(a), area(b)))


@jit
def meet(kept: Kept, n: int, t: int, w: int) -> None:
    """Note of everybody who walks whom they have met last, and when; of who is new, who was there already."""
    subjects = kept.subjects
    for k in range(n):
        a = subjects[k]
        a_walks = walks(a, t)
        if not a_walks and not is_new(a, t, w):
            continue
        for j in range(k):
            b = subjects[j]
            if a["seen"] < t and b["seen"] < t:
                continue
            b_walks = walks(b, t)
            if not b_walks and not (a_walks and is_new(b, t, w)):
                continue
            if not touch(a, b):
                continue
            if b_walks:
                a["met"], a["met_session"], a["met_at"] = b["born_track"], b["born_session"], t
            if a_walks:
                b["met"], b["met_session"], b["met_at"] = a["born_track"], a["born_session"], t


@jit
def met(a: Slot, b: Slot, since: int) -> bool:
    """Whether the last whom `a` met, since then, was `b`."""
    return bool(a["met_at"] >= since and a["met"] == b["born_track"] and a["met_session"] == b["born_session"])


@jit
def have_met(a: Slot, b: Slot, since: int) -> bool:
    """Whether two people have met since then, or each the same third one: three may exchange their tracks in a row."""
    if met(a, b, since) or met(b, a, since):
        return True
    third = a["met"] == b["met"] and a["met_session"] == b["met_session"]
    return bool(third and a["met_at"] >= since and b["met_at"] >= since)


@jit
def stands_in(kept: Kept, r: int, region: int, k: int, j: int, t: int) -> int:
    """Whether subject `j` may be who stayed as `k`: 2 if it came from nowhere, 1 if they have met, 0 if not.

    It is younger in the zone than `k`, and was not told of yet.
    """
    s = kept.subjects[k]
    o = kept.subjects[j]
    was = kept.cells[r, k]
    now = kept.cells[r, j]
    if j == k or o["cls"] != s["cls"] or now["phase"] != PENDING or now["since"] <= was["since"]:
        return 0
    if kept.places[j, region]["since"] == NEVER or t - o["seen"] > _THERE_MS:
        return 0
    if o["fixture"] == 1 and o["moved"] < AT_REST:
        return 0
    if o["born"] >= now["since"] and was["last"] - _BORN_BEFORE_MS <= o["born"] <= was["last"] + _BORN_AFTER_MS:
        # who lies is as long as the box is wide
        long = max(s["h"], s["x2"] - s["x1"], o["h"], o["x2"] - o["x1"])
        if length(o["born_x"] - was["x"], o["born_y"] - was["y"]) < _BORN_NEAR * long:
            return 2
    if was["phase"] == PENDING:
        return 0
    return int(now["since"] >= was["last"] - _CAME_MS and have_met(s, o, was["last"] - _MET_MS))


@jit
def hand_over(kept: Kept, n: int, r: int, region: int, k: int, t: int) -> bool:
    """Let an heir go on with the stay of subject `k`, which ends in row `r`; says whether there is one.

    Args:
        kept: state of the camera, changed in place.
        n: subjects in use.
        r: row of a rule about staying; its cells keep the last place within the zone as x and y, and 1 as mark where
            the one before has moved, so that the heir is no street furniture.
        region: its zone.
        k: slot of who is thought to have left, or is lost.
        t: event time of the frame.
    """
    was = kept.cells[r, k]
    if was["phase"] == PENDING and was["held"] < _STAYED_MS:
        return False
    heir = -1
    sure = 0
    for j in range(n):
        how = stands_in(kept, r, region, k, j, t)
        if how > sure:
            heir = j
            sure = how
    if heir < 0:
        return False
    now = kept.cells[r, heir]
    now["phase"] = PENDING if was["phase"] == PENDING else OPEN
    now["since"] = was["since"]
    now["held"] = was["held"] + max(0, now["last_w"] - was["last_w"])
    now["check_at"] = was["check_at"]
    now["episode"] = was["episode"]
    now["mark"] = 1 if was["mark"] == 1 or kept.subjects[k]["moved"] >= AT_REST else 0
    clear(was)
    was["floor"] = t
    return True
