"""Is there anything to see: health of an image, measured on a small copy of its luma.

The thresholds are made to be surpassed only by an image that is of no use: night and fog are not dark or covered, and a
quiet street is not frozen (a sensor's noise moves some pixel from one second to the next).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vigie_frame_sampler.conditions import Condition, Hysteresis
from vigie_frame_sampler.view_watch import ViewMemory, ViewWatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigie_frame_sampler.masks import MaskStamp
    from vigie_frame_sampler.planes import Planes

SMALL: Final = (160, 90)
"""Width and height of the measured copy."""

DARK_MEAN: Final = 10.0
"""Mean luma, 0..255, …"""
DARK_PEAK: Final = 32.0
"""… and luma below which 99 of 100 pixels lie: a picture below both is dark. `light` is the greater of the two, each
divided by its threshold."""

CONDITIONS: Final = {
    "dark": Condition(enter=1.0, leave=1.2, enter_ms=5_000, leave_ms=2_000),
    "frozen": Condition(enter=0.5, leave=0.5, enter_ms=20_000, leave_ms=0),
    "covered": Condition(enter=0.5, leave=0.8, enter_ms=10_000, leave_ms=5_000),
    "blurred": Condition(enter=0.55, leave=0.7, enter_ms=10_000, leave_ms=5_000),
}
"""What makes an image useless, worst first.

dark: light, see above. frozen: greatest step of any pixel from one picture to the next, luma. covered: structure,
standard deviation of luma between 1/100 and 1/30 of the width. blurred: detail, share of the finest structure,
divided by the camera's own usual share.
"""

STATUS: Final = {"covered": "blurred"}
"""Where the status of a frame is called otherwise than its condition."""

USUAL_S: Final = 300.0
"""Event time over which the usual detail is learnt; after 20 s it is judged by."""
KNOWN_S: Final = 20.0
TOLD: Final = 0.1
"""By how much the usual detail has to change before the health record tells it anew, as a share of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A frame status other than offline, with its reason in words when it is not ok."""

    status: str
    reason: str | None = None


OK: Final = Verdict("ok")


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of a small copy: `CONDITIONS` says what each means."""

    light: float
    mean: float
    structure: float
    detail: float


def measure(small: NDArray[np.uint8], visible: NDArray[np.bool_] | None) -> Measures:
    """The measures of a (90, 160) luma copy, of its visible pixels alone; of none, those of a sound picture."""
    # differences of Gaussians: what is finer than about two pixels of the copy, and what is a few pixels wide
    near = cv2.GaussianBlur(small, (3, 3), 0.8)
    fine = cv2.subtract(small, near, dtype=cv2.CV_32F)
    middle = cv2.subtract(near, cv2.GaussianBlur(small, (9, 9), 2.5), dtype=cv2.CV_32F)
    mask = None if visible is None else visible.view(np.uint8)
    if mask is not None and not mask.any():
        return Measures(np.inf, 255.0, np.inf, 0.0)
    mean = cv2.mean(small, mask)[0]
    structure = float(cv2.meanStdDev(middle, mask=mask)[1].item())
    spread = float(cv2.meanStdDev(fine, mask=mask)[1].item())
    counts = cv2.calcHist([small], [0], mask, [256], [0, 256]).ravel().cumsum()
    peak = int(np.searchsorted(counts, 0.99 * counts[-1]))
    # half a step keeps the share of an empty picture from being one of rounding
    return Measures(max(mean / DARK_MEAN, peak / DARK_PEAK), mean, structure, spread / (structure + 0.5))


def small_copy(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The measured copy of a picture's luma."""
    while luma.shape[1] >= 4 * SMALL[0] and luma.shape[0] % 2 == luma.shape[1] % 2 == 0:
        # halving is five times as fast as one large step
        luma = np.asarray(cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(luma, SMALL, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(slots=True)
class HealthMeter:
    """Judges the images of one camera in order, from one session to the next. Only what masks leave visible counts."""

    view: ViewWatch = field(default_factory=ViewWatch)
    _conditions: dict[str, Hysteresis] = field(init=False)
    _last: NDArray[np.uint8] | None = field(default=None, init=False)
    _last_ms: int | None = field(default=None, init=False)
    _usual: float = field(default=0.0, init=False)
    _usual_s: float = field(default=0.0, init=False)
    _stamp: MaskStamp | None = field(default=None, init=False)
    _visible: NDArray[np.bool_] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._conditions = {name: Hysteresis(condition) for name, condition in CONDITIONS.items()}
        self._usual = self.view.memory.detail
        self._usual_s = KNOWN_S if self._usual > 0.0 else 0.0

    @property
    def memory(self) -> ViewMemory:
        """What the next sampler has to know of the camera's view."""
        return self.view.memory

    def begin_session(self) -> None:
        """A new connection: its first picture is compared with none before."""
        self._last = None

    def judge(
        self, planes: Planes, stamp: MaskStamp | None, captured_at_ms: int, confirmed_at: int | None = None
    ) -> Verdict:
        """What the image is good for.

        Args:
            planes: the image, masks burned in.
            stamp: its masks.
            captured_at_ms: its event time.
            confirmed_at: event time at which a person confirmed the view last.
        """
        small = small_copy(planes.y)
        if stamp is not self._stamp:
            self._stamp, self._visible = stamp, None if stamp is None else visible_of(stamp)
        found = measure(small, self._visible)
        step = np.inf if self._last is None else float(cv2.absdiff(small, self._last).max())
        elapsed_s = 0.0 if self._last_ms is None else min(max(captured_at_ms - self._last_ms, 0), 5_000) / 1000.0
        self._last, self._last_ms = small, captured_at_ms
        detail = found.detail / self._usual if self._usual_s >= KNOWN_S and self._usual > 0.0 else np.inf
        values = {"dark": found.light, "frozen": step, "covered": found.structure, "blurred": detail}
        # in the dark nothing is known of structure, under a cover nothing of detail
        if self._conditions["dark"].update(values["dark"], captured_at_ms) or found.light < 1.0:
            del values["covered"], values["blurred"]
        elif found.structure < CONDITIONS["covered"].leave:
            del values["blurred"]
        for name, value in values.items():
            if name != "dark":
                self._conditions[name].update(value, captured_at_ms)
        for name, condition in self._conditions.items():
            if condition.holds:
                return Verdict(STATUS.get(name, name), _reason(name, found, detail, captured_at_ms, condition))
        if len(values) == len(CONDITIONS) and not detail < CONDITIONS["blurred"].leave:
            self._get_used_to(found.detail, elapsed_s)
            hidden = None if self._visible is None else ~self._visible
            self.view.look(small, hidden, captured_at_ms, confirmed_at)
        if self.memory.moved_at is not None:
            return Verdict("moved", "the view is not the one that was learnt; `vigie cameras confirm` accepts it")
        return OK

    def _get_used_to(self, detail: float, elapsed_s: float) -> None:
        """Follow the usual detail slowly: of the first seconds the mean, later the newest five minutes."""
        self._usual_s += elapsed_s
        weight = min(1.0, elapsed_s / min(max(self._usual_s, 1e-9), USUAL_S)) if self._usual else 1.0
        self._usual += weight * (detail - self._usual)
        if self._usual_s >= KNOWN_S and abs(self._usual - self.memory.detail) > TOLD * self._usual:
            self.view.keep_detail(round(self._usual, 3))


def visible_of(stamp: MaskStamp) -> NDArray[np.bool_]:
    """(90, 160): the pixels of the small copy that masks leave whole."""
    hidden = cv2.resize(stamp.hidden.astype(np.uint8), SMALL, interpolation=cv2.INTER_AREA)
    return np.asarray(hidden == 0, np.bool_)


def _reason(name: str, found: Measures, detail: float, at_ms: int, condition: Hysteresis) -> str:
    match name:
        case "dark":
            return f"mean luma {found.mean:.1f} of 255 is below {DARK_MEAN:g}"
        case "frozen":
            return f"the same picture for {(at_ms - condition.since_ms) / 1000:.0f} s"
        case "covered":
            return f"covered, or in dense fog: structure {found.structure:.1f} of 255"
        case _:
            return f"blurred: {100 * min(detail, 9.99):.0f} % of the usual detail"
