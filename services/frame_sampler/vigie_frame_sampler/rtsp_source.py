"""RTSP cameras as a source."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import av.error

from vigie_frame_sampler.credentials import with_credentials, without_credentials
from vigie_frame_sampler.decode import GopDecoder
from vigie_frame_sampler.picture import Limits, Picture, SourceError, tick_of, video_stream
from vigie_frame_sampler.sampling import EventGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vigie_frame_sampler.plan import CameraPlan

_WALL_CLOCK: Final = struct.Struct("<q")


@dataclass(slots=True)
class RtspSource:
    """A camera on the network: RTSP over TCP, so that no picture is torn by a lost datagram."""

    plan: CameraPlan
    limits: Limits

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
        grid = EventGrid(self.plan.fps, float(1 / (stream.guessed_rate or 25)))
        decoder = GopDecoder(stream.codec_context, tick, grid, keys_may_suffice=True)
        stamps: dict[int, tuple[int, int | None]] = {}
        newest_s: float | None = None
        for packet in container.demux(stream):
            if stopped():
                return
            if not packet.size or packet.pts is None:
                continue
            media_s = float(packet.pts * tick)
            if newest_s is not None and media_s < newest_s - 1.0:
                raise SourceError(
                    f"{self._where()}: its time jumped back by {newest_s - media_s:.1f} s; connecting again"
                )
            newest_s = media_s if newest_s is None else max(newest_s, media_s)
            stamps[packet.pts] = (time.time_ns() // 1_000_000, _reference_ms(packet))
            for found in decoder.feed(packet):
                arrival_ms, stream_ms = stamps.get(found.frame.pts or 0, (time.time_ns() // 1_000_000, None))
                for old in [pts for pts in stamps if pts <= (found.frame.pts or 0)]:
                    del stamps[old]
                yield Picture(found.frame, found.media_s, None, arrival_ms, stream_ms)

    def _open(self) -> InputContainer:
        address = with_credentials(self.plan.camera_id, self.plan.uri, self.plan.credentials)
        try:
            return av.open(
                address,
                options={"rtsp_transport": "tcp", "allowed_media_types": "video"},
                timeout=(self.limits.open_s, self.limits.read_s),
            )
        except av.error.FFmpegError as refused:
            raise self._error(refused, "cannot be opened") from None

    def _error(self, error: av.error.FFmpegError, what: str) -> SourceError:
        """The library's own message holds the whole address: only its reason is passed on."""
        fix = next((fix for kind, fix in _FIXES.items() if isinstance(error, kind)), "check camera and network")
        credentials = self.plan.credentials or "no credentials"
        return SourceError(f"{self._where()} {what} ({error.strerror}): {fix.format(credentials=credentials)}")

    def _where(self) -> str:
        return f"camera {self.plan.camera_id}: {without_credentials(self.plan.uri)}"


_FIXES: Final[dict[type[av.error.FFmpegError], str]] = {
    av.error.HTTPUnauthorizedError: "the camera refuses {credentials}; correct user and password",
    av.error.HTTPForbiddenError: "{credentials} may not read this stream; give the user the right to",
    av.error.HTTPNotFoundError: "the camera has no such stream; check the path",
    av.error.ConnectionRefusedError: "nothing listens there; check address, port and that the camera is on",
    av.error.TimeoutError: "no answer in time; check that the camera is on and reachable",
    av.error.ExitError: "no answer in time; check that the camera is on and reachable",
    av.error.InvalidDataError: "what comes is no video stream; check the path",
}


def _reference_ms(packet: Packet[VideoStream]) -> int | None:
    """The producer's wall clock of this packet (AVProducerReferenceTime: int64 µs since 1970), in ms."""
    if not packet.has_sidedata("prft"):
        return None
    return int(_WALL_CLOCK.unpack_from(bytes(packet.get_sidedata("prft")))[0]) // 1000
