"""Frame records of one camera: sessions, sequence numbers, and every frame's image or the reason why there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vigie_frame_sampler.clock import Rising
from vigie_frame_sampler.masks import MaskStamp, draw_masks
from vigie_frame_sampler.measure import HealthMeter
from vigie_frame_sampler.planes import jpeg_of, planes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie_frame_sampler.picture import Picture
    from vigie_frame_sampler.plan import CameraPlan

FrameRecord = dict[str, Any]
"""A Frame as `schemas/frame` declares it."""


@dataclass(slots=True)
class FrameWriter:
    """Makes the Frame records of one camera, in order.

    A session is one connection, or one reading of a recording. Event time rises strictly, from one session to the
    next too.
    """

    plan: CameraPlan
    new_session: Callable[[], str]
    rising: Rising = field(default_factory=Rising)
    session: str = field(default="", init=False)
    encode_s: float = field(default=0.0, init=False)
    _seq: int = field(default=0, init=False)
    _meter: HealthMeter = field(default_factory=HealthMeter, init=False)
    _stamp: MaskStamp | None = field(default=None, init=False)
    _stamp_of: tuple[object, int, int] | None = field(default=None, init=False)
    _source_size: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self) -> None:
        self.begin_session()

    def begin_session(self) -> None:
        """Number from 0 again, under a new id."""
        self.session, self._seq, self._meter = self.new_session(), 0, HealthMeter()

    @property
    def untouched(self) -> bool:
        """Whether the session has no record yet."""
        return self._seq == 0

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
        verdict = self._meter.judge(planes, stamp, captured_at_ms)
        jpeg = jpeg_of(planes)
        self.encode_s = time.perf_counter() - begun
        self._source_size = picture.size
        record = self._record(
            captured_at_ms, clock, verdict.status, verdict.reason, planes.width, planes.height, picture.number, jpeg
        )
        record["clock_error_ms"] = clock_error_ms
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

    def _stamp_for(self, width: int, height: int) -> MaskStamp | None:
        wanted = (self.plan.masks, width, height)
        if wanted != self._stamp_of:
            self._stamp, self._stamp_of = draw_masks(self.plan.masks, width, height), wanted
        return self._stamp


def shed(record: FrameRecord, reason: str) -> FrameRecord:
    """The same record without its image: it was given up under load."""
    return record | {"status": "shed", "reason": reason, "width": 0, "height": 0, "jpeg": None}
