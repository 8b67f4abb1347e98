"""The band of a count: what counting errs by in open view, and what may have passed while nobody watched.

The errors are those of the simulated streets of docs/counting.md, sparse and busy, in 95 of 100 windows. What stands
before a line, darkness, or a class that the detector does not know are not in them. The low end takes the unwatched
time for empty, the high end for as busy as the rest, with the spread of a Poisson flow.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Z: Final = 1.96
"""95 % of a normal distribution lie within so many standard deviations."""

FAST_FPS: Final = 4.0
"""From here on the errors are those of 5 frames a second, below those of 2."""

RULE_OF_THREE: Final = 3.0
"""Where nothing was seen, fewer than this were to be expected, with 95 %."""


class Errors(NamedTuple):
    """What a count errs by."""

    over: float
    """Share that is told and was not there, at most."""
    under: float
    """Share of what is told that was there besides, at most."""
    noise: float
    """Variance of a window's errors, for each object."""


ERRORS: Final[Mapping[str, tuple[Errors, Errors]]] = {
    "crossings": (Errors(0.03, 0.08, 0.1), Errors(0.03, 0.12, 0.2)),
    "unique": (Errors(0.05, 0.12, 0.2), Errors(0.05, 0.12, 0.2)),
}
"""By measure: at FAST_FPS and more, and below."""


def band(
    measure: str, value: float, coverage: float, rate_fps: float | None, least: float
) -> tuple[float, float | None]:
    """Lower and upper end; no upper end where less than `least` of the window was watched.

    Args:
        measure: of ERRORS.
        value: as counted.
        coverage: 0..1.
        rate_fps: frames a second while it was watched; None: not known, as if slow.
        least: coverage below which nothing is said of the rest.
    """
    errors = ERRORS[measure][0 if rate_fps is not None and rate_fps >= FAST_FPS else 1]
    spread = Z * sqrt(errors.noise * value)
    low = max(0.0, value * (1 - errors.over) - spread)
    if coverage < least:
        return low, None
    seen = value * (1 + errors.under) + spread
    unseen = seen * (1 - coverage) / coverage
    unseen = max(unseen + Z * sqrt(unseen / coverage), RULE_OF_THREE * (1 - coverage) / coverage)
    return low, seen + unseen
