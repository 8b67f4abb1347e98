"""An optional fact: how somebody holds themself, by the shape of their box against their own when upright.

Boxes are smoothed over 0.4 s, so that one bad box is no fall. Who has never been seen upright has no posture: a bench
with somebody on it from the start says nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vigie_rule_engine.layers.jit import Slot, jit
from vigie_rule_engine.layers.plane import decay

POSTURE: Final = np.dtype(
    [
        ("aspect", "<f8"),  # width ÷ height of the box, smoothed
        ("h", "<f8"),  # height of the box, smoothed, picture heights
        ("tall", "<f8"),  # its height when upright
        ("upright_s", "<f8"),  # for how long it has been seen upright in all
        ("upright_at", "<i8"),  # when it was so last, later by what of each miss was more than _LONGEST_STEP
    ]
)

UPRIGHT_ASPECT: Final = 0.75
"""Width ÷ height of somebody who stands or walks stays below."""

_TAU: Final = 0.4
_TAU_TALL: Final = 2.0  # s: who walks away gets smaller
_LEAST_SHARE: Final = 0.8
_LONGEST_STEP: Final = 1.0
"""s: of a miss no more counts, neither as upright nor as going down; who lies is missed for seconds."""


@jit
def hold(p: Slot, s: Slot, is_new: int, t: int) -> None:
    """Bring the posture of one subject up to date with its box now."""
    height = s["y2"] - s["y1"]
    aspect = (s["x2"] - s["x1"]) / height
    if is_new == 1 or p["tall"] == 0.0:
        p["aspect"] = aspect
        p["h"] = height
        p["tall"] = height
        p["upright_s"] = 0.0
        p["upright_at"] = 0
        return
    p["upright_at"] += max(0, round(1000.0 * (s["dt"] - _LONGEST_STEP)))
    gain = 1.0 - decay(s["dt"] / _TAU)
    p["aspect"] += gain * (aspect - p["aspect"])
    p["h"] += gain * (height - p["h"])
    if p["aspect"] < UPRIGHT_ASPECT and (p["upright_s"] == 0.0 or p["h"] > _LEAST_SHARE * p["tall"]):
        p["tall"] += (1.0 - decay(s["dt"] / _TAU_TALL)) * (p["h"] - p["tall"])
        p["upright_s"] += min(s["dt"], _LONGEST_STEP)
        p["upright_at"] = t
