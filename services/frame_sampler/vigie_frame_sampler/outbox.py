"""What a capture process has not handed on yet: in order per camera, bounded, the oldest image given up first."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vigie_frame_sampler.frames import shed

if TYPE_CHECKING:
    from vigie_frame_sampler.frames import FrameRecord

MAX_RECORDS: Final = 600
"""Records of one camera that wait at most, with or without an image."""


@dataclass(slots=True)
class _Lane:
    """Records of one camera, oldest first."""

    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    images: int = 0


@dataclass(slots=True)
class Outbox:
    """Messages of every camera of a process, taken one camera after another.

    A message is {"frame": record, ...} or anything without a frame. `images`: how many images of one camera
    may wait. A live capture never waits for room: the oldest image of its own camera is given up and its
    record, now `shed`, stays where it was. A recording that must be lossless waits.
    """

    images: int = 8
    shed_count: int = field(default=0, init=False)
    _lanes: dict[str, _Lane] = field(default_factory=dict, init=False)
    """Of the cameras of which something waits, in the order of their turns."""
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _closed: bool = field(default=False, init=False)

    def put(self, camera_id: str, message: dict[str, Any], *, lossless: bool = False) -> None:
        """Add a message behind those of its camera."""
        with self._changed:
            if lossless:
                self._changed.wait_for(lambda: self._has_room(camera_id) or self._closed)
            lane = self._lanes.setdefault(camera_id, _Lane())
            if not lossless and lane.images >= self.images and _has_image(message):
                self._give_up_oldest(lane)
            if len(lane.waiting) >= MAX_RECORDS:
                lane.images -= _has_image(lane.waiting.popleft())  # the gap in seq tells
                self.shed_count += 1
            lane.waiting.append(message)
            lane.images += _has_image(message)
            self._changed.notify_all()

    def take(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, cameras in turn; none when none came in time, or the box is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._lanes, timeout_s)
            camera_id = next(iter(self._lanes), None)
            if camera_id is None:
                return None
            lane = self._lanes.pop(camera_id)
            message = lane.waiting.popleft()
            lane.images -= _has_image(message)
            if lane.waiting:
                self._lanes[camera_id] = lane  # to the end of the queue of cameras
            self._changed.notify_all()
            return message

    def close(self) -> None:
        """Let nobody wait any more; what is inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def forget(self, camera_id: str) -> None:
        """Drop what waits of a camera that is not this process's any more."""
        with self._changed:
            self._lanes.pop(camera_id, None)
            self._changed.notify_all()

    def _has_room(self, camera_id: str) -> bool:
        lane = self._lanes.get(camera_id)
        return lane is None or lane.images < self.images

    def _give_up_oldest(self, lane: _Lane) -> None:
        for index, message in enumerate(lane.waiting):
            if _has_image(message):
                record: FrameRecord = message["frame"]
                reason = f"more than {self.images} images wait for Kafka; the oldest was given up"
                lane.waiting[index] = message | {"frame": shed(record, reason)}
                lane.images -= 1
                self.shed_count += 1
                return


def _has_image(message: dict[str, Any]) -> bool:
    frame = message.get("frame")
    return frame is not None and frame["jpeg"] is not None
