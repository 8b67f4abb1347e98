"""CameraHealth records: one when a camera's state changes, or what is known of its view, for people and samplers."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from vigie_frame_sampler.view_watch import ViewMemory

WINDOW_MS: Final = 10_000
"""Event time over which the rate is measured."""
STALLED_MS: Final = 5_000
"""A camera that is connected has stalled after so long without an image."""
STEADY_MS: Final = 3_000
"""A camera that was offline or stalled is back after images for so long."""
_AWAY: Final = frozenset({"offline", "stalled"})


@dataclass(slots=True)
class HealthLog:
    """The state of one camera over time.

    view: what was known of its view when its capture began.
    """

    camera_id: str
    view: ViewMemory = field(default_factory=ViewMemory)
    _state: str = field(default="unknown", init=False)
    _since_ms: int = field(default=0, init=False)
    _image_ms: int | None = field(default=None, init=False)
    _back_ms: int | None = field(default=None, init=False)
    _images_ms: deque[int] = field(default_factory=deque, init=False)

    def note(self, frame: dict[str, Any], state: str, view: ViewMemory) -> dict[str, Any] | None:
        """The CameraHealth record (its `sampler` left empty) if this frame changes the state or the view."""
        at_ms = frame["captured_at"]
        if frame["jpeg"] is not None:
            self._images_ms.append(at_ms)
        while self._images_ms and self._images_ms[0] < at_ms - WINDOW_MS:
            self._images_ms.popleft()
        state = self._settled(state, at_ms)
        if state == self._state and view == self.view:
            return None
        if state != self._state:
            moved_before = state == "moved" and view.moved_at is not None
            self._since_ms = view.moved_at if moved_before and view.moved_at is not None else at_ms
        self._state, self.view = state, view
        return {
            "camera_id": self.camera_id,
            "session": frame["session"],
            "state": state,
            "reason": frame["reason"],
            "since": self._since_ms,
            "updated_at": at_ms,
            "fps": self._fps(),
            "sampler": "",
            "view": None if view == ViewMemory() else asdict(view),
        }

    def _settled(self, state: str, at_ms: int) -> str:
        """The state, once it has lasted: a camera that is now away, now back, does not flap."""
        if state in _AWAY:
            self._back_ms = None
            silent_ms = STALLED_MS if self._image_ms is None else at_ms - self._image_ms
            return self._state if state == "stalled" and silent_ms < STALLED_MS else state
        self._image_ms = at_ms
        if self._state in _AWAY:
            self._back_ms = at_ms if self._back_ms is None else self._back_ms
            if at_ms - self._back_ms < STEADY_MS:
                return self._state
        self._back_ms = None
        return state

    def _fps(self) -> float:
        times = self._images_ms
        if len(times) < 2:
            return 0.0
        return round((len(times) - 1) * 1000 / (times[-1] - times[0]), 2)
