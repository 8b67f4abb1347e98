"""From a row to the records that are published: a pure function of the row and of the series that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vigie_statistics.bands import ERRORS, band
from vigie_statistics.rows import Cell
from vigie_statistics.series import Series
from vigie_statistics.sketches import quantiles, serialized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vigie_common.records import Statistic
    from vigie_statistics.rows import Camera, Row

LEAST_COVERAGE: Final = 0.25
"""Below, a figure is not corrected: what was seen says too little of the rest."""

UNITS: Final = {
    "watched": "s",
    "crossings": "crossings",
    "occupancy_mean": "objects",
    "occupancy_max": "objects",
    "dwell": "s",
    "unique": "objects",
    "congestion_minutes": "min",
    "queue_length": "vehicles",
    "episodes": "episodes",
}
"""Of each measure."""

ADDITIVE: Final = frozenset({"crossings", "unique", "congestion_minutes"})
"""Measures that grow with the time watched: a share watched is a share of the figure."""
ZEROS: Final = frozenset({"crossings", "unique", "congestion_minutes", "episodes"})
"""Measures whose absence is a zero, where the camera was watched."""
NOTHING: Final = Cell()


def _sum(cell: Cell) -> float:
    return cell.value


def _mean(cell: Cell) -> float:
    return cell.value / cell.weight if cell.weight else 0.0


def _most(cell: Cell) -> float:
    return cell.most


_VALUES: Final[Mapping[str, Callable[[Cell], float]]] = {
    "crossings": _sum,
    "unique": _sum,
    "congestion_minutes": _sum,
    "episodes": _sum,
    "occupancy_mean": _mean,
    "occupancy_max": _most,
    "queue_length": _most,
}


def figures(row: Row, camera: Camera) -> Iterator[Statistic]:
    """Every figure of a window: the camera's watched time, then each series, ordered by its name.

    Args:
        row: of the window.
        camera: its camera; what is known, judged and absent is a zero, except in a minute.
    """
    yield _watched(row, camera)
    cells = dict(row.cells)
    if row.window != "m1":
        for key, (first, _) in camera.known.items():
            series = Series.of_key(key)
            if key not in cells and first < row.end and series.measure in ZEROS and row.judged.get(series.rule):
                cells[key] = NOTHING
    told: set[str] = set()
    for key in sorted(cells):  # of two rules that measure the same, the first by name speaks
        series = Series.of_key(key)
        name = series.name(camera.site, camera.camera_id, row.window)
        if name not in told:
            told.add(name)
            yield _figure(row, camera, series, cells[key], name)


def _watched(row: Row, camera: Camera) -> Statistic:
    series = Series("watched", "none", "", "", "none", "")
    record = _record(row, camera, series, series.name(camera.site, camera.camera_id, row.window))
    share = _coverage(row, row.watched_ms)
    record |= {"value": min(row.watched_ms, row.end - row.start) / 1000, "coverage": share, "samples": row.frames}
    return record  # type: ignore[return-value]  # every field is there


def _figure(row: Row, camera: Camera, series: Series, cell: Cell, name: str) -> Statistic:
    coverage = _coverage(row, row.judged.get(series.rule, 0))
    record = _record(row, camera, series, name)
    record |= {"coverage": coverage, "samples": cell.samples, "direction_label": cell.label}
    if series.measure == "dwell":
        found = quantiles(cell.bins)
        record |= {"value": found["p50"], "quantiles": found, "sketch": serialized(cell.bins)}
        return record  # type: ignore[return-value]  # every field is there
    value = round(_VALUES[series.measure](cell), 6)
    record["value"] = value
    if series.measure in ADDITIVE and coverage >= LEAST_COVERAGE:
        record["corrected"] = round(value / coverage, 6)
    if series.measure in ERRORS:
        low, high = band(series.measure, value, coverage, record["rate_fps"], LEAST_COVERAGE)
        if series.measure == "unique":  # tracks that broke in view are known one by one
            low, high = min(low, cell.low), None if high is None else max(high, cell.high)
        record |= {"low": round(low, 6), "high": None if high is None else round(high, 6)}
    return record  # type: ignore[return-value]  # every field is there


def _coverage(row: Row, watched_ms: int) -> float:
    """Share of the window; of its part that has passed while it is not final."""
    end = row.end if row.final else min(row.end, max(row.through, row.start))
    return round(min(1.0, watched_ms / (end - row.start)), 6) if end > row.start else 0.0


def _record(row: Row, camera: Camera, series: Series, name: str) -> dict[str, Any]:
    watched_s = row.watched_ms / 1000
    return {
        "series": name,
        "site": camera.site,
        "camera_id": camera.camera_id,
        "measure": series.measure,
        "place_kind": series.place_kind,
        "place": series.place,
        "object_class": series.object_class,
        "direction": series.direction,
        "direction_label": "",
        "rule": series.rule if series.measure == "episodes" else "",
        "window": row.window,
        "start": row.start,
        "end": row.end,
        "local_date": row.local_date,
        "value": 0.0,
        "corrected": None,
        "low": None,
        "high": None,
        "unit": UNITS[series.measure],
        "coverage": 0.0,
        "rate_fps": round(row.frames / watched_s, 3) if watched_s else None,
        "samples": 0,
        "quantiles": {},
        "sketch": None,
        "final": row.final,
        "revision": 2 * row.applied + row.final,
        "late": row.late,
        "updated_at": row.updated_at,
    }
