"""Which box continues which track: three stages, each an exact assignment among the pairs that its gate lets pass.

1. Boxes of a high score, by plain overlap with where each track was predicted.
2. What is left, low scores too, by overlap of grown boxes.
3. What is left of the high scores, by distance: for tracks seen in the look before, as far as their prediction is
   uncertain, or, for those seen once, whose speed is not known yet, as far as objects go. That counts at few frames a
   second.

Only boxes of a track's class group come near it, and to overlap is not enough: in the first two stages a box must also
be as near as prediction and box are certain (`_plausible`). Two stages by score: Zhang et al., "ByteTrack", ECCV 2022.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigie_tracking.assignment import assign
from vigie_tracking.compiled import jit
from vigie_tracking.doubles import FREE
from vigie_tracking.overlap import buffered_iou

if TYPE_CHECKING:
    from vigie_tracking.layout import Array, Slot

STAGE_OVERLAP = 0
STAGE_BUFFERED = 1
STAGE_DISTANCE = 2


@jit
def associate(
    tracks: Array, live: int, boxes: Array, count: int, now: int, p: Slot, places: Array, matrices: Array
) -> None:
    """Match tracks and boxes: `boxes[:count]["track"]` and `places[:live]["box_of_track"]`, -1 for none.

    Only boxes that are FREE take part (`doubles.set_aside`).

    Args:
        tracks: (≥ live,) layout.TRACK, predicted to the frame's time.
        live: how many there are.
        boxes: (≥ count,) layout.BOX.
        count: how many there are.
        now: ms, the frame's time.
        p: parameters.PARAMETERS.
        places: (≥ max(live, count),) layout.PLACE, working memory.
        matrices: (2, n, n) float64, n ≥ max(live, count), working memory.
    """
    for i in range(live):
        places[i]["box_of_track"] = -1
    for stage in range(3):
        least_score = p["low_score"] if stage == STAGE_BUFFERED else p["high_score"]
        left = 0
        for i in range(live):
            # after a longer occlusion, distance would let a track take another's box
            if places[i]["box_of_track"] == -1 and (stage != STAGE_DISTANCE or tracks[i]["missed"] == 0):
                places[left]["track"] = i
                left += 1
        offered = 0
        for j in range(count):
            if boxes[j]["track"] == FREE and boxes[j]["score"] >= least_score:
                places[offered]["box"] = j
                offered += 1
        if left > 0 and offered > 0 and _gate(stage, tracks, left, boxes, offered, now, p, places, matrices[0]):
            _settle(left, boxes, offered, places, matrices)


@jit
def _gate(
    stage: int,
    tracks: Array,
    left: int,
    boxes: Array,
    offered: int,
    now: int,
    p: Slot,
    places: Array,
    affinity: Array,
) -> bool:
    """Fill affinity[track candidate, box candidate] with 0 (may not pair) .. 1; says whether any may."""
    anything = False
    for b in range(offered):
        places[b]["box_degree"] = 0
    for a in range(left):
        track = tracks[places[a]["track"]]
        unseen_s = (now - track["seen_at"]) / 1000.0
        degree = 0
        for b in range(offered):
            box = boxes[places[b]["box"]]
            value = 0.0
            if track["group"] == box["group"] and (stage == STAGE_DISTANCE or _plausible(track, box, unseen_s, p)):
                if stage == STAGE_OVERLAP:
                    value = _overlap(track, box, 0.0, p["first_iou"])
                elif stage == STAGE_BUFFERED:
                    value = _overlap(track, box, p["buffer"], p["second_iou"])
                else:
                    value = _nearness(track, box, unseen_s, p)
            affinity[a, b] = value
            if value > 0.0:
                degree += 1
                places[a]["track_only"] = b
                places[b]["box_degree"] += 1
        places[a]["track_degree"] = degree
        anything = anything or degree > 0
    return anything


@jit
def _overlap(track: Slot, box: Slot, buffer: float, least: float) -> float:
    """Overlap of the predicted and the detected box if above `least`, else 0."""
    value = buffered_iou(
        track["cx"], track["cy"], track["w"], track["h"], box["cx"], box["cy"], box["w"], box["h"], buffer
    )
    return value if value > least else 0.0


@jit
def _plausible(track: Slot, box: Slot, unseen_s: float, p: Slot) -> bool:
    """Whether the box is no farther from the prediction than the uncertainty of both allows.

    The speed of who comes nearer grows in the image, so what moves may be off by a share of its way.
    """
    size = p["jitter"] * max(track["w"], track["h"])
    way = math.sqrt(track["vx"] * track["vx"] + track["vy"] * track["vy"]) * unseen_s
    reach = p["gate"] * math.sqrt(track["centre_var"] + size * size) + p["gate_way"] * way
    dx = track["cx"] - box["cx"]
    dy = track["cy"] - box["cy"]
    near: bool = dx * dx + dy * dy <= reach * reach
    return near


@jit
def _nearness(track: Slot, box: Slot, unseen_s: float, p: Slot) -> float:
    """1 at the track's place, falling to 0.01 where the object can just have got to; 0 beyond.

    After a blindness of more than `coast_ms` it could be anywhere: 0.
    """
    if 1000.0 * unseen_s > p["coast_ms"]:
        return 0.0
    ratio = (box["w"] * box["h"]) / (track["w"] * track["h"])
    if ratio > p["newborn_area_ratio"] or ratio * p["newborn_area_ratio"] < 1.0:
        return 0.0
    size = max(box["w"], box["h"])
    if track["boxes"] == 1:
        mean_size = 0.5 * (max(track["w"], track["h"]) + size)
        reach = p["newborn_speed"] * mean_size * unseen_s + p["newborn_slack"] * size
    else:
        reach = p["reach"] * math.sqrt(track["centre_var"])
    dx = track["cx"] - box["cx"]
    dy = track["cy"] - box["cy"]
    squared = dx * dx + dy * dy
    if squared >= reach * reach:
        return 0.0
    nearness: float = 1.0 - 0.99 * math.sqrt(squared) / reach
    return nearness


@jit
def _settle(left: int, boxes: Array, offered: int, places: Array, matrices: Array) -> None:
    """Pair the candidates at the greatest total affinity.

    A pair that no other competes for is part of every best assignment: only the contested rest is solved.
    """
    affinity = matrices[0]
    rows = 0
    for a in range(left):
        degree = places[a]["track_degree"]
        if degree == 1 and places[places[a]["track_only"]]["box_degree"] == 1:
            b = places[a]["track_only"]
            places[b]["box_degree"] = 0
            _pair(places[a]["track"], places[b]["box"], boxes, places)
        elif degree > 0:
            places[rows]["row"] = a
            rows += 1
    if rows == 0:
        return
    columns = 0
    for b in range(offered):
        if places[b]["box_degree"] > 0:
            places[columns]["column"] = b
            columns += 1
    cost = matrices[1]
    if rows <= columns:
        for r in range(rows):
            for c in range(columns):
                cost[r, c] = 1.0 - affinity[places[r]["row"], places[c]["column"]]
        assign(cost, rows, columns, places)
    else:
        for c in range(columns):
            for r in range(rows):
                cost[c, r] = 1.0 - affinity[places[r]["row"], places[c]["column"]]
        assign(cost, columns, rows, places)
    for k in range(min(rows, columns)):
        other = places[k]["column_of_row"]
        a = places[k if rows <= columns else other]["row"]
        b = places[other if rows <= columns else k]["column"]
        if affinity[a, b] > 0.0:
            _pair(places[a]["track"], places[b]["box"], boxes, places)


@jit
def _pair(track: int, box: int, boxes: Array, places: Array) -> None:
    places[track]["box_of_track"] = box
    boxes[box]["track"] = track
