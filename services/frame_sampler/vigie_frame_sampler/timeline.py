"""One even timeline of a live stream, whatever its own timestamps do.

RTP timestamps begin anywhere, wrap after 13 hours, and cameras let them jump, stand still, run at another pace or leave
them out. Sampling needs a time that goes on as time does: the stream's own while it keeps step with arrival, else
arrival's. A jump is bridged; what cannot be believed at all is given up for the session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LEAP_S: Final = 2.0
"""A step forward beyond what has passed on arrival by so much is a jump."""

BACK_S: Final = 1.0
"""A step back by so much is a jump; less is the reordering of B-frames."""

STILL_PICTURES: Final = 16
"""Pictures in a row without a newer timestamp: more than any stream reorders (H.264 and H.265: 16 at most)."""

WINDOW_S: Final = 2.0
"""Arrival time over which the pace is measured."""

PACES: Final = (0.5, 2.0)
"""Seconds of the stream in a second of arrival that are still believed. Two windows in a row beyond are not: one slow
and then one fast is a network that held back; one fast is a camera that hands over what it had buffered."""


@dataclass(slots=True)
class Timeline:
    """Puts each picture of one session on a timeline that begins at 0 and keeps step with arrival.

    `jumps`: timestamps that jumped, and were bridged. `distrusted`: why the timestamps are no longer used, if so.
    """

    jumps: int = field(default=0, init=False)
    distrusted: str | None = field(default=None, init=False)
    _shift_s: float | None = field(default=None, init=False)
    _newest_s: float = field(default=0.0, init=False)
    _arrival_s: float = field(default=0.0, init=False)
    _placed_s: float = field(default=0.0, init=False)
    _still: int = field(default=0, init=False)
    _window: tuple[float, float] = field(default=(0.0, 0.0), init=False)
    _strikes: tuple[int, int] = field(default=(0, 0), init=False)

    def place(self, stamp_s: float | None, arrival_s: float) -> float:
        """Seconds on the timeline.

        Args:
            stamp_s: the stream's own time of the picture; none where it has none.
            arrival_s: when it came, on a clock that is never set.
        """
        passed_s, self._arrival_s = arrival_s - self._arrival_s, arrival_s
        if self._shift_s is None:
            self._newest_s = stamp_s or 0.0
            self._shift_s, self._window = -self._newest_s, (arrival_s, 0.0)
            return 0.0
        if self.distrusted is None and stamp_s is not None:
            placed_s = self._by_stamp(stamp_s, passed_s)
            self._watch_pace(arrival_s)
            return placed_s
        self._placed_s += passed_s
        return self._placed_s

    def _by_stamp(self, stamp_s: float, passed_s: float) -> float:
        step_s = stamp_s - self._newest_s
        if step_s > passed_s + LEAP_S or step_s < -BACK_S:
            self.jumps += 1
            self._newest_s = stamp_s
            self._shift_s = self._placed_s + passed_s - stamp_s
        self._still = 0 if stamp_s > self._newest_s or step_s < -BACK_S else self._still + 1
        if self._still >= STILL_PICTURES:
            self.distrusted = f"{STILL_PICTURES} pictures in a row with no newer timestamp"
        self._newest_s = max(self._newest_s, stamp_s)
        placed_s = stamp_s + (self._shift_s or 0.0)
        self._placed_s = max(self._placed_s, placed_s)
        return placed_s

    def _watch_pace(self, arrival_s: float) -> None:
        begun_s, placed_s = self._window
        if arrival_s - begun_s < WINDOW_S:
            return
        pace = (self._placed_s - placed_s) / (arrival_s - begun_s)
        self._window = (arrival_s, self._placed_s)
        slow, fast = self._strikes
        self._strikes = (slow + 1 if pace < PACES[0] else 0, fast + 1 if pace > PACES[1] else 0)
        if max(self._strikes) == 2:
            self.distrusted = f"timestamps that run {pace:.2g} times as fast as time"
