"""The decorators of the compiled layers, and the types of what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from vigie_common import compiled, taxonomy

KERNELS: Final = compiled.Kernels(
    __package__, ["facts", "frame", "places"], Path(__file__).parent, Path(taxonomy.__file__)
)
jit: Final = KERNELS.jit
entry: Final = KERNELS.entry

Array: TypeAlias = npt.NDArray[Any]
"""A structured or plain NumPy array; the docstring says which dtype."""

Slot: TypeAlias = Any
"""One element of a structured array: compiled code gets it by reference, and so does NumPy (`numpy.void`)."""

Vector: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]
