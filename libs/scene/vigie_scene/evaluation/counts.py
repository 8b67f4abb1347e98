"""How far counts are from the truth: error, absolute error by window, coverage, classes taken for others.

A figure is set beside its truth, window by window; `CountTally` adds them up. The error is that of the sum, signed: a
bias. The absolute error of the windows (WAPE, Σ|found - true| ÷ Σ true) does not let a miss here make up for a double
there. Windows of one camera-hour share their street and their camera, so the interval of the error takes the
camera-hours as its sample: the ratio estimator of W. G. Cochran, Sampling Techniques, 3rd ed. (1977), section 6.4.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Final

from vigie_scene.evaluation.intervals import Interval, Z, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_OBJECTS: Final = 100
"""Of fewer true objects an error in per cent says too little: one of them is more than 1 %."""

FEWEST_WINDOWS: Final = 8
"""Nor does it of fewer windows."""

FEWEST_UNITS: Final = 5
"""Of fewer camera-hours (or days that somebody counted) the spread is not known: no interval."""

NEAR_S: Final = 5.0
"""A told crossing is that of a true one if they are so close: who goes slowly, far away, is as long over it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure beside its truth."""

    unit: str
    """Of the sample: camera and hour, or camera and day."""
    true: float
    found: float
    """As published: what was seen."""
    corrected: float | None = None
    """As published, for the time that was not watched; None: not for this measure, or watched too little."""
    low: float | None = None
    high: float | None = None
    """The published band; None: there is none."""
    coverage: float | None = None
    """0..1 as published; None: not known."""


@dataclass(frozen=True, slots=True)
class CountTally:
    """Figures beside their truths; tallies add."""

    figures: tuple[Compared, ...] = field(default=())
    objects: bool = True
    """The truth is a number of objects, of which there may be too few."""

    def __add__(self, other: CountTally) -> CountTally:
        """Both."""
        return CountTally(self.figures + other.figures, self.objects)

    @property
    def windows(self) -> int:
        """How many were compared."""
        return len(self.figures)

    @property
    def true(self) -> float:
        """Sum of the truth."""
        return sum(one.true for one in self.figures)

    @property
    def found(self) -> float:
        """Sum of what was told."""
        return sum(one.found for one in self.figures)

    @property
    def error(self) -> float | None:
        """(found - true) ÷ true of the sums; None: nothing was there."""
        return (self.found - self.true) / self.true if self.true else None

    @property
    def corrected_error(self) -> float | None:
        """The same of the corrected figures, of the windows that have one."""
        known = [(one.true, one.corrected) for one in self.figures if one.corrected is not None]
        true = sum(t for t, _ in known)
        return (sum(c for _, c in known) - true) / true if true else None

    @property
    def wape(self) -> float | None:
        """Σ|found - true| ÷ Σ true."""
        return sum(abs(one.found - one.true) for one in self.figures) / self.true if self.true else None

    @property
    def error_interval(self) -> Interval | None:
        """95 %, between camera-hours; None: fewer than FEWEST_UNITS of them, or nothing was there."""
        sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for one in self.figures:
            sums[one.unit][0] += one.true
            sums[one.unit][1] += one.found
        units, error = len(sums), self.error
        if units < FEWEST_UNITS or error is None:
            return None
        rests = sum((found - (1 + error) * true) ** 2 for true, found in sums.values())
        half = student(units - 1) * sqrt(units / (units - 1) * rests) / self.true
        return error - half, error + half

    @property
    def coverage(self) -> float | None:
        """Mean of those that are known."""
        known = [one.coverage for one in self.figures if one.coverage is not None]
        return sum(known) / len(known) if known else None

    @property
    def in_band(self) -> tuple[int, int]:
        """How many windows' bands hold the truth, of how many that have a band."""
        held = [one.low <= one.true <= one.high for one in self.figures if one.low is not None and one.high is not None]
        return sum(held), len(held)

    @property
    def in_band_interval(self) -> Interval:
        """95 % of that share."""
        return wilson(*self.in_band)

    @property
    def insufficient(self) -> tuple[str, ...]:
        """What there is too little of to say much."""
        reasons = []
        if self.objects and self.true < FEWEST_OBJECTS:
            reasons.append(f"fewer than {FEWEST_OBJECTS} objects")
        if self.windows < FEWEST_WINDOWS:
            reasons.append(f"fewer than {FEWEST_WINDOWS} windows")
        return tuple(reasons)


def student(freedom: int) -> float:
    """97.5 % quantile of Student's t, by the expansion of Abramowitz and Stegun 26.7.5; within 0.1 % from 5 degrees on.

    Args:
        freedom: degrees of freedom, 4 or more.
    """
    z, v = Z, float(freedom)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / v**k for k, term in enumerate(terms))


@dataclass(frozen=True, slots=True)
class Crossing:
    """Somebody or something passes a line."""

    at_s: float
    object_class: str
    direction: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """Which crossings are which: true ones in rows, told ones in columns; confusions add."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By true and told class."""
    missed: Counter[str] = field(default_factory=Counter)
    """By true class."""
    false: Counter[str] = field(default_factory=Counter)
    """By told class: doubles, and what nobody did."""

    def __add__(self, other: Confusion) -> Confusion:
        """Both."""
        return Confusion(self.pairs + other.pairs, self.missed + other.missed, self.false + other.false)

    def right(self, object_class: str) -> tuple[int, int]:
        """How many of a class that were told were told as what they are, of how many."""
        told = {is_told: n for (is_true, is_told), n in self.pairs.items() if is_true == object_class}
        return told.get(object_class, 0), sum(told.values())


def confusion(true: Sequence[Crossing], told: Sequence[Crossing]) -> Confusion:
    """Pair crossings of one line one to one, within NEAR_S and of one direction: same class first, then the nearest."""
    near = sorted(
        (one.object_class != other.object_class, abs(one.at_s - other.at_s), i, j)
        for i, one in enumerate(true)
        for j, other in enumerate(told)
        if one.direction == other.direction and abs(one.at_s - other.at_s) <= NEAR_S
    )
    free, found = set(range(len(true))), set(range(len(told)))
    pairs: Counter[tuple[str, str]] = Counter()
    for _, _, i, j in near:
        if i in free and j in found:
            free.remove(i)
            found.remove(j)
            pairs[true[i].object_class, told[j].object_class] += 1
    return Confusion(pairs, Counter(true[i].object_class for i in free), Counter(told[j].object_class for j in found))
