"""When tracks end, and what the time between two looks does to them.

A look is a frame with status ok. Forgetting counts watched time: a look is worth the time since the look before, up
to `look_ms`; whatever is longer was blind (offline, shed, dark, lost, a gap in the log: it makes no difference).
"""

from __future__ import annotations

from vigie_tracking import kalman
from vigie_tracking.compiled import jit
from vigie_tracking.doubles import DOUBLE
from vigie_tracking.layout import END_DUPLICATE, END_LEFT, END_LOST, Array, Slot


@jit
def end_all(camera: Slot, tracks: Array, ended: Array, count: int, reason: int, p: Slot) -> int:
    """End every track; gives how many `ended` holds. With reason END_LOST each says itself whether it has left."""
    for i in range(camera["tracks"]):
        why = departure(tracks[i], camera, p) if reason == END_LOST else reason
        count = _end(tracks[i], ended, count, why)
    camera["tracks"] = 0
    return count


@jit
def pass_time(camera: Slot, tracks: Array, now: int, ended: Array, count: int, p: Slot) -> int:
    """Bring every track to the look at `now` (ms); gives how many `ended` holds.

    Up to `coast_ms` after the last look, objects are predicted. After it, what moved has gone somewhere unknown and
    ends; what stood still is held where it was, its speed unknown again. After `blind_ms` everything ends.
    """
    gap = now - camera["looked_at"]
    if gap > p["blind_ms"]:
        return end_all(camera, tracks, ended, count, END_LOST, p)
    if gap <= p["coast_ms"]:
        for i in range(camera["tracks"]):
            kalman.predict(tracks[i], gap / 1000.0, p["acceleration"], p["smallest"])
        return count
    kept = 0
    for i in range(camera["tracks"]):
        track = tracks[i]
        limit = p["still_speed"] * max(track["w"], track["h"])
        if track["vx"] * track["vx"] + track["vy"] * track["vy"] > limit * limit:
            count = _end(track, ended, count, departure(track, camera, p))
        else:
            kalman.begin(track, track["cx"], track["cy"], track["w"], track["h"], p["jitter"], p["initial_speed"])
            if kept != i:
                tracks[kept] = tracks[i]
            kept += 1
    camera["tracks"] = kept
    return count


@jit
def forget(camera: Slot, tracks: Array, boxes: Array, places: Array, ended: Array, count: int, p: Slot) -> int:
    """End the tracks that found no box in this look and none for `forget_ms` watched; gives how many `ended` holds.

    A track always gets one look, however slow the sampling. `places[i]["box_of_track"]` moves along with its track.
    """
    kept = 0
    for i in range(camera["tracks"]):
        box = places[i]["box_of_track"]
        if box == -1 and camera["watched"] - tracks[i]["seen_watched"] > p["forget_ms"]:
            count = _end(tracks[i], ended, count, departure(tracks[i], camera, p))
        elif tracks[i]["riding"] > p["merge_ms"]:
            count = _end(tracks[i], ended, count, END_DUPLICATE)
            boxes[box]["track"] = DOUBLE
        else:
            if kept != i:
                tracks[kept] = tracks[i]
                places[kept]["box_of_track"] = box
            kept += 1
    camera["tracks"] = kept
    return count


@jit
def departure(track: Slot, camera: Slot, p: Slot) -> int:
    """END_LEFT if the prediction has its centre outside the image, or crosses its border on the way out."""
    width = float(camera["width"])
    height = float(camera["height"])
    if width == 0.0:
        return END_LOST
    if track["cx"] < 0.0 or track["cx"] > width or track["cy"] < 0.0 or track["cy"] > height:
        return END_LEFT
    fast = p["still_speed"] * max(track["w"], track["h"])
    half_width = track["w"] / 2.0
    half_height = track["h"] / 2.0
    if (
        (track["vx"] < -fast and track["cx"] < half_width)
        or (track["vx"] > fast and track["cx"] > width - half_width)
        or (track["vy"] < -fast and track["cy"] < half_height)
        or (track["vy"] > fast and track["cy"] > height - half_height)
    ):
        return END_LEFT
    return END_LOST


@jit
def _end(track: Slot, ended: Array, count: int, reason: int) -> int:
    ended[count]["track_id"] = track["id"]
    ended[count]["seen_at"] = track["seen_at"]
    ended[count]["reason"] = reason
    return count + 1
