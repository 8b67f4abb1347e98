"""What a perfect counter would say of a scene: each measure's definition on the ground truth, never on detections.

Everybody counts, whether the camera could see them or not. Times are seconds of the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_common.taxonomy import CLASS_NAMES, CLASS_ORDINAL
from vigie_scene.evaluation.counts import Crossing
from vigie_scene.evaluation.expected import ON_LINE_M
from vigie_scene.evaluation.ground_truth import TRUTH_HZ, depth_in, runs
from vigie_scene.kernels.layout import RIDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_scene.evaluation.ground_truth import Floats, Observed, Path

STAY_S: Final = 1.0
"""Who is in a zone for so long was there: `stay` of unique_count, `for` of presence."""

AWAY_S: Final = 5.0
"""Who comes back sooner never left: `keep_open` of presence."""

CAME_M: Final = 5.0
"""A vehicle that never goes farther is parked."""

JAM_VEHICLES: Final = 4
JAM_SLOW: Final = 0.2
JAM_RECOVERS: Final = 0.3
JAM_S: Final = 60.0
JAM_OVER_S: Final = 10.0
"""The parameters of congestion, as they are unless an author says otherwise."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody in a zone."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Jam:
    """Vehicles of a zone that hardly move."""

    start_s: float
    end_s: float
    most: int
    """Vehicles at once."""


def crossings(observed: Observed, line: str) -> tuple[Crossing, ...]:
    """Every crossing of a line, of any class, by time; who rides a bicycle is part of it.

    From ON_LINE_M on one side to as much on the other, between the ends of the line; at the last change of side.
    """
    ends = observed.scene.ground.lines[line]
    start, end = np.array(ends.start), np.array(ends.end)
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    found: list[Crossing] = []
    for path in _seated(observed):
        offset = path.foot - start
        left = along[0] * offset[:, 1] - along[1] * offset[:, 0]
        sure = np.flatnonzero(np.abs(left) >= ON_LINE_M)
        for a, b in pairwise(sure.tolist()):
            if (left[a] > 0) == (left[b] > 0):
                continue
            k = int(max(i for i in range(a, b) if (left[i] > 0) != (left[i + 1] > 0)))
            share = left[k] / (left[k] - left[k + 1])
            station = float((offset[k] + share * (offset[k + 1] - offset[k])) @ along)
            if 0.0 <= station <= length:
                at = float(path.times[k] + share * (path.times[k + 1] - path.times[k]))
                found.append(Crossing(at, CLASS_NAMES[path.kind], "in" if left[a] > 0 else "out"))
    return tuple(sorted(found, key=lambda one: one.at_s))


def _seated(observed: Observed) -> Iterator[Path]:
    """Everybody but those who ride a two-wheeler: they are part of it."""
    riders = {entity.name for entity in observed.world.entities if entity.mode == RIDER}
    return (path for path in observed.paths if path.name not in riders)


class ZoneTruth:
    """One zone and the classes that are counted in it.

    Args:
        observed: the scene as it was.
        zone: of its ground plan.
        classes: names of the taxonomy.
    """

    def __init__(self, observed: Observed, zone: str, classes: tuple[str, ...]) -> None:
        wanted = {CLASS_ORDINAL[name] for name in classes}
        self._observed = observed
        self._paths = [path for path in _seated(observed) if path.kind in wanted]
        self._area = observed.scene.ground.zones[zone]
        self._inside = [depth_in(self._area, path.foot) >= 0 for path in self._paths]

    def _counts(self) -> Floats:
        """How many are inside, TRUTH_HZ times a second."""
        counts = np.zeros(round(self._observed.scene.duration_s * TRUTH_HZ) + 1)
        for path, within in zip(self._paths, self._inside, strict=True):
            counts[np.round(path.times[within] * TRUTH_HZ).astype(int)] += 1
        return counts

    def occupancy(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Mean over time and the most at once."""
        counts = self._counts()[round(start_s * TRUTH_HZ) : round(end_s * TRUTH_HZ)]
        return float(counts.mean()), float(counts.max())

    def came(self) -> list[float]:
        """When each object had been inside for STAY_S for the first time."""
        return sorted(min(stay.start_s for stay in stays) + STAY_S for stays in self._stays() if stays)

    def stays(self) -> list[Stay]:
        """All stays of at least STAY_S."""
        return [stay for stays in self._stays() for stay in stays]

    def _stays(self) -> Iterator[list[Stay]]:
        for path, within in zip(self._paths, self._inside, strict=True):
            found = [
                Stay(float(path.times[a]), float(path.times[b])) for a, b in runs(within, path.times, gap_s=AWAY_S)
            ]
            yield [stay for stay in found if stay.end_s - stay.start_s >= STAY_S]

    def jams(self) -> list[Jam]:
        """When JAM_VEHICLES are inside and the median of their speeds is below JAM_SLOW of free flow, for JAM_S.

        It is over above JAM_RECOVERS, or with fewer than half of them, for JAM_OVER_S. Free flow is the lane's own
        speed; vehicles that never move are parked.
        """
        free = max(lane.speed_mps for lane in self._observed.scene.ground.lanes.values())
        count = round(self._observed.scene.duration_s) + 1
        speeds: list[list[float]] = [[] for _ in range(count)]
        for path, within in zip(self._paths, self._inside, strict=True):
            if np.ptp(path.foot, axis=0).max() < CAME_M:
                continue
            frames = np.round(path.times * TRUTH_HZ).astype(int)
            for row in np.flatnonzero(within & (frames % round(TRUTH_HZ) == 0)):
                speeds[frames[row] // round(TRUTH_HZ)].append(float(path.speed[row]))
        jams: list[Jam] = []
        since = last = -1
        for second, here in enumerate([*speeds, []]):
            pace = median(here) / free if here else 1.0
            on = len(here) >= JAM_VEHICLES and pace < JAM_SLOW
            held = since >= 0 and len(here) >= 0.5 * JAM_VEHICLES and pace < JAM_RECOVERS
            if on or held:
                since, last = (second if since < 0 else since), second
            elif since >= 0 and (second - last > JAM_OVER_S or second == count):
                if last - since >= JAM_S:
                    most = max(len(speeds[k]) for k in range(since, last + 1))
                    jams.append(Jam(float(since), float(last), most))
                since = -1
        return jams
