"""How figures of one measure are put together over time, and which series are parts of one another. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_statistics.query.model import Series

Measure = Literal[
    "crossings",
    "unique",
    "occupancy_mean",
    "occupancy_max",
    "dwell",
    "congestion_minutes",
    "queue_length",
    "episodes",
    "watched",
]
Window = Literal["m1", "m15", "h1", "d1"]
Direction = Literal["none", "in", "out"]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
WINDOWS: Final[tuple[Window, ...]] = get_args(Window)

TOGETHER: Final[Mapping[str, Literal["sum", "mean", "max"]]] = {
    "crossings": "sum",
    "unique": "sum",
    "episodes": "sum",
    "congestion_minutes": "sum",
    "watched": "sum",
    "occupancy_mean": "mean",
    "dwell": "mean",
    "occupancy_max": "max",
    "queue_length": "max",
}
"""Over time. A mean is weighted by the time watched, that of dwell by its number of stays.

A sum of unique objects counts one that stays from one window into the next in both: an upper bound.
"""

MODES: Final[Mapping[str, tuple[str, ...]]] = {
    "pedestrians": ("person",),
    "bicycles": ("bicycle", "scooter"),
    "motorcycles": ("motorcycle",),
    "cars": ("car", "van"),
    "buses": ("bus", "tram"),
    "lorries": ("truck",),
}
"""Classes of the taxonomy by means of transport; any other class has no share."""


def apart(series: Iterable[Series]) -> list[Series]:
    """The series of each place that can be added without counting anything twice.

    Where a place has a series of all classes, that one; else those of single classes; else those of several joined.
    """
    places: dict[tuple[str, ...], list[Series]] = defaultdict(list)
    for one in series:
        places[one.site, one.camera_id, one.measure, one.place_kind, one.place, one.direction, one.rule].append(one)
    chosen = []
    for group in places.values():
        whole = [s for s in group if not s.object_class]
        single = [s for s in group if s.object_class and "+" not in s.object_class]
        chosen += whole or single or group
    return chosen
