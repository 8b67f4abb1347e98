"""Recordings as a source: a video file, or the videos and images of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import av.error

from vigie_common.errors import BadInputError
from vigie_frame_sampler.decode import GopDecoder
from vigie_frame_sampler.picture import Picture, tick_of, video_stream
from vigie_frame_sampler.sampling import EventGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vigie_frame_sampler.plan import CameraPlan

VIDEOS: Final = frozenset({".avi", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"})
IMAGES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png"})

TRUNCATED_S: Final = 1.0
"""A recording that ends this much before its header says was cut off."""


@dataclass(slots=True)
class RecordingSource:
    """A file, or the videos and images of a folder in the order of their names; once, or round and round.

    An image of a folder stands for one interval of the sampling rate. A file of a folder that cannot be read is left
    out and remarked on, unless none can.
    """

    plan: CameraPlan
    _remark: str | None = None

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        """See Source. A round of a loop continues the timeline of the one before; numbers begin again at 0."""
        files = self._files()
        grid = EventGrid(self.plan.fps)
        shift_s = 0.0
        while not stopped():
            first, broken = 0, 0
            for path in files:
                reader = _FileReader(self.plan, path, grid, shift_s, first)
                try:
                    yield from reader.pictures(stopped)
                except BadInputError as unreadable:
                    broken += 1
                    if broken == len(files):
                        raise
                    self._remark = str(unreadable)
                shift_s, first = max(shift_s, reader.end_s), first + reader.packets
                self._remark = reader.remark or self._remark
            if not self.plan.loop:
                return

    def remark(self) -> str | None:
        """See Source."""
        return self._remark

    def _files(self) -> list[Path]:
        plan, path = self.plan, Path(self.plan.uri)
        if plan.kind == "file":
            return [path]
        where = f"camera {plan.camera_id}: folder {path}"
        try:
            files = sorted(p for p in path.iterdir() if p.suffix.lower() in VIDEOS | IMAGES and p.is_file())
        except OSError as unreadable:
            raise BadInputError(f"{where} cannot be read ({unreadable.strerror}); check the path") from None
        if not files:
            raise BadInputError(f"{where} holds no video or image ({', '.join(sorted(VIDEOS | IMAGES))})")
        return files


@dataclass(slots=True)
class _FileReader:
    """One file of a recording, from its first picture to its last."""

    plan: CameraPlan
    path: Path
    grid: EventGrid
    shift_s: float
    first: int
    end_s: float = 0.0
    packets: int = 0
    remark: str | None = None

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        with self._open() as container:
            stream = video_stream(container, self._where())
            try:
                yield from self._decoded(container, stream, stopped)
            except av.error.FFmpegError as broken:
                self.remark = f"{self._where()}: reading ended early ({broken.strerror})"
            except OSError as broken:
                raise BadInputError(f"{self._where()} cannot be read ({broken.strerror})") from None
        if self.packets == 0 and not stopped():
            raise BadInputError(f"{self._where()} holds no picture: it is empty or truncated; copy it again")

    def _decoded(
        self, container: InputContainer, stream: VideoStream, stopped: Callable[[], bool]
    ) -> Iterator[Picture]:
        image = self.path.suffix.lower() in IMAGES
        base_s: float | None = None
        decoder: GopDecoder | None = None
        step_s = 1.0 / self.plan.fps if image else float(1 / (stream.average_rate or 25))
        self.grid.source_s = step_s
        last_s = -step_s
        for packet in container.demux(stream):
            if stopped():
                return
            if not packet.size:
                continue
            if decoder is None:
                base_s = _begin_s(stream, packet)
                decoder = GopDecoder(stream.codec_context, tick_of(stream), self.grid, self.shift_s - base_s)
            self.packets += not packet.is_discard
            if packet.pts is not None:
                last_s = max(last_s, float(packet.pts * tick_of(stream)) - (base_s or 0.0))
            else:
                last_s += step_s
            self.end_s = self.shift_s + last_s + step_s
            for found in decoder.feed(packet):
                yield Picture(found.frame, found.media_s, self.first + found.number)
        if decoder is None:
            return
        for found in decoder.drain():
            yield Picture(found.frame, found.media_s, self.first + found.number)
        self._note(container, decoder, last_s + step_s)

    def _note(self, container: InputContainer, decoder: GopDecoder, seconds: float) -> None:
        stream = container.streams.video[0]
        promised = _promised_s(container, stream)
        complete = 0 < stream.frames <= self.packets
        if promised - seconds > TRUNCATED_S and not complete:
            self.remark = f"{self._where()}: truncated at {seconds:.1f} s of {promised:.1f} s; copy it again"
        elif decoder.corrupt:
            self.remark = f"{self._where()}: {decoder.corrupt} packets could not be decoded"

    def _open(self) -> InputContainer:
        try:
            if self.path.stat().st_size == 0:
                raise BadInputError(f"{self._where()} is empty (0 bytes); copy it again")
            return av.open(str(self.path))
        except av.error.FFmpegError as refused:
            raise BadInputError(
                f"{self._where()} is no video that can be read ({refused.strerror}); "
                "give a complete file of a common format, such as MP4 with H.264"
            ) from None
        except OSError as refused:
            raise BadInputError(f"{self._where()} cannot be opened ({refused.strerror}); check the path") from None

    def _where(self) -> str:
        return f"camera {self.plan.camera_id}: {self.path}"


def _begin_s(stream: VideoStream, packet: Packet[VideoStream]) -> float:
    """Where a file's timeline begins: its first picture, which need not be at 0."""
    begin = stream.start_time if stream.start_time is not None else packet.pts
    return float((begin or 0) * tick_of(stream))


def _promised_s(container: InputContainer, stream: VideoStream) -> float:
    """How long the file says it is; a truncated AVI tells only by its number of pictures."""
    counted = stream.frames / (stream.average_rate or 25)
    whole = stream.duration * tick_of(stream) if stream.duration else (container.duration or 0) / av.time_base
    return float(max(counted, whole))
