"""What keeps a source that sends more than it should from costing more than it may.

Pictures are sampled by the stream's time; a stream that is handed over faster than time passes would be sampled more
often than asked. So pictures have to be earned by arrival time too. Reading is slowed down as well: what is not
read, TCP makes the sender keep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from vigie_frame_sampler.sampling import EventGrid

BURST_S: Final = 3.0
"""Seconds of pictures that may come at once: a network that held back, a camera that hands over what it buffered."""

SPARE: Final = 1.25
"""Pictures are earned so much faster than they are sampled, so that jitter never costs one."""

PICTURES_A_SECOND: Final = 250
"""What is read of one source at most, pictures a second: twice the fastest camera."""

REST_S: Final = 0.05
"""Shorter rests are saved up."""


@dataclass(slots=True)
class PacedGrid(EventGrid):
    """A sampling grid whose pictures have to be earned by arrival time: `fps` a second, `BURST_S` of them at once.

    `refused`: pictures that the grid wanted and a flood was not given.
    """

    refused: int = 0
    _earned: float | None = field(default=None, init=False)
    _arrival_s: float = field(default=0.0, init=False)

    def arrived(self, arrival_s: float) -> None:
        """A picture came, on a clock that is never set."""
        full = max(2.0, BURST_S * self.fps)
        passed_s = arrival_s - self._arrival_s
        self._earned = full if self._earned is None else min(full, self._earned + passed_s * self.fps * SPARE)
        self._arrival_s = arrival_s

    def wants(self, media_s: float) -> bool:
        """See EventGrid."""
        return self._affords() and EventGrid.wants(self, media_s)

    def take(self, media_s: float) -> bool:
        """See EventGrid."""
        if not EventGrid.take(self, media_s):
            return False
        if not self._affords():
            self.refused += 1
            return False
        self._earned = (self._earned or 0.0) - 1.0
        return True

    def _affords(self) -> bool:
        return self._earned is None or self._earned >= 1.0


@dataclass(slots=True)
class ReadingPace:
    """How long to wait before reading on. `floods`: seconds in which a source sent too much."""

    floods: int = field(default=0, init=False)
    _due_s: float = field(default=-math.inf, init=False)
    _counted_s: float = field(default=-math.inf, init=False)

    def rest_s(self, arrival_s: float) -> float:
        """Seconds to wait after a picture that came at this time: now and then a little, so that reading stays even."""
        self._due_s = max(self._due_s, arrival_s - 1.0) + 1.0 / PICTURES_A_SECOND
        if self._due_s - arrival_s < REST_S:
            return 0.0
        if arrival_s - self._counted_s >= 1.0:
            self.floods += 1
            self._counted_s = arrival_s
        return self._due_s - arrival_s


@dataclass(slots=True)
class Spacing:
    """Measures the seconds between two pictures: what a header says of it need not be true."""

    _times_s: list[float] = field(default_factory=list, init=False)

    def add(self, media_s: float) -> float | None:
        """The mean interval over the last pictures; none before there are enough."""
        self._times_s = [*self._times_s[-24:], media_s]
        if len(self._times_s) < 6:
            return None
        return (max(self._times_s) - min(self._times_s)) / (len(self._times_s) - 1)
