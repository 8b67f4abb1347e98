"""Where street furniture stands that a detector takes for a person: a camera remembers the places.

Who has been seen for long and never moved is perhaps a signpost. When it is lost behind somebody and seen again, its
place tells that it is the old one, and not somebody who has just come.
"""

from __future__ import annotations

from math import hypot
from typing import Final

import numpy as np

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.jit import Array, Slot, jit
from vigie_rule_engine.layers.subjects import AT_REST

FIXTURE: Final = np.dtype([("x", "<f8"), ("y", "<f8"), ("h", "<f8"), ("seen_w", "<i8")])
"""Foot and height, as a subject's; watch clock of steady time at which it was there last, 0: no entry."""

FIXTURES: Final = 8
"""Places that a camera remembers; the one that was seen longest ago gives way."""

FURNITURE_MS: Final = 60_000
"""What has been seen for so long and has never moved is street furniture."""

_REMEMBERED_MS: Final = 3_600_000
_PERSON: Final = int(ObjectClass.person)


@jit
def is_there(fixture: Slot, x: float, y: float, h: float, w: int) -> bool:
    """Whether a foot point and a height are those of a remembered thing."""
    if fixture["seen_w"] == 0 or w - fixture["seen_w"] > _REMEMBERED_MS:
        return False
    like = 0.6 < h / fixture["h"] < 1.67
    return bool(like and hypot(x - fixture["x"], y - fixture["y"]) < AT_REST * fixture["h"])


@jit
def is_fixture(fixtures: Array, s: Slot, w: int) -> bool:
    """Whether a subject is where street furniture stands."""
    for i in range(fixtures.shape[0]):  # noqa: SIM110 - compiled code has no generators
        if is_there(fixtures[i], s["x"], s["y"], s["h"], w):
            return True
    return False


@jit
def remember_furniture(fixtures: Array, s: Slot, t: int, w: int) -> None:
    """Note of a subject that is seen at `t` where it is, if it has been there for long and never moved."""
    if s["cls"] != _PERSON or s["moved"] >= AT_REST or t - s["born"] < FURNITURE_MS:
        return
    at = 0
    for i in range(fixtures.shape[0]):
        if is_there(fixtures[i], s["x"], s["y"], s["h"], w):
            fixtures[i]["seen_w"] = w
            return
        if fixtures[i]["seen_w"] < fixtures[at]["seen_w"]:
            at = i
    f = fixtures[at]
    f["x"] = s["x"]
    f["y"] = s["y"]
    f["h"] = s["h"]
    f["seen_w"] = w
