"""The truth of templates over a zone as a whole: how many, how close together, how fast, on the ground.

As in `expected`, each definition is asked twice: with room to spare, and within the tolerance.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_scene.evaluation.episodes import Expected
from vigie_scene.evaluation.ground_truth import TRUTH_HZ, Floats, Mask, Observed, depth_in, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_scene.evaluation.expected import Asked

KEEP_OPEN_S: Final = 10.0
OUTSIDE_M: Final = 0.8
CAME_M: Final = 5.0
"""A vehicle that never goes farther is parked."""

EVERY: Final = 5
"""Groups and queues are looked at once in so many samples: once a second."""


def gathering(observed: Observed, asked: Asked) -> Iterator[Expected]:
    """Surely: `people`, each within 0.8 × `link` of another and slower than `slower`, for `for` + 3 s.

    Between: three quarters of `people` within 1.4 × `link` and twice as fast, for 0.75 × `for`.
    """
    people, link, slower = (asked.numbers[name] for name in ("people", "link_m", "slower_mps"))
    times = _clock(observed)[::EVERY]
    tight, loose = np.zeros(len(times), dtype=bool), np.zeros(len(times), dtype=bool)
    for k, (feet, speeds, depths) in enumerate(_frames(observed, asked, EVERY)):
        sure, perhaps = (speeds < slower) & (depths >= 0), (speeds < 2 * slower) & (depths >= -OUTSIDE_M)
        tight[k] = int(sure.sum()) >= people and _largest(feet[sure], 0.8 * link) >= people
        loose[k] = int(perhaps.sum()) >= 0.75 * people and _largest(feet[perhaps], 1.4 * link) >= 0.75 * people
    yield from _episodes(tight, loose, times, asked.for_s)


def _largest(feet: Floats, link: float) -> int:
    """How many are in the largest group, single linkage."""
    near = np.hypot(*(feet[:, None] - feet[None]).transpose(2, 0, 1)) < link
    reached, best, left = np.zeros(len(feet), dtype=bool), 0, np.ones(len(feet), dtype=bool)
    while left.any():
        reached[:] = False
        reached[int(left.argmax())] = True
        while True:
            further = near[reached].any(axis=0)
            if (further == reached).all():
                break
            reached = further | reached
        best, left = max(best, int(reached.sum())), left & ~reached
    return best


def density(observed: Observed, asked: Asked) -> Iterator[Expected]:
    """Surely: truly twice `enter` a square metre, since people hide each other, for `for` + 3 s. Between: 0.9 × it."""
    times = _clock(observed)[::EVERY]
    area = _square_metres(observed, asked)
    held = [(d >= 0).sum() / area for _, _, d in _frames(observed, asked, EVERY)]
    round_it = [(d >= -OUTSIDE_M).sum() / area for _, _, d in _frames(observed, asked, EVERY)]
    enter = asked.numbers["enter"]
    yield from _episodes(np.array(held) >= 2 * enter, np.array(round_it) >= 0.9 * enter, times, asked.for_s)


def crowd_movement(observed: Observed, asked: Asked) -> Iterator[Expected]:
    """Surely: 1.25 × `people` at a median of 1.2 × `faster`, for `for`. Between: 0.7 × of both, for a moment.

    What is usual there is a stroll, half as fast as `faster`, so that `times` follows.
    """
    people, faster = asked.numbers["people"], asked.numbers["faster_mps"]
    tight, loose = [], []
    for _, speeds, depths in _frames(observed, asked, 1):
        here, about = speeds[depths >= 0], speeds[depths >= -OUTSIDE_M]
        tight.append(len(here) >= 1.25 * people and float(np.median(here)) >= 1.2 * faster)
        loose.append(len(about) >= 0.7 * people and float(np.median(about)) >= 0.7 * faster)
    yield from _episodes(np.array(tight), np.array(loose), _clock(observed), asked.for_s, spare_s=0.0, gap_s=0.0)


def congestion(observed: Observed, asked: Asked) -> Iterator[Expected]:
    """Surely: `vehicles` + 1 in the zone at a median below 0.7 × `slow` of free flow, for `for` + 5 s.

    Between: `vehicles` - 1 at a median below 1.5 × `slow`, for 0.75 × `for`. Free flow is the lane's own speed.
    Who never moved is parked.
    """
    vehicles, slow = asked.numbers["vehicles"], asked.numbers["slow_fraction"]
    free = max(lane.speed_mps for lane in observed.scene.ground.lanes.values())
    tight, loose = [], []
    for _, speeds, depths in _frames(observed, asked, EVERY, CAME_M):
        here, about = speeds[depths >= 0], speeds[depths >= -OUTSIDE_M]
        tight.append(len(here) >= vehicles + 1 and float(np.median(here)) < 0.7 * slow * free)
        loose.append(len(about) >= vehicles - 1 and float(np.median(about)) < 1.5 * slow * free)
    times = _clock(observed)[::EVERY]
    yield from _episodes(np.array(tight), np.array(loose), times, asked.for_s, spare_s=5.0)


def _clock(observed: Observed) -> Floats:
    return np.arange(round(observed.scene.duration_s * TRUTH_HZ)) / TRUTH_HZ


def _frames(
    observed: Observed, asked: Asked, every: int, travelled_m: float = 0.0
) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Feet, speeds and depths in the zone of those of the wanted classes, one sample in `every`.

    Who never goes as far as `travelled_m` is left out.
    """
    paths = [
        path for path in observed.paths if path.kind in asked.classes and np.ptp(path.foot, axis=0).max() >= travelled_m
    ]
    area = observed.scene.ground.zones[asked.place] if asked.place else None
    count = len(_clock(observed)[::every])
    if not paths:
        yield from ((np.zeros((0, 2)), np.zeros(0), np.zeros(0)) for _ in range(count))
        return
    frame = np.concatenate([np.round(path.times * TRUTH_HZ).astype(np.int64) for path in paths])
    feet, speeds = np.concatenate([path.foot for path in paths]), np.concatenate([path.speed for path in paths])
    depths = depth_in(area, feet) if area is not None else np.full(len(feet), np.inf)
    kept = (depths >= -OUTSIDE_M) & (frame % every == 0)
    order = np.flatnonzero(kept)[np.argsort(frame[kept], kind="stable")]
    bounds = np.searchsorted(frame[order], np.arange(count + 1) * every)
    for a, b in pairwise(bounds.tolist()):
        rows = order[a:b]
        yield feet[rows], speeds[rows], depths[rows]


def _square_metres(observed: Observed, asked: Asked) -> float:
    corners = np.array(observed.scene.ground.zones[asked.place])
    x, y = corners.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _episodes(
    tight: Mask, loose: Mask, times: Floats, for_s: float, spare_s: float = 3.0, gap_s: float = 2.0
) -> Iterator[Expected]:
    sure = [(a, b) for a, b in runs_of(tight, times, gap_s) if times[b] - times[a] >= for_s + spare_s]
    for first, last in runs_of(loose | tight, times, KEEP_OPEN_S):
        inside = [(a, b) for a, b in sure if first <= a <= last]
        if not inside and times[last] - times[first] < 0.75 * for_s:
            continue
        begins = times[inside[0][0]] if inside else times[first]
        yield Expected(float(times[first]), float(begins) + for_s, float(times[last]), bool(inside))


def runs_of(mask: Mask, times: Floats, gap_s: float) -> Iterator[tuple[int, int]]:
    """As `runs`, for a clock of its own step."""
    step = float(times[1] - times[0]) if len(times) > 1 else 0.0
    yield from runs(mask, times, max(gap_s, step))
