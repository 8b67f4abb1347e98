"""Crossings as open data: one table a place, direction and day, made safe as a whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np

from vigie_common.errors import BadInputError
from vigie_statistics.query.disclosure import THRESHOLD, rounded, suppressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vigie_statistics.query.model import Figure, Series, SeriesFigures

Method = Literal["suppress", "round"]

SUM: Final = "all"
"""Class of a row that holds the sum of the classes; a start of the whole day holds the sum over time."""


def open_rows(
    found: Iterable[SeriesFigures],
    zones: Mapping[str, str],
    *,
    method: Method = "suppress",
    threshold: int = THRESHOLD,
) -> list[dict[str, Any]]:
    """Rows that may be published: hours of a day by class, with the sums of both, raw counts only.

    A table has one hour a row and one class a column. No sum over places, directions or days is given, and no corrected
    figure: it would give back the count that was hidden.

    Raises:
        BadInputError: they are no hours of crossings by single class.
    """
    tables: dict[tuple[Any, ...], dict[tuple[int, str], Figure]] = defaultdict(dict)
    kept: dict[tuple[Any, ...], Series] = {}
    for each in found:
        one = each.series
        if one.measure != "crossings" or each.window != "h1":
            raise BadInputError(
                f"open data: {one.measure} by {each.window}: only crossings by hour (h1) are published: two "
                "resolutions of the same counts would give hidden ones away"
            )
        if not one.object_class or "+" in one.object_class:
            continue
        zone = ZoneInfo(zones.get(one.camera_id, "UTC"))
        for figure in each.figures:
            day = datetime.fromtimestamp(figure.start / 1000, UTC).astimezone(zone).date().isoformat()
            key = (one.site, one.camera_id, one.place_kind, one.place, one.direction, one.direction_label, day)
            tables[key][figure.start, one.object_class] = figure
            kept[key] = one
    return [row for key in sorted(tables) for row in _table(kept[key], tables[key], method, threshold)]


def _table(
    one: Series, figures: Mapping[tuple[int, str], Figure], method: Method, threshold: int
) -> Iterable[dict[str, Any]]:
    starts = sorted({start for start, _ in figures})
    classes = sorted({name for _, name in figures})
    cells = np.zeros((len(starts), len(classes)), dtype=np.int64)
    for (start, name), figure in figures.items():
        cells[starts.index(start), classes.index(name)] = round(figure.value)
    shown = suppressed(cells, threshold) if method == "suppress" else rounded(cells, threshold)
    ends = {start: max(f.end for (s, _), f in figures.items() if s == start) for start in starts}
    for i, j in np.ndindex(shown.values.shape):
        covered = _covered(figures, starts[i : i + 1] or starts, classes[j : j + 1] or classes)
        whole = i == len(starts)
        hidden = bool(shown.hidden[i, j])
        state = "hidden" if hidden else "shown" if method == "suppress" else "rounded"
        yield {
            "site": one.site,
            "camera_id": one.camera_id,
            "place_kind": one.place_kind,
            "place": one.place,
            "direction": one.direction,
            "direction_label": one.direction_label,
            "window": "d1" if whole else "h1",
            "start": starts[0] if whole else starts[i],
            "end": max(ends.values()) if whole else ends[starts[i]],
            "object_class": SUM if j == len(classes) else classes[j],
            "value": None if hidden else float(shown.values[i, j]),
            "state": state,
            "unit": one.unit,
            "coverage": covered,
        }


def _covered(figures: Mapping[tuple[int, str], Figure], starts: Sequence[int], classes: Sequence[str]) -> float:
    """The mean coverage of the counts behind a cell, in whole hundredths."""
    own = [f.coverage for (start, name), f in figures.items() if start in starts and name in classes]
    return round(sum(own) / len(own), 2) if own else 0.0
