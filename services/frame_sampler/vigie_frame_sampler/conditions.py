"""Conditions of a camera that are entered and left by different thresholds, after different times: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LEAST_PICTURES: Final = 3
"""A condition holds over so many pictures at least, however far apart they are."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a measure that is low says that something is wrong.

    Entered when the measure has been below `enter` for `enter_ms` of event time without a break; left when it has been
    at `leave` or above for `leave_ms`.
    """

    enter: float
    leave: float
    enter_ms: int
    leave_ms: int


@dataclass(slots=True)
class Hysteresis:
    """Whether a condition holds, over time."""

    condition: Condition
    holds: bool = field(default=False, init=False)
    since_ms: int = field(default=0, init=False)
    """When the measure last began to speak against what is held, or the condition was entered or left."""
    _against: int = field(default=0, init=False)

    def update(self, measure: float, at_ms: int) -> bool:
        """Whether the condition holds with this measure."""
        rule = self.condition
        if (measure >= rule.leave) if self.holds else (measure < rule.enter):
            if not self._against:
                self.since_ms = at_ms
            self._against += 1
            needed_ms = rule.leave_ms if self.holds else rule.enter_ms
            needed = 1 if self.holds or not needed_ms else LEAST_PICTURES
            if at_ms - self.since_ms >= needed_ms and self._against >= needed:
                self.holds, self._against = not self.holds, 0
        else:
            self._against = 0
        return self.holds
