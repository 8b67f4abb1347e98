"""Tables of counts that may be published: small cells hidden so that no sum gives them away. Pure.

Two methods of statistical disclosure control (A. Hundepool et al., Statistical Disclosure Control, 2012, chapter 4):

* suppression: every count from 1 to the threshold less one is hidden, in the sums too (primary), and as many others as
  it takes that none can be computed from what is left (complementary). Which cells can be computed is exact, by graph:
  rows and columns are nodes, a hidden cell is an edge, and its value is free as long as a closed path of other hidden
  cells leads round it (D. Gusfield, A Graph Theoretic Approach to Statistical Data Security, SIAM Journal on Computing
  17(3), 1988). A reader knows too that no hidden count is below 1, since zeros are shown: an edge at that bound can
  only be walked one way.
* rounding: each count to a multiple of the base, sums made of the rounded counts, so that they tell nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Mask = NDArray[np.bool_]

THRESHOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Published:
    """A table with its sums: `(rows + 1, columns + 1)`, the last row and column are sums."""

    values: Counts
    """What is shown; 0 where a cell is hidden."""
    hidden: Mask
    primary: Mask
    """Hidden for its own sake; the other hidden ones protect these."""


def with_sums(cells: Counts) -> Counts:
    """A table and its sums: `(rows + 1, columns + 1)`."""
    wide = np.column_stack([cells, cells.sum(axis=1)])
    return np.vstack([wide, wide.sum(axis=0)])


def suppressed(cells: Counts, threshold: int = THRESHOLD) -> Published:
    """The table with its sums, small counts hidden and none of the hidden ones computable.

    Args:
        cells: (rows, columns) counts, 0 or more.
        threshold: counts below it, but zero, are hidden.
    """
    full = with_sums(cells)
    primary = (full > 0) & (full < threshold)
    hidden = primary.copy()
    while True:
        bare = [cell for cell in np.argwhere(hidden).tolist() if determined(full, hidden, (cell[0], cell[1]))]
        if not bare:
            return Published(np.where(hidden, 0, full), hidden, primary)
        found = _protection(full, hidden, (bare[0][0], bare[0][1]))
        if found is None:
            # nothing protects it: all that is not zero goes
            hidden = full > 0
            if any(determined(full, hidden, (r, c)) for r, c in np.argwhere(hidden).tolist()):
                return Published(np.zeros_like(full), np.ones_like(hidden), primary)
            return Published(np.where(hidden, 0, full), hidden, primary)
        for cell in found:
            hidden[cell] = True


def rounded(cells: Counts, base: int = THRESHOLD) -> Published:
    """The table with each count rounded to the nearest multiple of the base, and sums of the rounded counts."""
    near = (cells + base // 2) // base * base
    full = with_sums(near)
    none = np.zeros(full.shape, dtype=np.bool_)
    return Published(full, none, none)


def determined(full: Counts, hidden: Mask, cell: tuple[int, int]) -> bool:
    """Whether a hidden cell has one possible value for whoever sees the others.

    Args:
        full: the table with its sums.
        hidden: which of its cells, sums among them, are not shown.
        cell: one that is hidden.
    """
    row, column = cell
    return not (
        _path(full, hidden, cell, ("c", column), ("r", row), rising=True)
        or _path(full, hidden, cell, ("c", column), ("r", row), rising=False)
    )


Node = tuple[str, int]


def _path(full: Counts, hidden: Mask, cell: tuple[int, int], start: Node, end: Node, *, rising: bool) -> bool:
    """Whether the cell can rise (or fall), the change being taken up along other hidden cells.

    Signs: a table whose last row and column are sums is one whose sums, counted negatively, make every row and column
    add up to nothing. So along a path cells take up the change in turn: from a column the next cell falls, from a row
    it rises, and a sum the other way.
    """
    if not _may(full, cell, rising=rising):
        return False
    seen, edge = {start}, [start]
    while edge:
        kind, index = edge.pop()
        falls = kind == "c"
        others = np.flatnonzero(hidden[:, index] if falls else hidden[index, :]).tolist()
        for other in others:
            there = (other, index) if falls else (index, other)
            node = ("r", other) if falls else ("c", other)
            if there == cell or node in seen or not _may(full, there, rising=rising != falls):
                continue
            if node == end:
                return True
            seen.add(node)
            edge.append(node)
    return False


def _may(full: Counts, cell: tuple[int, int], *, rising: bool) -> bool:
    """Whether a hidden count may be higher (or lower) than it is, as a reader knows; for a sum the other way round.

    A reader knows that it is 1 or more: zeros are shown.
    """
    last_row, last_column = full.shape[0] - 1, full.shape[1] - 1
    sums = (cell[0] == last_row) != (cell[1] == last_column)
    up = rising != sums
    return up or bool(full[cell] > 1)


def _protection(full: Counts, hidden: Mask, cell: tuple[int, int]) -> list[tuple[int, int]] | None:
    """The cells to hide with one that can be computed: the other corners of the rectangle that costs least.

    Each must have room to fall, so that the rectangle can be walked; cells already hidden cost nothing.
    """
    row, column = cell
    best: tuple[float, list[tuple[int, int]]] | None = None
    for r in range(full.shape[0]):
        for c in range(full.shape[1]):
            if r == row or c == column:
                continue
            corners = [(r, column), (row, c), (r, c)]
            if any(full[k] < (1 if hidden[k] else 2) for k in corners):
                continue
            new = [k for k in corners if not hidden[k]]
            if not new:
                continue
            cost = float(sum(full[k] for k in new))
            trial = hidden.copy()
            for k in new:
                trial[k] = True
            if (best is None or cost < best[0]) and not determined(full, trial, cell):
                best = (cost, new)
    return None if best is None else best[1]
