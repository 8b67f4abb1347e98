"""A period's figure from those of its windows. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vigie_statistics.query.measures import TOGETHER
from vigie_statistics.query.model import LOW_COVERAGE, Figure, Total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def total(measure: str, unit: str, figures: Sequence[Figure], since: int, until: int) -> Total:
    """One series over a period: added, weighted by the time watched, or the greatest, as the measure asks.

    The band adds the bands of the windows, as if their errors all went the same way. A window that was watched too
    little to be corrected adds what was seen; the coverage says how much was not.
    """
    watched_ms = sum(f.coverage * (f.end - f.start) for f in figures)
    coverage = min(1.0, watched_ms / max(1, until - since))
    if not figures:
        return Total(0.0, None, None, None, 0.0, low_coverage=True, windows=0, samples=0, final=False, unit=unit)
    together = _TOGETHER[TOGETHER.get(measure, "sum")]
    if measure == "dwell":
        weights = [float(f.samples) for f in figures]
    else:
        weights = [f.coverage * (f.end - f.start) for f in figures]
    corrected = [f.corrected for f in figures]
    lows, highs = [f.low for f in figures if f.low is not None], [f.high for f in figures if f.high is not None]
    return Total(
        value=together([f.value for f in figures], weights),
        corrected=None
        if all(c is None for c in corrected)
        else together([f.value if c is None else c for f, c in zip(figures, corrected, strict=True)], weights),
        low=together(lows, weights) if len(lows) == len(figures) else None,
        high=together(highs, weights) if len(highs) == len(figures) else None,
        coverage=coverage,
        low_coverage=coverage < LOW_COVERAGE,
        windows=len(figures),
        samples=sum(f.samples for f in figures),
        final=all(f.final for f in figures),
        unit=unit,
    )


def added(parts: Sequence[Total], measure: str) -> Total:
    """Several series of one measure as one: counts are added, the greatest is kept, means are averaged.

    The coverage is the mean of theirs: two lines of which one was blind were watched by half.
    """
    if len(parts) == 1:
        return parts[0]
    together = _TOGETHER[TOGETHER.get(measure, "sum")]
    weights = [p.coverage for p in parts]
    lows, highs = [p.low for p in parts if p.low is not None], [p.high for p in parts if p.high is not None]
    coverage = sum(weights) / len(parts) if parts else 0.0
    known = [p for p in parts if p.corrected is not None]
    return Total(
        value=together([p.value for p in parts], weights),
        corrected=together([p.value if p.corrected is None else p.corrected for p in parts], weights)
        if known
        else None,
        low=together(lows, weights) if parts and len(lows) == len(parts) else None,
        high=together(highs, weights) if parts and len(highs) == len(parts) else None,
        coverage=coverage,
        low_coverage=coverage < LOW_COVERAGE,
        windows=sum(p.windows for p in parts),
        samples=sum(p.samples for p in parts),
        final=all(p.final for p in parts),
        unit=parts[0].unit if parts else "",
    )


def with_quantiles(one: Total, quantiles: dict[str, float]) -> Total:
    """The dwell time of a period: the quantiles of its merged sketches, whose median is the value."""
    return replace(one, value=quantiles.get("p50", one.value), quantiles=quantiles) if quantiles else one


def change(before: Total, after: Total) -> float | None:
    """The change as a share of the first period: of the corrected figures where both are known, else of the raw."""
    first, second = before.value, after.value
    if before.corrected is not None and after.corrected is not None:
        first, second = before.corrected, after.corrected
    return None if first == 0 else (second - first) / first


def _sum(values: Sequence[float], _weights: Sequence[float]) -> float:
    return float(sum(values))


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    if not values:
        return 0.0
    weight = sum(weights)
    if weight == 0:
        return sum(values) / len(values)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / weight


def _max(values: Iterable[float], _weights: Sequence[float]) -> float:
    return max(values, default=0.0)


_TOGETHER: dict[str, Callable[[Sequence[float], Sequence[float]], float]] = {"sum": _sum, "mean": _mean, "max": _max}
