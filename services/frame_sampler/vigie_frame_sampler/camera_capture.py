"""One camera, from the first connection to the last: reads, waits, tries again, and always says what is the case."""

from __future__ import annotations

import math
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import av.error
import cv2

from vigie_common.errors import VigieError
from vigie_common.identity import session_id
from vigie_frame_sampler.clock import LiveClock, RecordingClock
from vigie_frame_sampler.credentials import without_credentials
from vigie_frame_sampler.frames import FrameRecord, FrameWriter
from vigie_frame_sampler.health import STALLED_MS, HealthLog
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.picture import Limits
from vigie_frame_sampler.sources import open_source
from vigie_frame_sampler.view_watch import ViewMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie_frame_sampler.picture import Picture
    from vigie_frame_sampler.plan import CameraPlan
    from vigie_frame_sampler.sources import Source

BACKOFF_S: Final = (0.5, 30.0)
"""Seconds before the second attempt to connect, doubled each time, up to the longest; jitter halves it at most."""

PLAYING_S: Final = 4.0
"""Seconds that a playing recording may be late beyond what a live camera may: only this machine can be the reason."""

_LIBRARY_FAULTS: Final = (cv2.error, av.error.FFmpegError, ValueError)
"""What the libraries raise on pictures that break their own rules."""

Message = dict[str, Any]
"""{"camera": id} with {"frame": record, "encode_s": seconds}, or {"health": record, "changed": whether the state is
another one}, or what `Notes` tells."""


@dataclass(slots=True)
class CameraCapture:
    """Reads one camera in a thread of its own until it is stopped or its recording has ended.

    Args:
        plan: the version of the camera to begin with.
        emit: takes each message; may block a lossless recording, never a live camera.
        limits: time-outs of network sources.
        view: what is known of the camera's view from before.
    """

    plan: CameraPlan
    emit: Callable[[Message], None]
    limits: Limits = field(default_factory=Limits)
    view: ViewMemory = field(default_factory=ViewMemory)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _order: threading.Lock = field(default_factory=threading.Lock, init=False)
    _writer: FrameWriter = field(init=False)
    _health: HealthLog = field(init=False)
    _notes: Notes = field(init=False)
    _clock_name: str = field(init=False)
    _size: tuple[int, int] | None = field(default=None, init=False)
    _last_ms: int | None = field(default=None, init=False)
    _last_mono: float = field(default=0.0, init=False)
    _looked_mono: float = field(default=0.0, init=False)
    _image_mono: float = field(default=0.0, init=False)
    _trouble: str | None = field(default=None, init=False)
    _images: int = field(default=0, init=False)
    _ended: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._writer = FrameWriter(self.plan, session_id, view=self.view)
        self._health = HealthLog(self.plan.camera_id, self.view)
        self._notes = Notes(lambda trouble: self.emit({"camera": self.plan.camera_id} | trouble))
        self._clock_name = "arrival" if self.plan.live else "recording"
        self._image_mono = self._last_mono = time.monotonic()

    def run(self) -> None:
        """Capture until stopped, or until the recording is over."""
        failures = 0
        while not self._stop.is_set():
            images = self._images
            self._notes.connected()
            source = open_source(self.plan, self.limits, self._notes)
            try:
                self._read(source)
            except VigieError as trouble:
                self._report(str(trouble))
            except _LIBRARY_FAULTS as fault:
                reason = f"camera {self.plan.camera_id}: a picture cannot be handled ({type(fault).__name__}: {fault})"
                self._report(without_credentials(reason))
            else:
                if not self._stop.is_set():
                    self._end(source)
                return
            failures = 1 if self._images > images else failures + 1
            self._stop.wait(_backoff_s(failures - 1))

    def stop(self) -> None:
        """Say nothing any more; the thread ends when its source lets it go."""
        self._stop.set()

    def update(self, plan: CameraPlan) -> None:
        """Go over to another version of the camera whose capture is the same (`plan.same_capture`)."""
        with self._order:
            self.plan = self._writer.plan = plan

    def tick(self) -> None:
        """Called every fraction of a second: puts in a record when there was no image for too long."""
        if not self._order.acquire(blocking=False):
            return  # a record is being written at this moment
        try:
            silent_s = time.monotonic() - max(self._last_mono, self._looked_mono)
            if silent_s >= self._patience_s() and not self._ended and not self._stop.is_set():
                self._heartbeat(time.monotonic() - self._image_mono)
        finally:
            self._order.release()

    def _patience_s(self) -> float:
        """How long to wait for an image. A recording's event time stands still until its first."""
        if self.plan.live or self._trouble is not None:
            return self.plan.heartbeat_s
        return self.plan.heartbeat_s + PLAYING_S if self._images and not self.plan.lossless else math.inf

    def _read(self, source: Source) -> None:
        live, error_ms = LiveClock(), None
        recording: RecordingClock | None = None
        begun_mono = 0.0
        for picture in source.pictures(self._stop.is_set):
            if recording is None:
                recording, begun_mono = self._begin(), time.monotonic()
            if self.plan.live:
                before = live.name
                at_ms = live.at(picture.media_s, picture.arrival_ms, picture.stream_ms, picture.wait_ms)
                if live.name == "arrival" and before == "stream":
                    self._notes.add("clock_lost", "the camera's clock leapt; arrival counts")
                self._clock_name, error_ms = live.name, live.error_ms
            else:
                at_ms = recording.at(picture.media_s)
                if self.plan.pace == "real" and self._stop.wait(begun_mono + picture.media_s - time.monotonic()):
                    return
            self._image(picture, at_ms, error_ms)

    def _begin(self) -> RecordingClock:
        """A connection gives its first picture: a new session, unless the running one has had none yet."""
        with self._order:
            if self._images:
                self._writer.begin_session()
            return RecordingClock(self._now_ms())

    def _image(self, picture: Picture, at_ms: int, error_ms: int | None) -> None:
        with self._order:
            if self._stop.is_set():
                return
            if self._size is not None and self._size != picture.size:
                before, now = (f"{width} × {height}" for width, height in (self._size, picture.size))
                self._notes.add("size_change", f"its pictures changed from {before} to {now}")
            self._size = picture.size
            if not self._writer.wants(picture, at_ms):
                self._looked_mono = self._image_mono = time.monotonic()
                return
            record = self._writer.image(picture, at_ms, self._clock_name, error_ms)
            self._images += 1
            self._trouble = None
            self._image_mono = time.monotonic()
            self._say(record, self._writer.encode_s)
            self._health_of(record, "online" if record["status"] == "ok" else record["status"])

    def _report(self, trouble: str) -> None:
        """The source has failed: say so at once, then as often as heartbeats are due."""
        with self._order:
            self._trouble = trouble
            if not self._stop.is_set():
                self._heartbeat(0.0)

    def _heartbeat(self, silent_s: float) -> None:
        since = "no image" if self._images else "connecting: no image yet"
        reason = self._trouble or f"{since} for {silent_s:.1f} s"
        record = self._writer.absence("offline", reason, self._now_ms(), self._clock_name)
        self._say(record)
        if self._trouble is not None:
            self._health_of(record, "offline")
        elif silent_s * 1000 >= STALLED_MS:
            self._health_of(record, "stalled" if self._images else "offline")

    def _end(self, source: Source) -> None:
        with self._order:
            self._ended = True
            reason = source.remark() or "end of the recording"
            record = self._writer.absence("ended", reason, (self._last_ms or 0) + 1, self._clock_name)
            self._say(record)
            self._health_of(record, "offline")

    def _say(self, record: FrameRecord, encode_s: float | None = None) -> None:
        self._last_ms, self._last_mono = record["captured_at"], time.monotonic()
        self.emit({"camera": self.plan.camera_id, "frame": record, "encode_s": encode_s})

    def _health_of(self, record: FrameRecord, state: str) -> None:
        told = self._health.note(record, state, self._writer.view)
        if told is not None:
            self.emit({"camera": self.plan.camera_id, "health": told.record, "changed": told.changed})

    def _now_ms(self) -> int:
        """Event time of this moment: it runs on from the last record; before the first, by the clock or the file."""
        if self._last_ms is not None:
            return self._last_ms + round((time.monotonic() - self._last_mono) * 1000)
        if self.plan.live or self.plan.start_ms is None:
            return time.time_ns() // 1_000_000
        return self.plan.start_ms


def _backoff_s(before: int) -> float:
    shortest, longest = BACKOFF_S
    full = min(longest, shortest * 2.0 ** min(before, 16))
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter against a herd, no secret
