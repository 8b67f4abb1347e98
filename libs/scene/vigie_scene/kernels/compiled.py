"""The decorator of this package's compiled functions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vigie_common import compiled, taxonomy

jit: Final = compiled.compiler(Path(__file__).parent, Path(taxonomy.__file__))
