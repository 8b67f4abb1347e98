"""RTSP cameras as a source."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import av
import av.error

from vigie_frame_sampler.clock import WallClock
from vigie_frame_sampler.credentials import with_credentials, without_credentials
from vigie_frame_sampler.decode import GopDecoder
from vigie_frame_sampler.flood import PacedGrid, ReadingPace, Spacing
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.picture import Limits, Picture, SourceError, tick_of, video_stream
from vigie_frame_sampler.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vigie_frame_sampler.plan import CameraPlan

_WALL_CLOCK: Final = struct.Struct("<q")

UNDECODED_S: Final = 90.0
"""A stream that gives no picture for so long, or four times the sampling interval, is begun anew: nothing but a fresh
connection brings back parameter sets that were lost. Longer than any usual key frame interval."""


@dataclass(slots=True)
class RtspSource:
    """A camera on the network: RTSP over TCP, so that no picture is torn by a lost datagram."""

    plan: CameraPlan
    limits: Limits
    notes: Notes = field(default_factory=Notes)

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        """See Source. The end of the stream is an error: a camera has no end."""
        with self._open() as container:
            stream = video_stream(container, self._where())
            try:
                yield from self._received(container, stream, stopped)
            except av.error.FFmpegError as lost:
                raise self._error(lost, "lost") from None
        if not stopped():
            raise SourceError(f"{self._where()}: the camera closed the stream; connecting again")

    def remark(self) -> str | None:
        """See Source."""
        return None

    def _received(
        self, container: InputContainer, stream: VideoStream, stopped: Callable[[], bool]
    ) -> Iterator[Picture]:
        tick = tick_of(stream)
        timeline, grid, pace, spacing = Timeline(), PacedGrid(self.plan.fps), ReadingPace(), Spacing()
        decoder = GopDecoder(
            stream.codec_context, tick, grid, keys_may_suffice=True, loop_filter=self.limits.loop_filter
        )
        wall = WallClock()
        stamps: dict[int, tuple[int, int | None]] = {}
        patience_s, shown_s = max(UNDECODED_S, 4.0 / self.plan.fps), time.monotonic()
        for packet in container.demux(stream):
            if stopped():
                return
            if not packet.size:
                continue
            now_s, arrival_ms = time.monotonic(), wall.now_ms()
            media_s = timeline.place(None if packet.pts is None else float(packet.pts * tick), now_s)
            # from here on the stream's timestamps are those of its even timeline
            packet.pts, packet.dts = round(media_s / tick), None
            grid.arrived(now_s)
            grid.source_s = spacing.add(media_s) or grid.source_s
            stamps[packet.pts] = (arrival_ms, _reference_ms(packet))
            for found in decoder.feed(packet):
                shown, shown_s = found.frame.pts or 0, now_s
                arrival_ms, stream_ms = stamps.get(shown, (arrival_ms, None))
                stamps = {pts: stamp for pts, stamp in stamps.items() if pts > shown}
                yield Picture(found.frame, found.media_s, None, arrival_ms, stream_ms)
            self._note(timeline, pace, decoder)
            if now_s - shown_s > patience_s:
                raise SourceError(
                    f"{self._where()}: packets come, but no picture could be decoded for {patience_s:g} s; "
                    "connecting again; if it goes on, choose H.264 or H.265 at the camera"
                )
            if (rest_s := pace.rest_s(now_s)) > 0:
                time.sleep(rest_s)

    def _note(self, timeline: Timeline, pace: ReadingPace, decoder: GopDecoder) -> None:
        self.notes.total("time_jump", timeline.jumps, "its timestamps jumped; bridged")
        self.notes.total("time_distrusted", timeline.distrusted is not None, f"{timeline.distrusted}; arrival counts")
        self.notes.total("flood", pace.floods, "more pictures a second than any camera has; reading is slowed down")
        self.notes.total("corrupt", decoder.corrupt, "packets that cannot be decoded")

    def _open(self) -> InputContainer:
        address = with_credentials(self.plan.camera_id, self.plan.uri, self.plan.credentials)
        begun_s = time.monotonic()
        try:
            return av.open(
                address,
                options={"rtsp_transport": "tcp", "allowed_media_types": "video"},
                timeout=(self.limits.open_s, self.limits.read_s),
            )
        except av.error.FFmpegError as refused:
            if time.monotonic() - begun_s >= self.limits.open_s:  # the library gives other reasons, by what it awaited
                raise SourceError(f"{self._where()} cannot be opened {_SILENT}") from None
            raise self._error(refused, "cannot be opened") from None

    def _error(self, error: av.error.FFmpegError, what: str) -> SourceError:
        """The library's own message holds the whole address: only its reason is passed on."""
        if isinstance(error, (av.error.ExitError, av.error.TimeoutError)):
            return SourceError(f"{self._where()} {what} {_SILENT}")
        fix = next((fix for kind, fix in _FIXES.items() if isinstance(error, kind)), "check camera and network")
        credentials = self.plan.credentials or "no credentials"
        return SourceError(f"{self._where()} {what} ({error.strerror}): {fix.format(credentials=credentials)}")

    def _where(self) -> str:
        return f"camera {self.plan.camera_id}: {without_credentials(self.plan.uri)}"


_SILENT: Final = "(no answer in time): check that the camera is on and reachable"

_FIXES: Final[dict[type[av.error.FFmpegError], str]] = {
    av.error.HTTPUnauthorizedError: "the camera refuses {credentials}; correct user and password",
    av.error.HTTPForbiddenError: "{credentials} may not read this stream; give the user the right to",
    av.error.HTTPNotFoundError: "the camera has no such stream; check the path",
    av.error.ConnectionRefusedError: "nothing listens there; check address, port and that the camera is on",
    av.error.InvalidDataError: "what comes is no video stream; check the path",
}


def _reference_ms(packet: Packet[VideoStream]) -> int | None:
    """The producer's wall clock of this packet (AVProducerReferenceTime: int64 µs since 1970), in ms."""
    if not packet.has_sidedata("prft"):
        return None
    return int(_WALL_CLOCK.unpack_from(bytes(packet.get_sidedata("prft")))[0]) // 1000
