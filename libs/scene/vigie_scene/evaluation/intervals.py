"""95 % intervals of what is counted: shares by Wilson's score, rates by Garwood's exact Poisson interval."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt
from typing import Final

Interval = tuple[float, float]

Z: Final = 1.959963984540054
"""97.5 % quantile of the normal distribution."""

_TAIL: Final = 0.025
_STEPS: Final = 80


def wilson(hits: int, trials: int) -> Interval:
    """Interval of a share, hits out of trials; (0, 1) if nothing was tried.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
    """
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, Z * Z / trials
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * sqrt(share * (1 - share) / trials + square / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def garwood(count: int, exposure: float) -> Interval:
    """Interval of a rate, a count over an exposure such as camera-days; the unit is 1 ÷ the exposure's.

    Source: F. Garwood, Fiducial Limits for the Poisson Distribution, Biometrika 28 (1936): the means at which so many
    or more, and so few or fewer, have a probability of 2.5 %.
    """
    low = 0.0 if count == 0 else _mean_where(count - 1, 1.0 - _TAIL)
    return low / exposure, _mean_where(count, _TAIL) / exposure


def _mean_where(count: int, probability: float) -> float:
    """The Poisson mean at which `count` or fewer have the probability; by halving, since it falls with the mean."""
    low, high = 0.0, count + 10.0 * sqrt(count + 1.0) + 10.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(count, middle) > probability else (low, middle)
    return (low + high) / 2


def _at_most(count: int, mean: float) -> float:
    if mean == 0.0:
        return 1.0
    return sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1))
