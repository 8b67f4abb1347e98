"""The columns of a record as one matrix, for compiled code: in two thirds of the time that numpy takes of lists."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=4096)
def packer(count: int) -> Callable[..., bytes]:
    """A function of so many numbers that gives them as float64, for `numpy.frombuffer`: `packer(4)(*xs, *ys)`.

    Give it the columns one by one as here: gathered first they take half as long again.
    """
    return struct.Struct(f"{count}d").pack
