"""CameraHealth records, for people and samplers.

One when a camera's state changes, or what is known of its view; and else now and then, so that its rate is known.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from vigie_frame_sampler.view_watch import ViewMemory

WINDOW_MS: Final = 10_000
"""Event time over which the rate is measured."""
STALLED_MS: Final = 5_000
"""A camera that is connected has stalled after so long without an image."""
STEADY_MS: Final = 3_000
"""A camera that was offline or stalled is back after images for so long."""
AGAIN_MS: Final = 60_000
"""A state that lasts is told again so often, the first time after `WINDOW_MS`, when its rate is known."""
_AWAY: Final = frozenset({"offline", "stalled"})


class Health(NamedTuple):
    """What is to be told of a camera."""

    record: dict[str, Any]
    """CameraHealth, its `sampler` left empty."""
    changed: bool
    """Whether its state is another one; else it is told again, or with another view."""


@dataclass(slots=True)
class HealthLog:
    """The state of one camera over time.

    view: what was known of its view when its capture began.
    """

    camera_id: str
    view: ViewMemory = field(default_factory=ViewMemory)
    _state: str = field(default="unknown", init=False)
    _since_ms: int = field(default=0, init=False)
    _due_ms: int = field(default=0, init=False)
    _reason: str | None = field(default=None, init=False)
    _image_ms: int | None = field(default=None, init=False)
    _back_ms: int | None = field(default=None, init=False)
    _images_ms: deque[int] = field(default_factory=deque, init=False)

    def note(self, frame: dict[str, Any], state: str, view: ViewMemory) -> Health | None:
        """What to tell after this frame, if anything."""
        at_ms = frame["captured_at"]
        if frame["jpeg"] is not None:
            self._images_ms.append(at_ms)
        while self._images_ms and self._images_ms[0] < at_ms - WINDOW_MS:
            self._images_ms.popleft()
        seen, state = state, self._settled(state, at_ms)
        if state == seen:
            self._reason = frame["reason"]
        changed = state != self._state
        if not changed and view == self.view and at_ms < self._due_ms:
            return None
        if changed:
            self._since_ms = view.moved_at if state == "moved" and view.moved_at is not None else at_ms
        self._due_ms = at_ms + (WINDOW_MS if changed else AGAIN_MS)
        self._state, self.view = state, view
        record = {
            "camera_id": self.camera_id,
            "session": frame["session"],
            "state": state,
            "reason": self._reason,
            "since": self._since_ms,
            "updated_at": at_ms,
            "fps": self._fps(),
            "sampler": "",
            "view": None if view == ViewMemory() else asdict(view),
        }
        return Health(record, changed)

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
