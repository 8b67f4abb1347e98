"""CameraHealth records: one when a camera's state changes, for people to read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

WINDOW_MS: Final = 10_000
"""Event time over which the rate is measured."""


@dataclass(slots=True)
class HealthLog:
    """The state of one camera over time."""

    camera_id: str
    _state: str = "unknown"
    _images_ms: deque[int] = field(default_factory=deque)

    def note(self, frame: dict[str, Any], state: str) -> dict[str, Any] | None:
        """The CameraHealth record (its `sampler` left empty) if this frame changes the state."""
        at_ms = frame["captured_at"]
        if frame["jpeg"] is not None:
            self._images_ms.append(at_ms)
        while self._images_ms and self._images_ms[0] < at_ms - WINDOW_MS:
            self._images_ms.popleft()
        if state == self._state:
            return None
        self._state = state
        return {
            "camera_id": self.camera_id,
            "session": frame["session"],
            "state": state,
            "reason": frame["reason"],
            "since": at_ms,
            "updated_at": at_ms,
            "fps": self._fps(),
            "sampler": "",
        }

    def _fps(self) -> float:
        times = self._images_ms
        if len(times) < 2:
            return 0.0
        return round((len(times) - 1) * 1000 / (times[-1] - times[0]), 2)
