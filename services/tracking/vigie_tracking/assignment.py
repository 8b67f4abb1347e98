"""The exact assignment of rows to columns at the least total cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigie_common.compiled import INT, array
from vigie_tracking.compiled import entry, jit
from vigie_tracking.layout import PLACE

if TYPE_CHECKING:
    from vigie_tracking.layout import Array

_FAR = 1e300


@entry(array(np.float64, 2), INT, INT, array(PLACE))
def assign(cost: Array, rows: int, columns: int, places: Array) -> None:
    """Give every row its own column so that the costs' sum is least: `places["column_of_row"][:rows]`.

    Shortest augmenting paths: Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on
    Aerospace and Electronic Systems 52 (2016), section III. O(rows² × columns).

    Args:
        cost: (≥ rows, ≥ columns) float64, finite.
        rows: at most columns.
        columns: how many there are to choose from.
        places: (≥ columns,) layout.PLACE, working memory; `row_of_column` holds the inverse afterwards, -1 for none.
    """
    for j in range(columns):
        places[j]["row_of_column"] = -1
        places[j]["column_potential"] = 0.0
    for i in range(rows):
        places[i]["column_of_row"] = -1
        places[i]["row_potential"] = 0.0
    for row in range(rows):
        _augment(cost, row, rows, columns, places)


@jit
def _augment(cost: Array, start: int, rows: int, columns: int, places: Array) -> None:
    """Find the cheapest alternating path from row `start` to a free column, and swap along it."""
    for j in range(columns):
        place = places[j]
        place["distance"] = _FAR
        place["column_scanned"] = 0
        place["remaining"] = columns - j - 1
        place["predecessor"] = -1
    for i in range(rows):
        places[i]["row_scanned"] = 0
    left = columns
    nearest = 0.0
    row = start
    sink = -1
    while sink == -1:
        places[row]["row_scanned"] = 1
        base = nearest - places[row]["row_potential"]
        nearest = _FAR
        chosen = -1
        for k in range(left):
            j = places[k]["remaining"]
            place = places[j]
            reduced = base + cost[row, j] - place["column_potential"]
            if reduced < place["distance"]:
                place["predecessor"] = row
                place["distance"] = reduced
            if place["distance"] < nearest or (place["distance"] == nearest and place["row_of_column"] == -1):
                nearest = place["distance"]
                chosen = k
        column = places[chosen]["remaining"]
        if places[column]["row_of_column"] == -1:
            sink = column
        else:
            row = places[column]["row_of_column"]
        places[column]["column_scanned"] = 1
        left -= 1
        places[chosen]["remaining"] = places[left]["remaining"]
    places[start]["row_potential"] += nearest
    for i in range(rows):
        if places[i]["row_scanned"] == 1 and i != start:
            places[i]["row_potential"] += nearest - places[places[i]["column_of_row"]]["distance"]
    for j in range(columns):
        if places[j]["column_scanned"] == 1:
            places[j]["column_potential"] -= nearest - places[j]["distance"]
    column = sink
    while True:
        row = places[column]["predecessor"]
        places[column]["row_of_column"] = row
        after = places[row]["column_of_row"]
        places[row]["column_of_row"] = column
        column = after
        if row == start:
            break
