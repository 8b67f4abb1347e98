"""Which frames to give up when Triton cannot keep up, so that every camera bears its part. Pure: event time only.

Random early detection (Floyd and Jacobson 1993) by age instead of queue length, and per camera instead of at random:
up to a certain age nothing is shed, from there the kept share falls in a straight line to nothing (`affordable`). So
the age settles where what is kept is what Triton can do. What is kept is shared out by weighted max-min fairness
(Bertsekas and Gallager, Data Networks, section 6.5.2): a camera's weight is its rate, so that all lose the same share,
but no more than FLOOD times the median rate, so that a camera that floods loses the rest alone. Each camera's kept
frames are spread evenly over its frames, and what a camera did not get of its share it is owed: nobody starves.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FROM: Final = 0.8
"""Share of the edge from which frames are shed: of 20 s, 15 s while Triton is quick. Below lies any one restart."""
TO: Final = 0.95
"""Share of the greatest age by which a frame has to have had its turn."""
FLOOD: Final = 4.0
"""A camera of more than so many times the median rate counts as one of so many times."""
SMOOTH_MS: Final = 10_000
"""Time constant of a camera's rate."""
FORGET_MS: Final = 60_000
"""A camera silent for so long no longer counts."""
MARGIN: Final = 0.9
"""Share of the measured rate that is planned with."""


class Pace(NamedTuple):
    """How a partition has been getting on with its batches."""

    took_s: float = 0.0
    """From a batch's start to its end."""
    rate: float = math.inf
    """Frames a second that it can get through."""

    def after(self, kept: int, in_time: int, took_s: float, at_once: int) -> Pace:
        """The pace once a batch took so long, of whose `kept` frames `in_time` had their turn before they were too old.

        `at_once`: so many would not have taken longer; 0 when others wait for Triton too.
        """
        if not kept or took_s <= 0:
            return self
        rate = (max(kept, at_once) if in_time == kept else in_time) / took_s
        return Pace((self.took_s + took_s) / 2, rate if math.isinf(self.rate) else (self.rate + rate) / 2)


@dataclass(slots=True)
class _Camera:
    since_ms: int
    at_ms: int
    """When its first and its last frame were appended."""
    sum: float = 1000 / SMOOTH_MS
    """Its frames, each decayed since, over the time constant."""
    credit: float = 0.0
    """Frames of it that are still to be kept; below 0 when it had one early."""

    def rate(self) -> float:
        """Frames a second, not too low for a camera that has just come."""
        seen_ms = max(1000, self.at_ms - self.since_ms)
        return self.sum / (1 - math.exp(-seen_ms / SMOOTH_MS))


class Fairness:
    """The rates of the cameras that this worker sees, and their shares."""

    def __init__(self) -> None:
        self._cameras: dict[str, _Camera] = {}
        self._left_over: dict[int, float] = {}
        self._cap = math.inf
        self._capped_at_ms = -FORGET_MS

    def saw(self, camera: str, at_ms: int) -> None:
        """A frame of the camera was appended at `at_ms`."""
        known = self._cameras.get(camera)
        if known is None:
            self._cameras[camera] = _Camera(at_ms, at_ms)
        else:
            passed_ms = max(0, at_ms - known.at_ms)
            known.sum = known.sum * math.exp(-passed_ms / SMOOTH_MS) + 1000 / SMOOTH_MS
            known.at_ms = max(at_ms, known.at_ms)
        if at_ms - self._capped_at_ms >= 1000:
            self._capped_at_ms = at_ms
            self._cameras = {n: c for n, c in self._cameras.items() if at_ms - c.at_ms <= FORGET_MS}
            self._cap = FLOOD * median_low(c.rate() for c in self._cameras.values())

    def weight(self, camera: str) -> float:
        """The camera's share: its rate, capped."""
        known = self._cameras.get(camera)
        return min(known.rate() if known is not None else 1.0, self._cap)

    def keep(self, partition: int, cameras: Sequence[str], age_s: float, max_age_s: float, pace: Pace) -> list[bool]:
        """Which of a partition's next frames, given by their cameras in order, are to be looked at.

        `age_s`: of the youngest, by how much the partition is behind; `pace`: how the partition has been getting
        on. `max_age_s` 0: all of them.
        """
        budget = affordable(len(cameras), age_s, max_age_s, pace)
        if budget >= len(cameras):
            return [True] * len(cameras)
        counts = Counter(cameras)
        shares = allot(counts, {camera: self.weight(camera) for camera in counts}, budget)
        due = self._left_over.get(partition, 0.0) + budget
        self._left_over[partition] = due % 1
        for name, share in shares.items():
            self._cameras.setdefault(name, _Camera(self._capped_at_ms, self._capped_at_ms)).credit += share
        taken = self._take(int(due), counts)
        place: Counter[str] = Counter()
        kept = []
        for name in cameras:
            here, wanted, there = place[name], taken[name], counts[name]
            place[name] += 1
            kept.append((here + 1) * wanted // there > here * wanted // there)
        return kept

    def _take(self, due: int, counts: Mapping[str, int]) -> Counter[str]:
        """How many frames of each camera: one after another to the camera that is owed most."""
        taken: Counter[str] = Counter()
        owed = [(-self._cameras[name].credit, name) for name in counts]
        heapq.heapify(owed)
        while due and owed:
            _, name = heapq.heappop(owed)
            camera = self._cameras[name]
            camera.credit -= 1
            taken[name] += 1
            due -= 1
            if taken[name] < counts[name]:
                heapq.heappush(owed, (-camera.credit, name))
        return taken


def affordable(frames: int, age_s: float, max_age_s: float, pace: Pace) -> float:
    """How many of `frames` waiting frames, the youngest of `age_s`, can be looked at before they are too old.

    At `edge` nothing can: a frame of that age is too old when its turn has come. However slow Triton is, the edge is
    no nearer than half of the greatest age, so that there is always a try.
    """
    if not max_age_s:
        return frames
    edge = max_age_s * TO - min(pace.took_s, max_age_s / 2)
    slope = min(1.0, (edge - age_s) / (edge * (1 - FROM)))
    in_time = pace.rate * MARGIN * (max_age_s * TO - age_s)
    return max(0.0, min(frames * slope, max(1.0, in_time)))


def allot(counts: Mapping[str, int], weights: Mapping[str, float], budget: float) -> dict[str, float]:
    """Weighted max-min shares of `budget`, none above its count; they sum to the smaller of budget and all counts."""
    shares: dict[str, float] = {}
    left, weight = budget, sum(weights.values())
    for camera in sorted(counts, key=lambda each: (counts[each] / weights[each], each)):
        shares[camera] = min(float(counts[camera]), left * weights[camera] / weight) if weight > 0 else 0.0
        left -= shares[camera]
        weight -= weights[camera]
    return shares
