"""The motion gate: a scene in which nothing moves is sampled at a low rate, and watched at the full one: pure.

A picture is compared with the last one that was handed on, so that slow motion adds up until it is seen. The first
picture with motion is handed on at once; the low rate returns after a quiet time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """What counts as motion, on the small copy of 160 × 90 pixels.

    step: luma by which a pixel must differ, what the whole picture has changed by taken off. noise: the same, in
    times the median difference of all pixels, where that is more. begin: pixels that begin motion, about a person 40
    pixels tall in an image of 960. go_on: pixels that keep it up. quiet_ms: event time without that ends it.
    """

    step: float = 14.0
    noise: float = 6.0
    begin: int = 4
    go_on: int = 2
    quiet_ms: int = 5_000


@dataclass(slots=True)
class MotionGate:
    """Which pictures of one camera are handed on.

    patience_ms: longest time between two pictures over which nothing is thought to have moved.
    """

    patience_ms: int
    limits: MotionLimits = field(default_factory=MotionLimits)
    still: bool = field(default=False, init=False)
    watched_ms: int = field(default=0, init=False)
    """Event time before the picture handed on last in which nothing moved, back to the one handed on before."""
    _sent: NDArray[np.uint8] | None = field(default=None, init=False)
    _sent_ms: int = field(default=0, init=False)
    _looked_ms: int = field(default=0, init=False)
    _moved_ms: int = field(default=0, init=False)
    _watched_ms: int = field(default=0, init=False)

    def wants(
        self, small: NDArray[np.uint8], visible: NDArray[np.bool_] | None, at_ms: int, still_ms: int, early_ms: int
    ) -> bool:
        """Whether to hand this picture on.

        Args:
            small: its small copy.
            visible: the pixels of it that masks leave whole.
            at_ms: event time.
            still_ms: time between two pictures of a still scene.
            early_ms: by how much one may come early.
        """
        smooth = np.asarray(cv2.GaussianBlur(small, (3, 3), 0.0), np.uint8)
        gap_ms = at_ms - self._looked_ms
        moving = self._sent is None or gap_ms < 0 or self._differ(smooth, self._sent, visible)
        self._watched_ms = self._watched_ms + gap_ms if 0 <= gap_ms <= self.patience_ms else 0
        self._looked_ms = at_ms
        if moving:
            self._moved_ms = at_ms
        self.still = at_ms - self._moved_ms >= self.limits.quiet_ms
        if self.still and at_ms - self._sent_ms < still_ms - early_ms:
            return False
        self.watched_ms, self._watched_ms = self._watched_ms, 0
        self._sent, self._sent_ms = smooth, at_ms
        return True

    def _differ(self, smooth: NDArray[np.uint8], sent: NDArray[np.uint8], visible: NDArray[np.bool_] | None) -> bool:
        change = cv2.subtract(smooth, sent, dtype=cv2.CV_16S)
        if visible is not None:
            change = change[visible]
        if change.size == 0:
            return False
        change = np.abs(change - np.int16(np.median(change)))
        step = max(self.limits.step, self.limits.noise * float(np.median(change)))
        hot = int(np.count_nonzero(change > step))
        return hot >= (self.limits.begin if self.still else self.limits.go_on)
