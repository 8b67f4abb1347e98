"""Is there anything to see: health of an image, measured on a small copy of its luma.

The thresholds are made to be surpassed only by an image that is of no use: night is not dark, and a quiet
street is not frozen (a sensor's noise moves some pixel from one second to the next).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigie_frame_sampler.masks import MaskStamp
    from vigie_frame_sampler.planes import Planes

SMALL: Final = (160, 90)
"""Width and height of the measured copy."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What makes an image useless.

    dark: mean luma (0..255) below `dark_mean` and 99 of 100 pixels below `dark_peak`.
    frozen: no pixel of the small copy changed by more than `frozen_step` for `frozen_after_ms` of event time.
    """

    dark_mean: float = 10.0
    dark_peak: float = 32.0
    frozen_step: float = 0.0
    frozen_after_ms: int = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """A frame status other than offline, with its reason in words when it is not ok."""

    status: str
    reason: str | None = None


OK: Final = Verdict("ok")


@dataclass(slots=True)
class HealthMeter:
    """Judges the images of one session in order. Only what masks leave visible counts."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    _last: NDArray[np.uint8] | None = field(default=None, init=False)
    _moved_at_ms: int = field(default=0, init=False)
    _stamp: MaskStamp | None = field(default=None, init=False)
    _visible: NDArray[np.bool_] | None = field(default=None, init=False)

    def judge(self, planes: Planes, stamp: MaskStamp | None, captured_at_ms: int) -> Verdict:
        """What the image is good for."""
        small = np.asarray(cv2.resize(planes.y, SMALL, interpolation=cv2.INTER_AREA), np.uint8)
        if stamp is not self._stamp:
            self._stamp, self._visible = stamp, None if stamp is None else _visible(stamp)
        dark = self._dark(small if self._visible is None else small[self._visible])
        frozen = self._frozen(small, captured_at_ms)
        return dark or frozen or OK

    def _dark(self, visible: NDArray[np.uint8]) -> Verdict | None:
        limits = self.thresholds
        if visible.size == 0:
            return None
        mean, peak = float(visible.mean()), float(np.percentile(visible, 99))
        if mean >= limits.dark_mean or peak >= limits.dark_peak:
            return None
        return Verdict("dark", f"mean luma {mean:.1f} of 255 is below {limits.dark_mean:g}")

    def _frozen(self, small: NDArray[np.uint8], captured_at_ms: int) -> Verdict | None:
        limits, last = self.thresholds, self._last
        self._last = small
        if last is None or float(cv2.absdiff(small, last).max()) > limits.frozen_step:
            self._moved_at_ms = captured_at_ms
            return None
        still_ms = captured_at_ms - self._moved_at_ms
        if still_ms < limits.frozen_after_ms:
            return None
        return Verdict("frozen", f"the same picture for {still_ms / 1000:.0f} s")


def _visible(stamp: MaskStamp) -> NDArray[np.bool_]:
    hidden = cv2.resize(stamp.hidden.astype(np.uint8), SMALL, interpolation=cv2.INTER_AREA)
    return np.asarray(hidden == 0, np.bool_)
