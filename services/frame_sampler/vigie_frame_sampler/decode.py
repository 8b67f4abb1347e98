"""Decodes no more of a stream than the sampling grid needs.

A picture of H.264 or H.265 depends on those before it back to a key frame, so a group of pictures (GOP) has
to be fed up to its last wanted picture, and the rest of it can stay undecoded. Packets wait here
until one of them is wanted; at the next key frame those still waiting are thrown away.

Where pictures are reordered (B-frames) a wanted packet is not yet a wanted picture: decoding then goes on,
packet after packet, until the decoder has shown every wanted picture it was fed. Pictures that no other depends on
(most B-frames, the upper layers of scalable H.264) are left out unless they are wanted themselves.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import av
import av.error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from vigie_frame_sampler.sampling import EventGrid

OVERDUE: Final = 1.25
"""A key frame is overdue after this many of the usual key frame intervals."""

KEYS_SEEN: Final = 3
"""Intervals between key frames that are watched before trusting them."""

BLIND_PACKETS: Final = 300
"""Packets without any key frame after which a stream is decoded as it is (intra refresh)."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A wanted picture: `media_s` seconds on the stream's own timeline, `number` from 0 in display order."""

    frame: VideoFrame
    media_s: float
    number: int


@dataclass(slots=True)
class GopDecoder:
    """Packets of one stream in, wanted pictures out, in display order.

    Args:
        context: the stream's decoder.
        time_base: seconds a tick of the packets' times.
        grid: which pictures are wanted.
        shift_s: added to the stream's time; a recording that follows another goes on where that ended.
        keys_may_suffice: take the first *key* frame of each cell where key frames come often enough.
            Cheap, at the price of jitter in the spacing: right for live cameras.
        loop_filter: smooth the edges of blocks (H.264 section 8.7, H.265 section 8.7). Without, a fifth to a third
            of the decoding is saved, and pictures differ from the true ones by more and more up to the next key frame.
    """

    context: VideoCodecContext
    time_base: Fraction
    grid: EventGrid
    shift_s: float = 0.0
    keys_may_suffice: bool = False
    loop_filter: bool = True
    corrupt: int = 0
    _waiting: list[Packet[VideoStream]] = field(default_factory=list)
    _skipped: bool = False
    _started: bool = False
    _blind: int = 0
    _fed_s: float | None = None
    _uncounted: list[int] = field(default_factory=list)
    _counted: int = 0
    _unstamped: int = 0
    _key_s: float | None = None
    _key_gaps: list[float] = field(default_factory=list)
    _ticks: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        self.context.thread_count = 1
        if not self.loop_filter:
            self.context.options = {**self.context.options, "skip_loop_filter": "all"}
        self._ticks = self.time_base.as_integer_ratio()

    def feed(self, packet: Packet[VideoStream]) -> Iterator[Decoded]:
        """The wanted pictures that this packet brings to light."""
        if packet.pts is None:
            yield from self._decode(packet)
            return
        if packet.is_discard:
            yield from self._decode(packet)
            return
        heapq.heappush(self._uncounted, packet.pts)
        media_s = self._media_s(packet.pts)
        if not self._started and not packet.is_keyframe and self._blind < BLIND_PACKETS:
            self._blind += 1
            return
        self._started = True
        if packet.is_keyframe:
            self._note_key(media_s)
        if self._keys_suffice():
            yield from self._feed_keys(packet, media_s)
        elif self._fed_s is not None and self.grid.wants(self._fed_s):
            yield from self._decode(packet)
        else:
            yield from self._feed_lazily(packet, media_s)

    def drain(self) -> Iterator[Decoded]:
        """The wanted pictures still inside the decoder at the end of the stream."""
        yield from self._decode(None)

    def _feed_lazily(self, packet: Packet[VideoStream], media_s: float) -> Iterator[Decoded]:
        if packet.is_keyframe and self._waiting and not self._leads_to_wanted(media_s):
            self._waiting.clear()
            self._skipped = True
        self._waiting.append(packet)
        if self.grid.wants(media_s):
            yield from self._feed_waiting()

    def _leads_to_wanted(self, key_s: float) -> bool:
        """Whether a wanted picture comes after this key frame but is shown before it: an open GOP.

        It depends on the pictures before the key frame, so these cannot be thrown away.
        """
        newest_s = max(self._media_s(packet.pts or 0) for packet in self._waiting)
        return key_s - newest_s > 1.5 * self.grid.source_s and self.grid.wants(key_s - 0.9 * self.grid.source_s)

    def _feed_waiting(self) -> Iterator[Decoded]:
        waiting, self._waiting = self._waiting, []
        if self._skipped:
            self.context.flush_buffers()
            self._skipped = False
        for packet in waiting:
            wanted = self.grid.wants(self._media_s(packet.pts or 0))
            self.context.skip_frame = "DEFAULT" if wanted else "NONREF"
            yield from self._decode(packet)
        self.context.skip_frame = "DEFAULT"

    def _feed_keys(self, packet: Packet[VideoStream], media_s: float) -> Iterator[Decoded]:
        if packet.is_keyframe:
            self._waiting = [packet]
            self._skipped = True
            if self.grid.wants(media_s):
                self.context.flush_buffers()
                yield from self._decode(packet)
                yield from self._decode(None)  # a decoder that reorders would hold it until the next key frame
                self.context.flush_buffers()
                self._fed_s = None
            return
        self._waiting.append(packet)
        overdue = self._key_s is not None and media_s - self._key_s > OVERDUE * max(self._key_gaps)
        if overdue and self.grid.wants(media_s):
            self._key_gaps.clear()
            yield from self._feed_waiting()

    def _note_key(self, media_s: float) -> None:
        if self._key_s is not None:
            self._key_gaps = [*self._key_gaps[1 - KEYS_SEEN :], media_s - self._key_s]
        self._key_s = media_s

    def _keys_suffice(self) -> bool:
        if not self.keys_may_suffice or len(self._key_gaps) < KEYS_SEEN:
            return False
        return max(self._key_gaps) * self.grid.fps <= 1.0

    def _decode(self, packet: Packet[VideoStream] | None) -> Iterator[Decoded]:
        if packet is not None and packet.pts is not None:
            media_s = self._media_s(packet.pts)
            self._fed_s = media_s if self._fed_s is None else max(self._fed_s, media_s)
        try:
            frames = self.context.decode(packet)
        except av.error.InvalidDataError:
            self.corrupt += 1
            return
        except av.error.EOFError:
            return
        for frame in frames:
            media_s, number = self._place(frame)
            if self.grid.take(media_s):
                yield Decoded(frame, media_s, number)

    def _place(self, frame: VideoFrame) -> tuple[float, int]:
        if frame.pts is None:
            rate = self.context.framerate or 25
            self._unstamped += 1
            return self.shift_s + float((self._unstamped - 1) / rate), self._unstamped - 1
        while self._uncounted and self._uncounted[0] < frame.pts:
            heapq.heappop(self._uncounted)
            self._counted += 1
        return self._media_s(frame.pts), self._counted

    def _media_s(self, pts: int) -> float:
        numerator, denominator = self._ticks
        return pts * numerator / denominator + self.shift_s  # as exact as a Fraction, at a tenth of its cost
