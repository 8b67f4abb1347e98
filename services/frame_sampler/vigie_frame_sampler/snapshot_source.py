"""HTTP snapshots as a source: one JPEG asked for each time a picture is due, over a connection that stays open.

A camera that says "not modified" (RFC 9110, section 13.1), or sends the same bytes again, still shows the same picture:
it goes out again without being decoded again, so that a frozen camera is told from one that is away.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vigie_frame_sampler.clock import WallClock
from vigie_frame_sampler.http_camera import HttpCamera
from vigie_frame_sampler.jpeg_decode import JpegPictures
from vigie_frame_sampler.jpeg_stream import MAX_JPEG_BYTES, wall_clock_ms
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.picture import Limits, Picture, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.video.frame import VideoFrame
    from requests import Response

    from vigie_frame_sampler.plan import CameraPlan

NAP_S: Final = 0.1
"""A wait looks so often whether it is to end."""


@dataclass(slots=True)
class SnapshotSource:
    """A camera that is asked for each picture, `fps` times a second and never twice at once."""

    plan: CameraPlan
    limits: Limits
    notes: Notes = field(default_factory=Notes)
    _body: bytes = field(default=b"", init=False)
    _frame: VideoFrame | None = field(default=None, init=False)
    _size: tuple[int, int] = field(default=(0, 0), init=False)
    _validators: dict[str, str] = field(default_factory=dict, init=False)
    _jpegs: JpegPictures = field(init=False)

    def __post_init__(self) -> None:
        self._jpegs = JpegPictures(self.plan.width, self.notes)

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        """See Source. It ends only when it is stopped."""
        period_s, wall = 1.0 / self.plan.fps, WallClock()
        # cameras that begin together are not to be asked together
        begun_s = time.monotonic() + random.uniform(0.0, min(1.0, period_s))  # noqa: S311 - no secret
        due_s = begun_s
        with HttpCamera(self.plan, self.limits) as camera:
            while _wait_until(due_s, stopped):
                asked_s = time.monotonic()
                response = self._ask(camera)
                stream_ms = wall_clock_ms(response.headers.get("X-Timestamp", ""))
                fresh = self._show(camera, response)
                now_s = time.monotonic()
                if fresh and self._frame is not None:
                    waited_ms = round((now_s - asked_s) * 1000)
                    yield Picture(self._frame, now_s - begun_s, None, wall.now_ms(), stream_ms, waited_ms, self._size)
                # a slow answer costs the pictures in between and no more
                due_s = begun_s + period_s * (math.floor((time.monotonic() - begun_s) / period_s) + 1)

    def remark(self) -> str | None:
        """See Source."""
        return None

    def _ask(self, camera: HttpCamera) -> Response:
        """The camera's answer; a connection that the camera had closed meanwhile is opened anew, once."""
        try:
            return camera.get(self.limits.read_s, self._validators)
        except SourceError as lost:
            if self._frame is None or "closed the connection" not in str(lost):
                raise
            return camera.get(self.limits.read_s, self._validators)

    def _show(self, camera: HttpCamera, response: Response) -> bool:
        """Make the answer's picture the current one; whether there is a current one now."""
        kind = response.headers.get("Content-Type", "no Content-Type")
        if "multipart" in kind:
            raise SourceError(f"{camera.where()} gives a stream ({kind}); name it in source.mjpeg")
        body = camera.body(response, self.limits.read_s, MAX_JPEG_BYTES)
        if self._frame is not None and (response.status_code == 304 or body == self._body):
            return True
        if not body.startswith(b"\xff\xd8"):
            raise SourceError(f"{camera.where()}: what comes is no JPEG ({kind}, {len(body)} bytes); check the path")
        found = self._jpegs.decode(body, camera.where())
        if found is None:
            return False
        (self._frame, self._size), self._body = found, body
        # Last-Modified would not do: it counts whole seconds
        tag = response.headers.get("ETag")
        self._validators = {} if tag is None else {"If-None-Match": tag}
        return True


def _wait_until(due_s: float, stopped: Callable[[], bool]) -> bool:
    """Whether the time has come; not where it was stopped before."""
    while not stopped():
        left_s = due_s - time.monotonic()
        if left_s <= 0:
            return True
        time.sleep(min(left_s, NAP_S))
    return False
