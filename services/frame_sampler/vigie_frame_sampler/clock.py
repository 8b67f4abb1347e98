"""When a picture was taken: event time in milliseconds since 1970 UTC, strictly rising.

A live stream's own clock (RTCP sender reports, RFC 3550 section 6.4.1) is used where it is there at the
session's start and agrees with arrival within two seconds; else arrival, and each frame says which.
A recording has its own time: where it starts, plus the position in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

AGREE_MS: Final = 2_000
"""How far the stream's clock may be from arrival."""

CREEP: Final = 0.002
"""How fast the estimate of the least delay may rise, seconds a second: more than any camera's crystal drifts."""


@dataclass(slots=True)
class Rising:
    """Makes times rise strictly: a time at or below the last becomes the last plus one millisecond."""

    last_ms: int | None = None

    def __call__(self, at_ms: int) -> int:
        """The time itself where it rises, else the next possible."""
        self.last_ms = at_ms if self.last_ms is None else max(at_ms, self.last_ms + 1)
        return self.last_ms


@dataclass(slots=True)
class RecordingClock:
    """Event time of a recording: `start_ms` plus the position in it."""

    start_ms: int
    name: str = field(default="recording", init=False)

    def at(self, media_s: float) -> int:
        """Event time of the picture at this position."""
        return self.start_ms + round(media_s * 1000)


@dataclass(slots=True)
class LiveClock:
    """Event time of one live session."""

    name: str = field(default="unknown", init=False)
    _lead_ms: float = field(default=0.0, init=False)
    _media_s: float = field(default=0.0, init=False)

    def at(self, media_s: float, arrival_ms: int, stream_ms: int | None) -> int:
        """Event time of a picture.

        Args:
            media_s: its time on the stream's timeline.
            arrival_ms: wall clock when its packet came in.
            stream_ms: the stream's own wall clock of it, once a sender report has come.
        """
        agrees = stream_ms is not None and abs(stream_ms - arrival_ms) <= AGREE_MS
        if self.name == "unknown":
            self.name = "stream" if agrees else "arrival"
            self._anchor(media_s, arrival_ms)
        elif self.name == "stream" and not agrees:
            self.name = "arrival"  # the camera's clock was set while it ran: not to be trusted any more
            self._anchor(media_s, arrival_ms)
        if self.name == "stream" and stream_ms is not None:
            return stream_ms
        return self._from_arrival(media_s, arrival_ms)

    def _anchor(self, media_s: float, arrival_ms: int) -> None:
        self._media_s, self._lead_ms = media_s, arrival_ms - media_s * 1000

    def _from_arrival(self, media_s: float, arrival_ms: int) -> int:
        """Position plus the least delay seen, so that network jitter does not move event time."""
        lead = arrival_ms - media_s * 1000
        crept = self._lead_ms + max(0.0, media_s - self._media_s) * 1000 * CREEP
        if abs(lead - crept) > AGREE_MS:
            self._anchor(media_s, arrival_ms)
            return arrival_ms
        self._lead_ms, self._media_s = min(lead, crept), media_s
        return round(self._lead_ms + media_s * 1000)
