"""What tracking counts for its operators. Not state: nothing that is decided depends on it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Totals since the process began; a record that is processed again after a restart counts again."""

    looked: int = 0
    """Frames looked at."""
    blind: int = 0
    """Records with a status other than ok."""
    dropped: int = 0
    """Records seen before, out of order, or of an older session."""
    births: int = 0
    """Tracks begun."""
    ignored_boxes: int = 0
    """Boxes not looked at: not a number, inverted, empty, far outside, too many."""
    ends: dict[str, int] = field(default_factory=lambda: {"lost": 0, "left": 0, "session": 0, "duplicate": 0})
    """Tracks ended, by reason."""
