"""Frame records of one camera: sessions, sequence numbers, and every frame's image or the reason why there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vigie_frame_sampler.clock import Rising
from vigie_frame_sampler.masks import MaskStamp, draw_masks
from vigie_frame_sampler.measure import HealthMeter, small_copy, visible_of
from vigie_frame_sampler.motion import MotionGate
from vigie_frame_sampler.planes import jpeg_of, luma_of, planes_of
from vigie_frame_sampler.view_watch import ViewMemory, ViewWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from vigie_frame_sampler.picture import Picture
    from vigie_frame_sampler.plan import CameraPlan

MASK_SIZE: Final = (640, 360)
"""Size at which masks are drawn for the motion gate."""

FrameRecord = dict[str, Any]
"""A Frame as `schemas/frame` declares it."""


@dataclass(slots=True)
class FrameWriter:
    """Makes the Frame records of one camera, in order.

    A session is one connection, or one reading of a recording. Event time rises strictly, from one session to the
    next too. `view`: what is known of the camera's view from before.
    """

    plan: CameraPlan
    new_session: Callable[[], str]
    rising: Rising = field(default_factory=Rising)
    view: ViewMemory = field(default_factory=ViewMemory)
    session: str = field(default="", init=False)
    encode_s: float = field(default=0.0, init=False)
    _seq: int = field(default=0, init=False)
    _meter: HealthMeter = field(init=False)
    _gate: MotionGate | None = field(default=None, init=False)
    _shows: tuple[object, NDArray[np.bool_] | None] = field(default=((), None), init=False)
    _stamp: MaskStamp | None = field(default=None, init=False)
    _stamp_of: tuple[object, int, int] | None = field(default=None, init=False)
    _source_size: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self) -> None:
        self._meter = HealthMeter(ViewWatch(self.view))
        self.begin_session()

    def begin_session(self) -> None:
        """Number from 0 again, under a new id."""
        self.session, self._seq, self._gate = self.new_session(), 0, None
        self._meter.begin_session()

    def wants(self, picture: Picture, captured_at_ms: int) -> bool:
        """Whether the camera's motion gate, if it has one, lets the picture through to `image`."""
        plan = self.plan
        if plan.still_fps is None:
            self._gate = None
            return True
        if self._gate is None:
            self._gate = MotionGate(patience_ms=round(plan.heartbeat_s * 1000))
        small = small_copy(luma_of(picture.frame))
        visible = self._visible()
        still_ms, early_ms = round(1000 / plan.still_fps), round(500 / plan.fps)
        return self._gate.wants(small, visible, captured_at_ms, still_ms, early_ms)

    def image(
        self, picture: Picture, captured_at_ms: int, clock: str, clock_error_ms: int | None = None
    ) -> FrameRecord:
        """The record of a picture: scaled, masked, measured, encoded."""
        begun = time.perf_counter()
        frame = picture.frame
        planes = planes_of(frame, self.plan.width)
        stamp = self._stamp_for(planes.width, planes.height)
        if stamp is not None:
            stamp.burn(planes)
        captured_at_ms = self.rising(captured_at_ms)
        verdict = self._meter.judge(planes, stamp, captured_at_ms, self.plan.view_confirmed_at)
        self.view = self._meter.memory
        jpeg = jpeg_of(planes)
        self.encode_s = time.perf_counter() - begun
        self._source_size = picture.size
        record = self._record(
            captured_at_ms, clock, verdict.status, verdict.reason, planes.width, planes.height, picture.number, jpeg
        )
        record["clock_error_ms"] = clock_error_ms
        if self._gate is not None:
            record |= {"still": self._gate.still, "watched_ms": self._gate.watched_ms}
        return record

    def absence(self, status: str, reason: str, captured_at_ms: int, clock: str) -> FrameRecord:
        """A record without an image: offline, ended."""
        return self._record(self.rising(captured_at_ms), clock, status, reason, 0, 0, None, None)

    def _record(
        self,
        captured_at_ms: int,
        clock: str,
        status: str,
        reason: str | None,
        width: int,
        height: int,
        number: int | None,
        jpeg: bytes | None,
    ) -> FrameRecord:
        seq, self._seq = self._seq, self._seq + 1
        return {
            "camera_id": self.plan.camera_id,
            "session": self.session,
            "seq": seq,
            "captured_at": captured_at_ms,
            "clock": clock,
            "clock_error_ms": None,
            "still": False,
            "watched_ms": 0,
            "status": status,
            "reason": reason,
            "camera_version": self.plan.version,
            "models": list(self.plan.models),
            "width": width,
            "height": height,
            "source_width": self._source_size[0],
            "source_height": self._source_size[1],
            "source_frame": number,
            "jpeg": jpeg,
        }

    def _visible(self) -> NDArray[np.bool_] | None:
        """The pixels of the small copy that masks leave whole, before any image was made."""
        if self._shows[0] != self.plan.masks:
            stamp = draw_masks(self.plan.masks, MASK_SIZE[0], MASK_SIZE[1])
            self._shows = (self.plan.masks, None if stamp is None else visible_of(stamp))
        return self._shows[1]

    def _stamp_for(self, width: int, height: int) -> MaskStamp | None:
        wanted = (self.plan.masks, width, height)
        if wanted != self._stamp_of:
            self._stamp, self._stamp_of = draw_masks(self.plan.masks, width, height), wanted
        return self._stamp


def shed(record: FrameRecord, reason: str) -> FrameRecord:
    """The same record without its image: it was given up under load."""
    return record | {"status": "shed", "reason": reason, "width": 0, "height": 0, "jpeg": None}
