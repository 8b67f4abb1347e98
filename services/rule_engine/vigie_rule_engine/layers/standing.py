"""Who stands in one place keeps its identity when somebody passes in front of it.

Where two boxes meet, a tracker may go on with the wrong one: the track of who stands there, or of a signpost, walks off
and the passer's stays in its place. What has stood for long does not walk off at the instant somebody else comes to
stand just there; so the two exchange what was seen of them, and with it their tracks. And what has never moved at all
does not walk off while anybody is where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.furniture import FURNITURE_MS
from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.places import NEVER
from vigie_rule_engine.layers.plane import length
from vigie_rule_engine.layers.subjects import AT_REST, LOST_STANDING, STOOD_MS, area, come_to_rest, is_at, shared

if TYPE_CHECKING:
    from vigie_rule_engine.layers.state import Kept

_CAME_MS: Final = 5_000
"""Who is there now came to rest no longer before or after it left, or was seen last; there or elsewhere."""

_HIDDEN: Final = 0.25
"""Share of a box that a nearer one may cover before its shape means nothing, and nobody is missed who is not seen."""

STAYED_MS: Final = 3_000
_HOPPED_MS: Final = 1_000
"""A track that leaves one who stayed so long, and so lately, for the place of another has hopped."""

_PASSING: Final = 0.4
"""Body heights a second: who is faster passes there."""

_PERSON: Final = int(ObjectClass.person)


@jit
def hidden(kept: Kept, n: int, k: int, t: int) -> bool:
    """Whether another subject that is nearer covers a part of this one's box, or of its last one."""
    s = kept.subjects[k]
    least = _HIDDEN * area(s)
    for j in range(n):
        o = kept.subjects[j]
        if j != k and o["seen"] == t and o["y2"] >= s["y2"] and shared(s, o) > least:
            return True
    return False


@jit
def left_at(s: Slot) -> int:
    """Watch clock when a subject seemed to leave its place, or was seen there last."""
    return int(s["off"]) if s["off"] != 0 else int(s["seen_w"])


@jit
def stood(s: Slot) -> bool:
    """Whether a subject that has left its place, or is not seen any more, had stood there for long."""
    return bool(s["cls"] == _PERSON and left_at(s) - s["rest"] > STOOD_MS)


@jit
def at_home(s: Slot, o: Slot) -> bool:
    """Whether subject `o` is where `s` stood, and about as high."""
    return is_at(o, s["rest_x"], s["rest_y"], s["h"])


@jit
def in_place(kept: Kept, n: int, k: int, t: int) -> int:
    """Slot of whoever came and is now where subject `k` stood; -1: nobody.

    While `k` is seen elsewhere, also who stood elsewhere and has just left; while it is not, only who stays.
    """
    s = kept.subjects[k]
    left = left_at(s)
    for j in range(n):
        o = kept.subjects[j]
        if j == k or o["seen"] != t or o["cls"] != _PERSON:
            continue
        if length(o["vx"], o["vy"]) > _PASSING * o["h"]:
            continue
        came = abs(o["rest"] - left) <= _CAME_MS
        may = (came or o["off"] != 0) if s["seen"] == t else (came and o["off"] == 0)
        if may and at_home(s, o):
            return j
    return -1


@jit
def in_place_of_furniture(kept: Kept, n: int, k: int, t: int, w: int) -> int:
    """Slot of whoever is where subject `k` was, a thing that has never moved and seems to walk off; -1: nobody."""
    s = kept.subjects[k]
    if s["moved_then"] >= AT_REST or w - s["born_w"] < FURNITURE_MS:
        return -1
    for j in range(n):
        o = kept.subjects[j]
        if j != k and o["seen"] == t and o["cls"] == _PERSON and at_home(s, o):
            return j
    return -1


@jit
def hopped_to(kept: Kept, n: int, k: int, t: int, w: int) -> int:
    """Slot of one who stood elsewhere and whose track has hopped to subject `k`, who is not seen; -1: nobody."""
    s = kept.subjects[k]
    for j in range(n):
        o = kept.subjects[j]
        if o["seen"] != t or o["cls"] != _PERSON or o["off"] == 0 or w - o["off"] > _HOPPED_MS:
            continue
        if o["off"] - o["rest"] > STAYED_MS and at_home(s, o):
            return j
    return -1


@jit
def heal(kept: Kept, n: int, t: int, w: int, steady: int) -> None:
    """Those who left the place where they stood, while somebody else came to be there, exchange with them.

    Those who are not seen there get their box back from a track that hopped to them; while others hide their place,
    they are not missed.
    """
    for k in range(n):
        s = kept.subjects[k]
        if s["seen"] == t and s["off"] != 0 and stood(s):
            j = in_place(kept, n, k, t)
            if j < 0:
                j = in_place_of_furniture(kept, n, k, t, w)
            if j >= 0:
                exchange(kept, k, j, w)
        elif s["seen"] < t and s["steady"] == steady and stood(s):
            if hidden(kept, n, k, t):
                s["hidden_w"] = w
            j = hopped_to(kept, n, k, t, w)
            if j >= 0:
                take_back(s, kept.subjects[j], t, w)
            elif w - s["seen_w"] > LOST_STANDING:
                j = in_place(kept, n, k, t)
                if j >= 0:
                    exchange(kept, k, j, w)


@jit
def swap_tracks(a: Slot, b: Slot) -> None:
    """Two subjects get each other's track and the box that it has."""
    a["track"], b["track"] = b["track"], a["track"]
    a["known"], b["known"] = b["known"], a["known"]
    a["ended"], b["ended"] = b["ended"], a["ended"]
    a["score"], b["score"] = b["score"], a["score"]
    a["model"], b["model"] = b["model"], a["model"]
    a["x1"], b["x1"] = b["x1"], a["x1"]
    a["y1"], b["y1"] = b["y1"], a["y1"]
    a["x2"], b["x2"] = b["x2"], a["x2"]
    a["y2"], b["y2"] = b["y2"], a["y2"]


@jit
def exchange(kept: Kept, k: int, j: int, w: int) -> None:
    """Subject `k`, who stood, and `j` get each other's track and what was seen of it; who they are and did stays.

    Sides of lines go with what was seen: who has crossed has crossed.
    """
    a = kept.subjects[k]
    b = kept.subjects[j]
    swap_tracks(a, b)
    a["seen"], b["seen"] = b["seen"], a["seen"]
    a["seen_w"], b["seen_w"] = b["seen_w"], a["seen_w"]
    a["steady"], b["steady"] = b["steady"], a["steady"]
    a["dt"], b["dt"] = b["dt"], a["dt"]
    a["x"], b["x"] = b["x"], a["x"]
    a["y"], b["y"] = b["y"], a["y"]
    a["h"], b["h"] = b["h"], a["h"]
    b["vx"], b["vy"] = a["vx"], a["vy"]
    for r in range(kept.places.shape[1]):
        if (kept.places[k, r]["since"] == NEVER) != (kept.places[j, r]["since"] == NEVER):
            here = kept.places[k, r]
            there = kept.places[j, r]
            here["since"], there["since"] = there["since"], here["since"]
            here["within"], there["within"] = there["within"], here["within"]
    for g in range(kept.sides.shape[1]):
        p = kept.sides[k, g]
        q = kept.sides[j, g]
        p["side"], q["side"] = q["side"], p["side"]
        p["flip"], q["flip"] = q["flip"], p["flip"]
        p["x"], q["x"] = q["x"], p["x"]
        p["y"], q["y"] = q["y"], p["y"]
    stay(a)
    b["hidden_w"] = 0
    if at_home(b, b):
        stay(b)  # it stood, too
    else:
        come_to_rest(b, w)


@jit
def stay(s: Slot) -> None:
    """It has not left the place where it stands."""
    s["vx"] = 0.0
    s["vy"] = 0.0
    s["hidden_w"] = 0
    s["off"] = 0
    s["away"] = 0
    s["moved"] = s["moved_then"]


@jit
def take_back(a: Slot, b: Slot, t: int, w: int) -> None:
    """Subject `a`, who is hidden, gets the track that hopped to its place from `b`, who is missed where it stands."""
    swap_tracks(a, b)
    a["dt"] = (t - a["seen"]) * 0.001
    a["seen"] = t
    a["seen_w"] = w
    stay(a)
    b["seen"] = t - (w - b["off"])
    b["seen_w"] = b["off"]
    b["x"] = b["rest_x"]
    b["y"] = b["rest_y"]
    wide = 0.5 * (b["x2"] - b["x1"])
    b["x1"] = b["x"] - wide
    b["x2"] = b["x"] + wide
    b["y1"] = b["y"] - b["h"]
    b["y2"] = b["y"]
    stay(b)
