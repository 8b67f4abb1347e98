"""Which class of its group a track is: a vote of the detections, by score, that fades."""

from __future__ import annotations

from vigie_tracking.compiled import jit
from vigie_tracking.layout import CLASS_IN_GROUP, PLACE_IN_GROUP, VOTES, Slot


@jit
def cast_vote(track: Slot, object_class: int, score: float, elapsed_s: float, memory_s: float, margin: float) -> None:
    """Fade the old votes by `elapsed_s`, add `score` for the class and let the winner be the track's class.

    Another class wins with more than `margin` times the votes of the present one. Votes fade as
    memory / (memory + elapsed): no exponential, whose last bit depends on the machine's library.
    """
    votes = track["votes"]
    fade = memory_s / (memory_s + elapsed_s)
    for place in range(VOTES):
        votes[place] *= fade
    votes[PLACE_IN_GROUP[object_class]] += score
    best = 0
    for place in range(1, VOTES):
        if votes[place] > votes[best]:
            best = place
    if votes[best] > margin * votes[PLACE_IN_GROUP[track["object_class"]]]:
        track["object_class"] = CLASS_IN_GROUP[track["group"], best]


@jit
def first_vote(track: Slot, object_class: int, score: float) -> None:
    """Begin with one vote."""
    votes = track["votes"]
    for place in range(VOTES):
        votes[place] = 0.0
    votes[PLACE_IN_GROUP[object_class]] = score
    track["object_class"] = object_class
