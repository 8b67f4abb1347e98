"""Which boxes of a frame are one object seen twice: only the one that its track expects goes on.

Most detectors suppress overlapping boxes within a class, not across classes: a van is a car and a truck, in two boxes,
in every frame. A box that is left over begins a track of its own, or lures that of a neighbour who is hidden just then.
So doubles are set aside before any track is offered a box. Of the two, the one stays that a track predicts better;
without a track, the one of the higher score. Both stay if each continues a track of its own: who overtakes another is
not suppressed. Tracks that ride on each other for long are merged (`ride`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_tracking.compiled import jit
from vigie_tracking.overlap import buffered_iou

if TYPE_CHECKING:
    from vigie_tracking.layout import Array, Slot

FREE = -1
"""BOX.track of a box that belongs to no track yet."""

DOUBLE = -2
"""BOX.track of a box that shows an object which another box shows better: nobody gets it."""


@jit
def set_aside(tracks: Array, live: int, boxes: Array, count: int, p: Slot) -> None:
    """Mark `boxes[:count]["track"]` as FREE or DOUBLE.

    Args:
        tracks: (≥ live,) layout.TRACK, predicted to the frame's time.
        live: how many there are.
        boxes: (≥ count,) layout.BOX.
        count: how many there are.
        p: parameters.PARAMETERS.
    """
    for j in range(count):
        boxes[j]["track"] = FREE
    for j in range(1, count):
        for i in range(j):
            if boxes[j]["track"] == DOUBLE:
                break
            if boxes[i]["track"] == FREE and two_classes(boxes[i], boxes[j], p["double_iou"]):
                mine, fit = _expected_by(tracks, live, boxes[i])
                other, other_fit = _expected_by(tracks, live, boxes[j])
                if mine != other and min(fit, other_fit) >= p["own_iou"]:
                    continue
                first = fit > other_fit if fit != other_fit else boxes[i]["score"] >= boxes[j]["score"]
                boxes[j if first else i]["track"] = DOUBLE


@jit
def two_classes(a: Slot, b: Slot, least_iou: float) -> bool:
    """Whether two boxes are one object seen as two classes of a group."""
    return (
        a["group"] == b["group"]
        and a["object_class"] != b["object_class"]
        and buffered_iou(a["cx"], a["cy"], a["w"], a["h"], b["cx"], b["cy"], b["w"], b["h"], 0.0) > least_iou
    )


@jit
def part_of(part: Slot, whole: Slot, p: Slot) -> bool:
    """Whether a box is a piece of another of its class group: within it, and nearly as wide.

    Half a body, say, or a bonnet. A child before an adult is narrower.
    """
    if part["group"] != whole["group"] or part["w"] < p["part_width"] * whole["w"] or part["h"] > whole["h"]:
        return False
    left = max(part["cx"] - part["w"] / 2.0, whole["cx"] - whole["w"] / 2.0)
    right = min(part["cx"] + part["w"] / 2.0, whole["cx"] + whole["w"] / 2.0)
    top = max(part["cy"] - part["h"] / 2.0, whole["cy"] - whole["h"] / 2.0)
    bottom = min(part["cy"] + part["h"] / 2.0, whole["cy"] + whole["h"] / 2.0)
    within: bool = (
        right > left and bottom > top and (right - left) * (bottom - top) > p["part_share"] * part["w"] * part["h"]
    )
    return within


@jit
def _expected_by(tracks: Array, live: int, box: Slot) -> tuple[int, float]:
    """The track seen in the look before that predicts the box best, and their IoU; -1 and 0 for none."""
    best = -1
    most = 0.0
    for k in range(live):
        track = tracks[k]
        if track["group"] == box["group"] and track["missed"] == 0:
            overlap = buffered_iou(
                track["cx"], track["cy"], track["w"], track["h"], box["cx"], box["cy"], box["w"], box["h"], 0.0
            )
            if overlap > most:
                best = k
                most = overlap
    return best, most


@jit
def ride(camera: Slot, tracks: Array, boxes: Array, places: Array, look_ms: int, p: Slot) -> None:
    """Count for how long each track's boxes have lain on those of an older one that moves with it.

    Args:
        camera: layout.CAMERA.
        tracks: layout.TRACK, oldest first; `riding` is changed.
        boxes: layout.BOX of this look.
        places: layout.PLACE; `box_of_track` says which box each track took.
        look_ms: what this look is worth, ms.
        p: parameters.PARAMETERS.
    """
    for i in range(1, camera["tracks"]):
        j = places[i]["box_of_track"]
        if j < 0:
            continue
        track = tracks[i]
        riding = False
        for k in range(i):
            under = places[k]["box_of_track"]
            if under >= 0 and (
                two_classes(boxes[under], boxes[j], p["double_iou"]) or part_of(boxes[j], boxes[under], p)
            ):
                limit = p["still_speed"] * max(track["w"], track["h"])
                vx = track["vx"] - tracks[k]["vx"]
                vy = track["vy"] - tracks[k]["vy"]
                riding = riding or vx * vx + vy * vy < limit * limit
        track["riding"] = track["riding"] + look_ms if riding else 0
