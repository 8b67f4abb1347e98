"""The columns of a record as one matrix, for compiled code: gathered by compiled code, too (`matrix_rows.pyx`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_common.compiled_cython import cython_library
from vigie_common.taxonomy import CLASS_ORDINAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

LIBRARY: Final = cython_library(Path(__file__).with_name("matrix_rows.pyx"))

PER_BOX: Final = ("x1", "y1", "x2", "y2", "score", "object_class", "model_index")
"""Columns of a detections or tracks record: one entry a box in each."""


class Columns:
    """Gathers columns of detections or tracks records.

    Args:
        names: of the columns that become rows; classes become their ordinals.
        unknown: the ordinal of a class that the taxonomy does not have; None: it is refused.
    """

    def __init__(self, names: Sequence[str], unknown: int | None = None) -> None:
        beside = tuple(name for name in PER_BOX if name not in names)
        self._rows, self._arguments = len(names), (tuple(names), beside, CLASS_ORDINAL, unknown)
        self._packed: Any = None

    def matrix(self, record: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
        """(names, boxes) float64, not to be written to; None where not every column has one entry a box.

        Raises:
            KeyError: a class is not in the taxonomy.
            CompilerError: the library could not be made.
        """
        if self._packed is None:
            self._packed = LIBRARY.module.Rows(*self._arguments).packed
        packed = self._packed(record)
        if packed is None:
            return None
        data, count = packed
        return np.ndarray((self._rows, count), np.float64, data)


def misfit(record: Mapping[str, Any], count: int) -> str | None:
    """The first column of PER_BOX that has not so many entries, or None."""
    return next((name for name in PER_BOX if len(record[name]) != count), None)
