"""What the cores have seen and said, counted for the metrics; never part of the state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts since the process started."""

    records: Counter[str] = field(default_factory=Counter)
    """By outcome: judged, blind, unknown_camera, removed_camera, old_session, time_went_back."""
    events: Counter[str] = field(default_factory=Counter)
    """By kind."""
