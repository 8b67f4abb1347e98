"""What every source gives, what it raises, and what all of them ask of the library."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from vigie_common.errors import BadInputError, VigieError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


class SourceError(VigieError):
    """A camera does not give what it should, now; connecting again may help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs of a network source, seconds. RTSP may take twice as long to notice.

    ca_file: certificates that https cameras are trusted by, PEM; none: the public authorities. loop_filter: whether
    streams are decoded as they ask, or cheaper and a little wrong (`decode.GopDecoder`).
    """

    open_s: float = 5.0
    read_s: float = 4.0
    ca_file: str | None = None
    loop_filter: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A wanted picture.

    media_s: seconds on the source's timeline, which goes on from one file of a folder, or one round of a loop,
    to the next. number: in its recording, from 0; none for live sources. arrival_ms: wall clock when it came.
    stream_ms: the camera's own wall clock of it. wait_ms: how long the camera was asked for it, where it has to be
    asked. source_size: width and height as the camera sent it, where `frame` has been made smaller already.
    """

    frame: VideoFrame
    media_s: float
    number: int | None = None
    arrival_ms: int = 0
    stream_ms: int | None = None
    wait_ms: int = 0
    source_size: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture as the camera sent it."""
        return self.source_size or (self.frame.width, self.frame.height)


def video_stream(container: InputContainer, where: str) -> VideoStream:
    """The stream of pictures.

    Raises:
        BadInputError: there is none.
    """
    if not container.streams.video:
        raise BadInputError(f"{where} has no video stream; give one that has")
    return container.streams.video[0]


def tick_of(stream: VideoStream) -> Fraction:
    """Seconds a tick of the stream's times."""
    return stream.time_base or Fraction(1, 90_000)
