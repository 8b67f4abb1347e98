"""The decorators of this package's compiled functions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vigie_common import compiled, taxonomy

KERNELS: Final = compiled.Kernels(
    __package__, ["detector", "motion", "sight"], Path(__file__).parent, Path(taxonomy.__file__)
)
jit: Final = KERNELS.jit
entry: Final = KERNELS.entry
