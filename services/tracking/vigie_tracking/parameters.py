"""The thresholds of tracking: what each means, and its default."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from vigie_tracking.layout import Array


@dataclass(frozen=True, slots=True)
class Parameters:
    """Thresholds of the tracker. Lengths are shares of a box, times are event time: they hold at any frame rate.

    Two workers of one deployment must have the same: outputs are a function of the input and of these.
    """

    high_score: float = 0.4
    """Boxes from this score on are matched first, by plain overlap."""
    low_score: float = 0.1
    """Boxes from this score on may continue a track that found no better one; those below are never looked at."""
    birth_score: float = 0.55
    """An unmatched box from this score on begins a track."""
    first_iou: float = 0.1
    """Least IoU of a predicted and a detected box in the first stage."""
    second_iou: float = 0.1
    """Least IoU in the second stage, with both boxes grown by `buffer`."""
    buffer: float = 0.3
    """Margin on every side in the second stage, in sizes of each box."""
    gate: float = 4.0
    """In both of these stages a box is no farther from the prediction than this many standard deviations of the two:
    who stands beside somebody hidden does not take their box over."""
    gate_way: float = 0.5
    """… plus this share of the way that the track has made unseen."""
    newborn_speed: float = 3.0
    """How far a track seen once, in the look before, may be from its second box: this many mean sizes a second."""
    newborn_slack: float = 0.3
    """… plus this many sizes of the box."""
    newborn_area_ratio: float = 2.5
    """… if neither box has more than this many times the other's area."""
    reach: float = 4.0
    """How far from its prediction a known track that was seen in the look before may be found: this many standard
    deviations of the predicted centre; the same area ratio holds."""
    duplicate_iou: float = 0.7
    """A box that overlaps a tracked one of its class group this much begins no track: it is the same object twice."""
    double_iou: float = 0.6
    """Two boxes of one class group, but of different classes, that overlap this much are one object seen twice …"""
    own_iou: float = 0.5
    """… unless each of them overlaps the prediction of a track of its own this much."""
    part_share: float = 0.9
    """A box begins no track either if it lies within a tracked one of its class group by this share of its area …"""
    part_width: float = 0.8
    """… and is at least this share as wide: half a body or a bonnet, but no child before an adult."""
    merge_ms: float = 1500.0
    """A track whose boxes double an older one's, at its speed, for longer than this much watched time ends."""
    acceleration: float = 0.25
    """How much a speed changes by itself within a second: standard deviation, largest sides a second."""
    jitter: float = 0.08
    """Standard deviation of a detected box, in its largest side."""
    initial_speed: float = 1.5
    """Standard deviation of the speed of an object seen once, largest sides a second."""
    still_speed: float = 0.3
    """Slower than this many largest sides a second is standing still, when the camera was blind for long."""
    smallest: float = 4.0
    """A predicted side never falls below this many pixels."""
    vote_memory_s: float = 10.0
    """Seconds after which a vote for a class counts half."""
    vote_margin: float = 1.25
    """A track changes its class when another of the group has this many times its votes."""
    look_ms: float = 1000.0
    """One look at the scene is worth at most this much watched time; a longer wait for the next is blind time."""
    forget_ms: float = 3000.0
    """A track unseen for longer than this much watched time is lost."""
    coast_ms: float = 3000.0
    """Up to this long between two looks a moving object is predicted; after it only still ones are held."""
    blind_ms: float = 600_000.0
    """After this long without a look every track ends."""

    def packed(self) -> Array:
        """(1,) array of PARAMETERS, as compiled code takes them."""
        return np.array([tuple(getattr(self, f.name) for f in fields(self))], PARAMETERS)


PARAMETERS: Final = np.dtype([(f.name, "<f8") for f in fields(Parameters)])
