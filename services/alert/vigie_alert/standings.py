"""Where alerts stand, by id, and which of them are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vigie_alert.lifecycle import Standing


@dataclass(slots=True)
class Standings:
    """Where alerts stand, by id; of one key at most one is open."""

    by_id: dict[str, Standing] = field(default_factory=dict)
    _open: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._open = {s.key: s.id for s in self.by_id.values() if s.is_open}

    def open_for(self, key: str) -> Standing | None:
        """The open alert of a key."""
        return self.by_id.get(self._open.get(key, ""))

    def open_on(self, camera: tuple[str, str]) -> list[Standing]:
        """Open alerts of a camera (site, id), by id: the order of revisions must not hang on the order of loading."""
        standings = (self.by_id[alert_id] for alert_id in sorted(self._open.values()))
        return [s for s in standings if (s.alert["site"], s.alert["camera"]["id"]) == camera]

    def put(self, standing: Standing) -> list[dict[str, Any]]:
        """Where an alert stands now: its revision if that is a new one."""
        before = self.by_id.get(standing.id)
        self.by_id[standing.id] = standing
        if standing.is_open:
            self._open[standing.key] = standing.id
        elif self._open.get(standing.key) == standing.id:
            del self._open[standing.key]
        grown = before is None or standing.revision > before.revision
        return [standing.alert] if grown else []
