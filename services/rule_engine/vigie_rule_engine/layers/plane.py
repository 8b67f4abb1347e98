"""Lengths and decay, to the bit the same on every machine, compiled and interpreted.

They are made of IEEE 754's own operations alone: `hypot` and `exp` round as each libm, and each CPU's part of it, does.
"""

from __future__ import annotations

from math import floor, ldexp, sqrt
from typing import Final

from vigie_rule_engine.layers.jit import jit

_LOG2_E: Final = 1.4426950408889634
_LN_2: Final = 0.693147180369123816
"""The leading 33 bits of it: a whole number of times, it is exact."""
_LN_2_REST: Final = 1.90821492927058770e-10
_NOTHING: Final = 700.0
"""Beyond, the result is less than 1e-304."""


@jit
def length(x: float, y: float) -> float:
    """Of a vector; its coordinates are far from where a square overflows."""
    return sqrt(x * x + y * y)


@jit
def decay(x: float) -> float:
    """The exponential of -x, for x from 0: what remains after x time constants.

    By halving x/ln 2 times, and the exponential series for the rest, which is at most 0.35: its fourteenth term is
    below the last bit.
    """
    if x > _NOTHING:
        return 0.0
    halvings = floor(x * _LOG2_E + 0.5)
    rest = (halvings * _LN_2 - x) + halvings * _LN_2_REST
    total = 1.0 / 6227020800.0
    total = total * rest + 1.0 / 479001600.0
    total = total * rest + 1.0 / 39916800.0
    total = total * rest + 1.0 / 3628800.0
    total = total * rest + 1.0 / 362880.0
    total = total * rest + 1.0 / 40320.0
    total = total * rest + 1.0 / 5040.0
    total = total * rest + 1.0 / 720.0
    total = total * rest + 1.0 / 120.0
    total = total * rest + 1.0 / 24.0
    total = total * rest + 1.0 / 6.0
    total = total * rest + 0.5
    total = total * rest + 1.0
    total = total * rest + 1.0
    return ldexp(total, -int(halvings))
