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
    """Time-outs of a network source, seconds. The library may take twice as long to notice."""

    open_s: float = 5.0
    read_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A wanted picture.

    media_s: seconds on the source's timeline, which goes on from one file of a folder, or one round of a loop,
    to the next. number: in its recording, from 0; none for live sources. arrival_ms: wall clock when it came.
    stream_ms: the camera's own wall clock of it.
    """

    frame: VideoFrame
    media_s: float
    number: int | None = None
    arrival_ms: int = 0
    stream_ms: int | None = None


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
