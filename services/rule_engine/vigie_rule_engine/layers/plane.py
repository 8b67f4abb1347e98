"""Lengths in the plane, to the bit the same on every machine, compiled and interpreted."""

from __future__ import annotations

from math import sqrt

from vigie_rule_engine.layers.jit import jit


@jit
def length(x: float, y: float) -> float:
    """Of a vector: of IEEE 754's own operations alone, where `hypot` rounds as each libm does.

    Coordinates are image heights or metres: far from where a square overflows.
    """
    return sqrt(x * x + y * y)
