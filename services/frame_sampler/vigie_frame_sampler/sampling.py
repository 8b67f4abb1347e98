"""Which pictures are wanted: one for each cell of a grid on event time.

The grid is anchored at the first picture and never moves, so the rate cannot drift, whatever the
source's own rate, its jitter or its gaps. A picture that comes early by less than half the source's own interval
counts as on time: it is the one nearest to the grid, and a source at the sampling rate itself loses nothing
to jitter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

EARLY: Final = 0.25
"""Part of a cell by which a picture may be early at most."""


@dataclass(slots=True)
class EventGrid:
    """The sampling grid of one session: `fps` cells a second of media time.

    `source_s`: seconds between two pictures of the source, as far as it is known.
    """

    fps: float
    source_s: float = 0.04
    _origin_s: float | None = field(default=None, init=False)
    _taken: int = field(default=-1, init=False)

    def wants(self, media_s: float) -> bool:
        """Whether a picture at this time would be the first of its cell.

        Monotone: while nothing is taken, a picture later than a wanted one is wanted too.
        """
        return self._origin_s is None or self._cell(media_s) > self._taken

    def take(self, media_s: float) -> bool:
        """Whether this picture is wanted; if so its cell is used up, and all before it."""
        if self._origin_s is None:
            self._origin_s = media_s
        cell = self._cell(media_s)
        if cell <= self._taken:
            return False
        self._taken = cell
        return True

    def _cell(self, media_s: float) -> int:
        early = min(EARLY, 0.5 * self.source_s * self.fps)
        return math.floor((media_s - (self._origin_s or 0.0)) * self.fps + early)
