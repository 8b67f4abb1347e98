"""MJPEG over HTTP as a source. Pictures that the rate does not need are dropped undecoded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vigie_frame_sampler.clock import WallClock
from vigie_frame_sampler.flood import PacedGrid, ReadingPace, Spacing
from vigie_frame_sampler.http_camera import HttpCamera
from vigie_frame_sampler.jpeg_decode import JpegPictures
from vigie_frame_sampler.jpeg_stream import JpegStream, NoPicturesError
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.picture import Limits, Picture, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import Response

    from vigie_frame_sampler.plan import CameraPlan


@dataclass(slots=True)
class MjpegSource:
    """A camera that sends one JPEG after another in a single answer."""

    plan: CameraPlan
    limits: Limits
    notes: Notes = field(default_factory=Notes)
    _parts: int = field(default=0, init=False)

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        """See Source. The end of the stream is an error: a camera has no end."""
        # a camera that is set to a picture every ten seconds is no camera that hangs
        patience_s = max(self.limits.read_s, 2.0 / self.plan.fps)
        with HttpCamera(self.plan, self.limits) as camera:
            response = camera.get(patience_s)
            yield from self._received(camera, response, patience_s, stopped)
            if stopped():
                return
            if self._parts == 1 and "multipart" not in response.headers.get("Content-Type", ""):
                raise SourceError(f"{camera.where()} gives one picture and no stream; name it in source.snapshot")
            raise SourceError(f"{camera.where()}: the camera closed the stream; connecting again")

    def remark(self) -> str | None:
        """See Source."""
        return None

    def _received(
        self, camera: HttpCamera, response: Response, patience_s: float, stopped: Callable[[], bool]
    ) -> Iterator[Picture]:
        stream, grid, pace, spacing = JpegStream(), PacedGrid(self.plan.fps), ReadingPace(), Spacing()
        wall, jpegs = WallClock(), JpegPictures(self.plan.width, self.notes)
        begun_s = last_s = time.monotonic()
        for chunk in camera.chunks(response):
            if stopped():
                return
            try:
                parts = list(stream.feed(chunk))
            except NoPicturesError as none:
                kind = response.headers.get("Content-Type", "no Content-Type")
                raise SourceError(
                    f"{camera.where()}: what comes is no MJPEG ({none}; {kind}); check the path"
                ) from None
            now_s = time.monotonic()
            if not parts and now_s - last_s > patience_s:
                raise SourceError(
                    f"{camera.where()} lost (no whole picture within {patience_s:g} s): "
                    "check that the camera is on and reachable"
                )
            self.notes.total("torn", stream.torn, "pictures broke off")
            for part in parts:
                last_s = now_s
                self._parts += 1
                media_s = now_s - begun_s
                grid.arrived(now_s)
                grid.source_s = spacing.add(media_s) or grid.source_s
                if grid.take(media_s) and (found := jpegs.decode(part.jpeg, camera.where())) is not None:
                    yield Picture(found[0], media_s, None, wall.now_ms(), part.stream_ms, source_size=found[1])
                if (rest_s := pace.rest_s(now_s)) > 0:
                    time.sleep(rest_s)
                    now_s = time.monotonic()
                if stopped():
                    return
            self.notes.total("flood", pace.floods, "more pictures a second than any camera has; reading is slowed down")
