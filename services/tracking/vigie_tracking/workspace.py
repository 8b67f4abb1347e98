"""Working memory of the compiled step. What it holds between two frames has no meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from vigie_tracking.layout import BOX, ENDED, FOUND, PLACE, Array

KEPT: Final = 128
"""Places kept between frames (260 KB); a more crowded frame gets its own memory, given back after it."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Room for frames of up to `places` boxes and cameras of up to as many tracks."""

    places: int
    arrays: tuple[Array, Array, Array, Array, Array]
    """boxes, places, matrices, found, ended: as `step.step` takes them."""

    @classmethod
    def of(cls, places: int) -> Self:
        """New memory."""
        return cls(
            places,
            (
                np.zeros(places, BOX),
                np.zeros(places, PLACE),
                np.empty((2, places, places), np.float64),
                np.zeros(places, FOUND),
                np.zeros(places, ENDED),
            ),
        )
