"""Where street furniture stands that a detector takes for a person: a camera remembers the places.

Who has been seen for long and never moved is perhaps a signpost. When it is lost behind somebody and seen again, its
place tells that it is the old one, and not somebody who has just come.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.jit import Array, Slot, jit
from vigie_rule_engine.layers.subjects import AT_REST, is_at

FIXTURE: Final = np.dtype([("x", "<f8"), ("y", "<f8"), ("h", "<f8"), ("seen_w", "<i8")])
"""Foot and height, as a subject's; watch clock of steady time at which it was there last, 0: no entry."""

FIXTURES: Final = 8
"""Places that a camera remembers; the one that was seen longest ago gives way."""

FURNITURE_MS: Final = 60_000
"""What has been watched for so long and has never moved is street furniture."""

_REMEMBERED_MS: Final = 3_600_000
_PERSON: Final = int(ObjectClass.person)


@jit
def fixture_at(fixtures: Array, s: Slot, w: int) -> int:
    """Index of the remembered thing that stands where a subject is, -1: none."""
    for i in range(fixtures.shape[0]):
        f = fixtures[i]
        if f["seen_w"] != 0 and w - f["seen_w"] <= _REMEMBERED_MS and is_at(s, f["x"], f["y"], f["h"]):
            return i
    return -1


@jit
def remember_furniture(fixtures: Array, s: Slot, w: int) -> None:
    """Note of a subject that is seen where it is, if it has been watched there for long and never moved."""
    if s["cls"] != _PERSON or s["moved"] >= AT_REST or w - s["born_w"] < FURNITURE_MS:
        return
    at = fixture_at(fixtures, s, w)
    if at < 0:
        at = int(fixtures["seen_w"].argmin())
        fixtures[at]["x"] = s["x"]
        fixtures[at]["y"] = s["y"]
        fixtures[at]["h"] = s["h"]
    fixtures[at]["seen_w"] = w
