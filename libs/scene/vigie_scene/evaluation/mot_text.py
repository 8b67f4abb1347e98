"""Tracks in MOTChallenge's text format, read strictly: what is wrong is named with its line and the fix.

A line a box: frame (from 1), id, left, top, width, height, then optionally confidence, class, visibility. Milan et
al., "MOT16: A Benchmark for Multi-Object Tracking", arXiv:1603.00831, section 4. Results commonly end in `-1,-1,-1`:
no class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NO_CLASS: Final = -1

_NAMES: Final = ("frame", "id", "left", "top", "width", "height", "confidence", "class", "visibility")
_REQUIRED: Final = 6
_FARTHEST: Final = 1e9
_ORDER: Final = "frame,id,left,top,width,height[,confidence,class,visibility]"


@dataclass(frozen=True, slots=True)
class TrackedBoxes:
    """Boxes with an identity, ordered by frame: entry i of every array is box i."""

    frame: npt.NDArray[np.int64]
    """From 1."""
    identity: npt.NDArray[np.int64]
    """No two boxes of a frame have the same."""
    box: npt.NDArray[np.float64]
    """(n, 4) x1 y1 x2 y2, pixels."""
    kind: npt.NDArray[np.int64]
    """Class by its number, NO_CLASS where the file has none."""
    counts: npt.NDArray[np.bool_]
    """False where a truth says that the box is not to be judged (confidence 0)."""
    visibility: npt.NDArray[np.float64]
    """Share that can be seen; 1 where the file has none."""

    @classmethod
    def of(cls, rows: Iterable[tuple[float, ...]]) -> Self:
        """From rows of frame, id, x1, y1, x2, y2, class, counts, visibility."""
        table = np.array(list(rows), dtype=np.float64).reshape(-1, len(_NAMES))
        table = table[np.argsort(table[:, 0], kind="stable")]
        return cls(
            table[:, 0].astype(np.int64),
            table[:, 1].astype(np.int64),
            np.ascontiguousarray(table[:, 2:6]),
            table[:, 6].astype(np.int64),
            table[:, 7] != 0,
            table[:, 8].copy(),
        )

    def __len__(self) -> int:
        return len(self.frame)

    def only(self, kept: npt.NDArray[np.bool_]) -> Self:
        """The boxes for which `kept` (n,) is true."""
        return type(self)(
            self.frame[kept],
            self.identity[kept],
            self.box[kept],
            self.kind[kept],
            self.counts[kept],
            self.visibility[kept],
        )


def read_tracks(path: Path) -> TrackedBoxes:
    """The tracks of a file; none if it is empty.

    Raises:
        BadInputError: it cannot be read, or a line is wrong: file, line and the fix.
    """
    if not path.is_file():
        raise BadInputError(f"{path}: no such file: give a text file of tracks, one line a box: {_ORDER}")
    first_of: dict[tuple[float, float], int] = {}
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as wrong:
        raise BadInputError(
            f"{path}: byte {wrong.start} is no UTF-8: this is no text; give a file of lines {_ORDER}"
        ) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(f"{path}:{number}", line)
        before = first_of.setdefault((row[0], row[1]), number)
        if before != number:
            raise BadInputError(
                f"{path}:{number}: id {row[1]:.0f} has a box in frame {row[0]:.0f} already, on line {before}: an id "
                "stands for one object, so remove one of the two or give it an id of its own"
            )
        rows.append(row)
    return TrackedBoxes.of(rows)


def _row(where: str, line: str) -> tuple[float, ...]:
    """One line as TrackedBoxes.of takes it."""
    cells = line.split(",")
    if len(cells) < _REQUIRED:
        raise BadInputError(
            f'{where}: {len(cells)} values where at least {_REQUIRED} belong ("{line[:60]}"): write {_ORDER}, '
            "with commas between"
        )
    values = [_number(where, name, cell) for name, cell in zip(_NAMES, cells, strict=False)]
    frame, identity, left, top, width, height = values[:_REQUIRED]
    if frame < 1 or frame != int(frame):
        raise BadInputError(
            f"{where}: frame {cells[0].strip()}: frames are whole numbers from 1: add 1 to all if they start at 0"
        )
    if identity < 0 or identity != int(identity):
        raise BadInputError(
            f"{where}: id {cells[1].strip()}: ids are whole numbers from 0; -1 is what files of mere detections have: "
            "give the tracker's output"
        )
    if width <= 0 or height <= 0:
        raise BadInputError(
            f"{where}: width {width:g}, height {height:g}: both must be above 0; the columns are left, top, width, "
            "height, not two corners"
        )
    confidence, kind, visibility = (*values[_REQUIRED:], *(1.0, float(NO_CLASS), 1.0)[len(values) - _REQUIRED :])
    if kind != int(kind):
        raise BadInputError(f"{where}: class {kind:g}: a class is a whole number, or -1 for none")
    seen = visibility if 0 <= visibility <= 1 else 1.0
    return frame, identity, left, top, left + width, top + height, max(kind, NO_CLASS), float(confidence != 0), seen


def _number(where: str, name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise BadInputError(
            f'{where}: {name} "{cell.strip()[:30]}" is no number: write {_ORDER}; a heading has no place in the file'
        ) from None
    if not math.isfinite(value) or abs(value) > _FARTHEST:
        raise BadInputError(
            f"{where}: {name} {cell.strip()}: must be a finite number within ±{_FARTHEST:.0e}: remove the line"
        )
    return value
