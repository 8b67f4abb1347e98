"""When a picture was taken: event time in milliseconds since 1970 UTC, strictly rising.

A live stream's own clock (RTCP sender reports, RFC 3550 section 6.4.1; the X-Timestamp of an HTTP picture) is used
where it comes as the session starts and agrees with arrival within two seconds; else arrival. Each frame says which,
and by how much it may be wrong. A recording has its own time: where it starts, plus the position in it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

AGREE_MS: Final = 2_000
"""How far the stream's clock may be from arrival."""

CREEP: Final = 0.002
"""How fast the estimate of the least delay may rise, seconds a second: more than any camera's crystal drifts."""

TAKE_UP_S: Final = 15.0
"""A stream's clock that comes this soon after the first picture is still taken up: many cameras send their first
sender report with a delay of a few seconds."""

SLEW: Final = 0.05
"""How fast event time then goes over from arrival to the stream's clock, seconds a second."""

ARRIVAL_DELAY_MS: Final = 250
"""What camera, encoder and network usually take from the light to the last byte. Without the camera's clock it cannot
be measured: cameras on a local network lie between 100 and 400 ms."""

SPREAD_FADES: Final = 0.98
"""What remains, from one picture to the next, of the largest delay seen beyond the least."""


@dataclass(slots=True)
class Rising:
    """Makes times rise strictly: a time at or below the last becomes the last plus one millisecond."""

    last_ms: int | None = None

    def __call__(self, at_ms: int) -> int:
        """The time itself where it rises, else the next possible."""
        self.last_ms = at_ms if self.last_ms is None else max(at_ms, self.last_ms + 1)
        return self.last_ms


@dataclass(slots=True)
class WallClock:
    """Wall clock of one connection, ms since 1970 UTC: read as it begins, then carried on by a clock never set.

    So setting this machine's clock moves no event time before the next connection.
    """

    _lead_s: float = field(default_factory=lambda: time.time() - time.monotonic(), init=False)

    def now_ms(self) -> int:
        """This moment."""
        return round((self._lead_s + time.monotonic()) * 1000)


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
    """Event time of one live session.

    `error_ms`: by how much the last event time may be wrong. On the stream's clock: how far that is from the least
    delay on arrival, because the truth lies between the two. On arrival: the usual delay of a camera
    (`ARRIVAL_DELAY_MS`), plus the largest recent delay beyond the least, plus how long the camera had been asked.
    """

    name: str = field(default="unknown", init=False)
    error_ms: int = field(default=ARRIVAL_DELAY_MS, init=False)
    _lead_ms: float = field(default=0.0, init=False)
    _media_s: float = field(default=0.0, init=False)
    _begun_s: float = field(default=0.0, init=False)
    _spread_ms: float = field(default=0.0, init=False)
    _slew_ms: float = field(default=0.0, init=False)
    _doubted: bool = field(default=False, init=False)

    def at(self, media_s: float, arrival_ms: int, stream_ms: int | None, wait_ms: int = 0) -> int:
        """Event time of a picture.

        Args:
            media_s: its time on the stream's timeline.
            arrival_ms: wall clock when its packet came in.
            stream_ms: the stream's own wall clock of it, once a sender report has come.
            wait_ms: how long the camera had been asked for it.
        """
        agrees = stream_ms is not None and abs(stream_ms - arrival_ms) <= AGREE_MS
        self._doubted |= stream_ms is not None and not agrees
        passed_s = max(0.0, media_s - self._media_s)
        if self.name == "unknown":
            self.name, self._begun_s = "stream" if agrees else "arrival", media_s
            self._anchor(media_s, arrival_ms)
        at_arrival_ms = self._from_arrival(media_s, arrival_ms)
        if stream_ms is not None and agrees and self._may_take_up(media_s):
            self.name, self._slew_ms = "stream", float(at_arrival_ms - stream_ms)
        if self.name == "stream" and not agrees:
            self.name = "arrival"  # the camera's clock was set while it ran: not to be trusted any more
            self._doubted = True
        if self.name == "stream" and stream_ms is not None:
            step_ms = passed_s * SLEW * 1000
            self._slew_ms -= max(-step_ms, min(step_ms, self._slew_ms))
            self.error_ms = round(abs(at_arrival_ms - stream_ms) + abs(self._slew_ms))
            return stream_ms + round(self._slew_ms)
        self.error_ms = round(ARRIVAL_DELAY_MS + self._spread_ms) + wait_ms
        return at_arrival_ms

    def _may_take_up(self, media_s: float) -> bool:
        return self.name == "arrival" and not self._doubted and media_s - self._begun_s <= TAKE_UP_S

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
        self._spread_ms = max(lead - self._lead_ms, self._spread_ms * SPREAD_FADES)
        return round(self._lead_ms + media_s * 1000)
