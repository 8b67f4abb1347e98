"""What MOTA counts, as MOTChallenge counts it: matches frame by frame, switches, interruptions.

Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance", EURASIP JIVP 2008, with the matching of
MOTChallenge's own program: pairs that were matched in the frame before come first, then the greatest sum of overlaps.
`motrics` also has these counts, but keeps a pair over frames without a match, which counts fewer switches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vigie_tracking.assignment import assign
from vigie_tracking.layout import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigie_scene.evaluation.mot_text import TrackedBoxes

    Floats = npt.NDArray[np.float64]

_KEPT: Final = 1000.0
"""Worth of a pair of the frame before, next to an overlap of at most 1."""


@dataclass(frozen=True, slots=True)
class Clear:
    """The counts of one sequence."""

    matches: int
    switches: int
    fragments: int
    mostly_tracked: int
    mostly_lost: int
    overlap: float
    """Sum over the matches."""


@dataclass(slots=True)
class _Course:
    """What became of one object so far."""

    frames: int = 0
    matched: int = 0
    begun: int = 0
    """Stretches of matched frames."""
    last: int | None = None
    """The id that it had last."""


def clear(truth: TrackedBoxes, result: TrackedBoxes, frames: Iterable[int], iou: float) -> Clear:
    """Match the boxes of each frame at an overlap of `iou` or more."""
    courses: dict[int, _Course] = {}
    before: dict[int, int] = {}
    switches, overlap = 0, 0.0
    for frame in frames:
        mine = slice(*np.searchsorted(truth.frame, [frame, frame + 1]))
        theirs = slice(*np.searchsorted(result.frame, [frame, frame + 1]))
        objects, tracks = truth.identity[mine].tolist(), result.identity[theirs].tolist()
        for one in objects:
            courses.setdefault(one, _Course()).frames += 1
        if not objects or not tracks:  # MOTChallenge's program remembers the frame before it then
            continue
        shared = overlaps(truth.box[mine], result.box[theirs])
        kept = np.array([[before.get(one) == track for track in tracks] for one in objects])
        worth = np.where(shared >= iou - np.finfo(float).eps, _KEPT * kept + shared, 0.0)
        now: dict[int, int] = {}
        for a, b in _best(worth):
            course = courses[objects[a]]
            course.matched += 1
            course.begun += objects[a] not in before
            switches += course.last is not None and course.last != tracks[b]
            course.last = now[objects[a]] = tracks[b]
            overlap += float(shared[a, b])
        before = now
    shares = [course.matched / course.frames for course in courses.values()]
    return Clear(
        matches=sum(course.matched for course in courses.values()),
        switches=switches,
        fragments=sum(max(0, course.begun - 1) for course in courses.values()),
        mostly_tracked=sum(share > 0.8 for share in shares),
        mostly_lost=sum(share < 0.2 for share in shares),
        overlap=overlap,
    )


def overlaps(a: Floats, b: Floats) -> Floats:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4), x1 y1 x2 y2."""
    first, second = a[:, None, :], b[None, :, :]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.maximum(sides, 0).prod(axis=2)
    areas = [(box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (first, second)]
    return np.asarray(shared / (areas[0] + areas[1] - shared))


def _best(worth: Floats) -> list[tuple[int, int]]:
    """The pairs of the greatest total worth, those of no worth left out."""
    turned = worth.T if worth.shape[0] > worth.shape[1] else worth
    places = np.zeros(max(turned.shape), PLACE)
    assign(np.ascontiguousarray(-turned), turned.shape[0], turned.shape[1], places)
    pairs = list(enumerate(places["column_of_row"][: len(turned)].tolist()))
    if turned is not worth:
        pairs = [(b, a) for a, b in pairs]
    return sorted((a, b) for a, b in pairs if worth[a, b] > 0)
