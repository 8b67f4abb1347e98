"""What a source suffers and survives: counted, and said in the log at most once every few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S: Final = 10.0
"""Seconds from one word about a trouble of a camera to the next."""


def _nobody(_: dict[str, Any]) -> None:
    """Recordings read in one process have nobody to tell."""


@dataclass(slots=True)
class _Trouble:
    unsaid: int = 0
    total: int = 0
    said_s: float | None = None


@dataclass(slots=True)
class Notes:
    """Troubles of one camera. `tell` takes {"trouble": name, "count": how many since the last, "why": words}."""

    tell: Callable[[dict[str, Any]], None] = _nobody
    _troubles: dict[str, _Trouble] = field(default_factory=dict, init=False)

    def add(self, name: str, why: str, count: int = 1) -> None:
        """One more of this kind, or several."""
        trouble = self._troubles.setdefault(name, _Trouble())
        trouble.unsaid += count
        now_s = time.monotonic()
        if trouble.unsaid and (trouble.said_s is None or now_s - trouble.said_s >= EVERY_S):
            self.tell({"trouble": name, "count": trouble.unsaid, "why": why})
            trouble.unsaid, trouble.said_s = 0, now_s

    def connected(self) -> None:
        """A new connection counts its own totals from 0."""
        for trouble in self._troubles.values():
            trouble.total = 0

    def total(self, name: str, total: int, why: str) -> None:
        """As many of this kind in this connection, those counted before too."""
        if total:
            trouble = self._troubles.setdefault(name, _Trouble())
            grown, trouble.total = total - trouble.total, total
            if grown:
                self.add(name, why, grown)
