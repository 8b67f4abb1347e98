"""One frame of one camera: boxes in, tracks out. The whole of tracking, in the order in which it happens."""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_common.compiled import INT, array
from vigie_tracking import doubles, kalman, lifetime
from vigie_tracking.association import associate
from vigie_tracking.class_vote import cast_vote, first_vote
from vigie_tracking.compiled import entry, jit
from vigie_tracking.layout import (
    BOX,
    CAMERA,
    END_LOST,
    END_SESSION,
    ENDED,
    FOUND,
    FRAME,
    GROUP_OF_CLASS,
    ID_BASE,
    MAX_BOXES,
    MAX_TRACKS,
    PLACE,
    TRACK,
    Array,
    Slot,
)
from vigie_tracking.overlap import buffered_iou
from vigie_tracking.parameters import PARAMETERS

FARTHEST = 1e6
"""A box with a coordinate further than this many pixels from the image's corner is no box."""


FLEET: Final = (array(CAMERA), array(TRACK, 2))
ROOM: Final = (array(BOX), array(PLACE), array(np.float64, 3), array(FOUND), array(ENDED))


@entry(*FLEET, INT, array(np.float64, 2), *(INT,) * 6, array(PARAMETERS), *ROOM, trusted=True)
def step(
    cameras: Array,
    all_tracks: Array,
    row: int,
    columns: Array,
    seq: int,
    now: int,
    ok: int,
    width: int,
    height: int,
    session_over: int,
    parameters: Array,
    boxes: Array,
    places: Array,
    matrices: Array,
    found: Array,
    ended: Array,
) -> tuple[int, int, int, int]:
    """Take one frame in; gives how many `found`, how many `ended`, boxes ignored, tracks born.

    Args:
        cameras: (cameras,) layout.CAMERA, changed in place.
        all_tracks: (cameras, capacity) layout.TRACK, changed in place; room for the live ones and the boxes of this
            frame, or MAX_TRACKS.
        row: the frame's camera.
        columns: (6, n) float64: x1, y1, x2, y2 in pixels, score 0..1, class ordinal.
        seq: the frame's; rises within a session.
        now: captured_at, ms; rises within a session.
        ok: 1 if the frame was looked at, 0 for blind time.
        width: pixels of the frame, 0 for none.
        height: pixels.
        session_over: 1 if the session of the live tracks is over: they all end.
        parameters: (1,) parameters.PARAMETERS.
        boxes: (≥ min(n, MAX_BOXES),) layout.BOX, working memory.
        places: (≥ capacity and boxes,) layout.PLACE, working memory.
        matrices: (2, k, k) float64, k as places, working memory.
        found: (≥ boxes,) layout.FOUND, the result.
        ended: (≥ capacity,) layout.ENDED, the result, oldest first.
    """
    camera = cameras[row]  # single elements are taken here: as an argument from Python each would cost 1.7 µs
    tracks = all_tracks[row]
    p = parameters[0]
    gone = 0
    if session_over:
        gone = lifetime.end_all(camera, tracks, ended, gone, END_SESSION, p)
        camera["looked_at"] = -1
        camera["watched"] = 0
        camera["width"] = 0
        camera["height"] = 0
    if not ok:
        if camera["looked_at"] >= 0 and now - camera["looked_at"] > p["blind_ms"]:
            gone = lifetime.end_all(camera, tracks, ended, gone, END_LOST, p)
        return 0, gone, 0, 0

    _fit(camera, tracks, width, height)
    worth = 0
    if camera["looked_at"] >= 0:
        gone = lifetime.pass_time(camera, tracks, now, ended, gone, p)
        worth = min(now - camera["looked_at"], int(p["look_ms"]))
        camera["watched"] += worth
    camera["looked_at"] = now
    count = _admit(columns, boxes)
    ignored = columns.shape[1] - count
    doubles.set_aside(tracks, camera["tracks"], boxes, count, p)
    associate(tracks, camera["tracks"], boxes, count, now, p, places, matrices)
    _continue(camera, tracks, boxes, places, p)
    doubles.ride(camera, tracks, boxes, places, worth, p)
    gone = lifetime.forget(camera, tracks, boxes, places, ended, gone, p)
    for i in range(camera["tracks"]):
        if places[i]["box_of_track"] >= 0:
            boxes[places[i]["box_of_track"]]["track"] = i
    born, crowded_out = _bear(camera, tracks, boxes, count, seq, p)
    return _report(tracks, boxes, count, found), gone, ignored + crowded_out, born


@entry(*FLEET, array(FRAME), array(np.float64), array(PARAMETERS), *ROOM, trusted=True)
def step_many(
    cameras: Array,
    tracks: Array,
    frames: Array,
    columns: Array,
    parameters: Array,
    boxes: Array,
    places: Array,
    matrices: Array,
    found: Array,
    ended: Array,
) -> tuple[int, int]:
    """Take a batch of frames of many cameras in, in order; gives how many `found` and `ended`.

    Args:
        cameras: (cameras,) layout.CAMERA.
        tracks: (cameras, capacity) layout.TRACK.
        frames: (frames,) layout.FRAME; what became of each is written back to it.
        columns: flat float64: each frame's (6, n) block after the other.
        parameters: (1,) parameters.PARAMETERS.
        boxes: as in step.
        places: as in step.
        matrices: as in step.
        found: (≥ all boxes,) layout.FOUND, frame after frame.
        ended: (≥ what may end,) layout.ENDED, frame after frame.
    """
    at = 0
    seen = 0
    gone = 0
    for k in range(frames.shape[0]):
        frame = frames[k]
        size = frame["boxes"]
        block = columns[at : at + 6 * size].reshape((6, size))
        at += 6 * size
        frame["found"], frame["ended"], frame["ignored"], frame["born"] = step(
            cameras,
            tracks,
            frame["camera"],
            block,
            frame["seq"],
            frame["now"],
            frame["ok"],
            frame["width"],
            frame["height"],
            frame["session_over"],
            parameters,
            boxes,
            places,
            matrices,
            found[seen:],
            ended[gone:],
        )
        seen += frame["found"]
        gone += frame["ended"]
    return seen, gone


@jit
def _fit(camera: Slot, tracks: Array, width: int, height: int) -> None:
    """Note the frame's size; when it has changed, express the tracks in its pixels."""
    if width <= 0 or height <= 0 or (width == camera["width"] and height == camera["height"]):
        return
    if camera["width"] > 0:
        for i in range(camera["tracks"]):
            kalman.rescale(tracks[i], width / camera["width"], height / camera["height"])
    camera["width"] = width
    camera["height"] = height


@jit
def _admit(columns: Array, boxes: Array) -> int:
    """Copy the usable boxes; gives how many. NaN, infinite, far, inverted and empty ones are left out."""
    count = 0
    for j in range(columns.shape[1]):
        x1 = columns[0, j]
        y1 = columns[1, j]
        x2 = columns[2, j]
        y2 = columns[3, j]
        score = columns[4, j]
        inside = x1 >= -FARTHEST and y1 >= -FARTHEST and x2 <= FARTHEST and y2 <= FARTHEST
        if inside and x2 > x1 and y2 > y1 and score >= 0.0 and score <= 1.0 and count < MAX_BOXES:
            box = boxes[count]
            box["cx"] = (x1 + x2) * 0.5
            box["cy"] = (y1 + y2) * 0.5
            box["w"] = x2 - x1
            box["h"] = y2 - y1
            box["score"] = score
            box["index"] = j
            box["object_class"] = int(columns[5, j])
            box["group"] = GROUP_OF_CLASS[box["object_class"]]
            count += 1
    return count


@jit
def _continue(camera: Slot, tracks: Array, boxes: Array, places: Array, p: Slot) -> None:
    """Let every matched track take its box in."""
    for i in range(camera["tracks"]):
        j = places[i]["box_of_track"]
        if j >= 0:
            track = tracks[i]
            box = boxes[j]
            kalman.update(track, box, p["jitter"])
            elapsed_s = (camera["looked_at"] - track["seen_at"]) / 1000.0
            cast_vote(track, box["object_class"], box["score"], elapsed_s, p["vote_memory_s"], p["vote_margin"])
            track["seen_at"] = camera["looked_at"]
            track["seen_watched"] = camera["watched"]
            track["boxes"] = 2
            track["missed"] = 0
        else:
            tracks[i]["missed"] += 1


@jit
def _bear(camera: Slot, tracks: Array, boxes: Array, count: int, seq: int, p: Slot) -> tuple[int, int]:
    """Begin a track for every confident box without one; gives how many, and how many found no room."""
    born = 0
    crowded_out = 0
    for j in range(count):
        box = boxes[j]
        if box["track"] != doubles.FREE or box["score"] < p["birth_score"] or _is_duplicate(boxes, count, j, p):
            continue
        slot = camera["tracks"]
        if slot >= MAX_TRACKS:
            crowded_out += 1
            continue
        track = tracks[slot]
        kalman.begin(track, box["cx"], box["cy"], box["w"], box["h"], p["jitter"], p["initial_speed"])
        first_vote(track, box["object_class"], box["score"])
        track["id"] = seq * ID_BASE + box["index"]
        track["seen_at"] = camera["looked_at"]
        track["seen_watched"] = camera["watched"]
        track["group"] = box["group"]
        track["boxes"] = 1
        track["missed"] = 0
        track["riding"] = 0
        box["track"] = slot
        camera["tracks"] = slot + 1
        born += 1
    return born, crowded_out


@jit
def _is_duplicate(boxes: Array, count: int, candidate: int, p: Slot) -> bool:
    """Whether a box of the same class group that has a track lies on the candidate."""
    box = boxes[candidate]
    for j in range(count):
        other = boxes[j]
        if other["track"] >= 0 and other["group"] == box["group"]:
            overlap = buffered_iou(
                box["cx"], box["cy"], box["w"], box["h"], other["cx"], other["cy"], other["w"], other["h"], 0.0
            )
            if overlap > p["duplicate_iou"] or doubles.part_of(box, other, p):
                return True
    return False


@jit
def _report(tracks: Array, boxes: Array, count: int, found: Array) -> int:
    """Write down every box that belongs to a track; gives how many."""
    seen = 0
    for j in range(count):
        slot = boxes[j]["track"]
        if slot >= 0:
            track = tracks[slot]
            entry = found[seen]
            entry["track_id"] = track["id"]
            entry["vx"] = track["vx"]
            entry["vy"] = track["vy"]
            entry["index"] = boxes[j]["index"]
            entry["object_class"] = track["object_class"]
            seen += 1
    return seen
