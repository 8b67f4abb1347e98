"""What a real detector does wrong, as data.

Measured: YOLOX-nano on a clip of a real street with hand-made truth, at score 0.3 and more, 795 frames about 0.14 s
apart, in good light; so it is optimistic. Every constant says whether it was measured there, derived from what was, or
assumed because nothing was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vigie_common.taxonomy import ObjectClass as C

if TYPE_CHECKING:
    from collections.abc import Mapping

OCCLUSION_BANDS: Final = np.array([0.05, 0.25, 0.50, 0.75])
"""Upper ends of the bands of hidden share: ≤ 5, 5–25, 25–50, 50–75, > 75 %."""

HEIGHT_BANDS: Final = np.array([30.0, 60.0, 75.0, 90.0])
"""Upper ends of the bands of box height, pixels."""

MISS: Final = np.array(
    [
        [0.40, 0.55, 0.75, 0.90, 0.97],  # < 30 px: assumed
        [0.08, 0.22, 0.42, 0.78, 0.88],  # 30 to 60 px: assumed
        [0.02, 0.15, 0.33, 0.72, 0.81],  # 60 to 75 px: measured
        [0.08, 0.11, 0.33, 0.70, 0.81],  # 75 to 90 px: measured; the last from the row above
        [0.01, 0.06, 0.33, 0.70, 0.81],  # ≥ 90 px: two measured; the rest from the row above
    ]
)
"""Share of frames in which an object is missed, by box height (rows) and hidden share (columns)."""

MISS_S: Final = 0.4
"""Two-state chain: time constant of its forgetting. Derived: P(miss again) .70 at 0.14 s, .44 at 0.43 s."""

PLACE_FACTORS: Final = np.array([16.5, 8.0, 5.0, 3.0] + [0.352] * 44)
"""Unoccluded misses in the cells of an 8 × 6 grid over the image, in proportion, mean 1: up to 33 % in one
cell, mostly near 0. Derived. Which cell has which is drawn for each scene; `open_misses` makes shares of them."""

PLACE_GRID: Final = (6, 8)
"""Rows, columns."""

WORST_PLACE: Final = 0.33
"""Share of unoccluded misses in the worst cell. Measured: no cell has more. (Those under 30 px are assumed
to be missed more often, everywhere.)"""


def open_misses(factors: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64]:
    """(rows, columns, heights) share of frames in which an object in the open is missed.

    In no cell more than WORST_PLACE, and over the cells of the map each height keeps its mean, both as measured. A
    height whose mean is above that is missed so often everywhere.

    Args:
        factors: (rows, columns) PLACE_FACTORS in some order; None: no place is worse than another.
    """
    clear = MISS[:, 0]
    if factors is None:
        return np.broadcast_to(clear, (*PLACE_GRID, len(clear))).copy()
    return np.ascontiguousarray(np.stack([_with_mean(mean, factors) for mean in clear], axis=-1))


def _with_mean(mean: float, factors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shares in proportion to the factors up to WORST_PLACE, with this mean over the map."""
    if mean >= WORST_PLACE:
        return np.full(factors.shape, mean)
    ordered = np.sort(factors.ravel())[::-1]
    full, rest = 0, ordered
    while rest[0] * (scale := (mean * len(ordered) - full * WORST_PLACE) / rest.sum()) > WORST_PLACE:
        full, rest = full + 1, rest[1:]
    shares: npt.NDArray[np.float64] = np.minimum(factors * scale, WORST_PLACE)
    return shares


LOW_SCORE_SHARE: Final = (9.1 - 7.2) / 9.1
"""Of what is missed at score 0.3, the share that is found at 0.1. Measured: missed 9.1 and 7.2 %."""

CENTRE_STD: Final = 0.046
"""Of the box's middle, in heights. Measured."""

FOOT_STD: Final = (0.039, 0.13, 0.175)
"""Of the bottom edge, in heights: hidden ≤ 5, 5–50, > 50 %. Measured."""

HEIGHT_STD: Final = (0.067, 0.13, 0.13)
"""Of the height, in heights, by the same bands. Two measured; the last from the one before."""

FOOT_BIAS: Final = 0.11
"""Downwards, in heights, when hidden by more than half. Measured."""

WIDTH_STD: Final = 0.176
"""Of a person's width, in widths. Measured."""

WIDTH_BIAS: Final = 0.13
"""By which a person's box is too wide. Measured."""

VEHICLE_WIDTH_STD: Final = 0.067
"""Of a moving vehicle's width. Assumed: as its height."""

JITTER_S: Final = 0.97
JITTER_KEPT: Final = 0.79
"""The share of the jitter's variance that lasts, AR(1), and its time constant; the rest is new in every frame.
Derived from the foot's autocorrelation: .68 at 0.14 s, .28 at 1 s, .13 at 2 s."""

STILL_VEHICLE_STD: Final = 0.006
"""Of the foot of a vehicle that stands, in heights; it is never missed in the open. Measured."""

STILL_MPS: Final = 0.15
"""Slower than this a vehicle stands."""

SCORE_AT: Final = np.array([0.0, 0.05, 0.50, 0.95, 1.0])
SCORE_CLEAR: Final = np.array([0.30, 0.61, 0.80, 0.86, 0.93])
SCORE_HIDDEN: Final = np.array([0.30, 0.36, 0.67, 0.82, 0.90])
SCORE_FALSE: Final = np.array([0.30, 0.31, 0.40, 0.62, 0.80])
SCORE_STANDING: Final = np.array([0.30, 0.36, 0.54, 0.70, 0.80])
"""Scores at quantiles, given that they are 0.3 or more. The clear 5, 50 and 95 %, the hidden 50 and 95 %, and the
standing median are measured; the rest is derived from the whole distribution (hidden p5 .11, false p50 .09,
p95 .58)."""

HIDDEN_FROM: Final = 0.5
"""Hidden share at which scores are those of half hidden objects."""

STANDING_FOUND: Final = 794 / 795
"""Share of frames with a box on street furniture that is taken for someone. Measured."""

STANDING_STD: Final = 0.033
"""Its jitter, in heights. Measured."""

FLICKER_PER_FRAME: Final = 0.15
"""Other false positives at score 0.3, a frame. Measured."""

FLICKER_LOW_PER_FRAME: Final = 0.34
"""And between 0.1 and 0.3. Derived from the false scores' p50 .09 and p95 .58, taken for log-normal."""

FLICKER_SHORTEST_S: Final = 0.07
FLICKER_LONGEST_S: Final = 11.5
"""They last u ↦ shortest / u seconds: median one frame of 0.14 s, longest 82 frames. Measured at both ends."""

FLICKER_CLASSES: Final[Mapping[C, float]] = {C.person: 0.7, C.car: 0.15, C.bicycle: 0.08, C.bag: 0.07}
"""What they are taken for. Assumed."""

BLIND_FROM_DEG: Final = 50.0
BLIND_AT_DEG: Final = 75.0
BLIND_FOUND: Final = 0.07
"""Share of frames in which vehicles are found from straight above: measured. The angles below the horizon from which
the detector begins to fail and has failed: assumed."""

LYING_MISS: Final = 0.5
"""Share of frames in which a lying person is missed, besides. Assumed: detectors know few of them."""

SEEN_AS: Final[Mapping[C, Mapping[C, float]]] = {
    C.van: {C.car: 0.65, C.truck: 0.35},
    C.truck: {C.truck: 0.92, C.bus: 0.04, C.car: 0.04},
    C.bus: {C.bus: 0.93, C.truck: 0.07},
    C.car: {C.car: 0.97, C.truck: 0.03},
    C.scooter: {C.motorcycle: 0.5, C.bicycle: 0.5},
    C.motorcycle: {C.motorcycle: 0.92, C.bicycle: 0.08},
    C.bicycle: {C.bicycle: 0.94, C.motorcycle: 0.06},
}
"""Class flicker: how often each class is called what; a detector of 80 common classes knows no van or scooter. That
vans are called both was measured; the shares
are assumed."""

CLASS_S: Final = 0.5
"""How long a class lasts before it is drawn again. Assumed."""

DOUBLE_SHARE: Final[Mapping[C, float]] = {C.van: 0.5, C.truck: 0.05}
"""Share of objects that have two boxes, one a class, in nearly every frame. That it happens to a van: measured; how
often: assumed."""

DOUBLE_FOUND: Final = 0.95
"""Share of frames with both boxes. Assumed."""

SMALLEST_PX: Final = 8.0
"""Boxes lower than this are never found. Assumed."""
