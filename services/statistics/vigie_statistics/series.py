"""Names of series: what is measured, where, of whom, which way."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote


class Series(NamedTuple):
    """What one rule measures in one place."""

    measure: str
    place_kind: str
    place: str
    object_class: str
    direction: str
    rule: str

    def key(self) -> str:
        """One text, percent-encoded; orders as its parts do."""
        return "/".join(quote(part, safe="+") for part in self)

    @classmethod
    def of_key(cls, key: str) -> Series:
        """What `key` gave."""
        return cls(*(unquote(part) for part in key.split("/")))

    def name(self, site: str, camera_id: str, window: str) -> str:
        """The published name; the rule is part of it only where it is part of what is measured."""
        rule = self.rule if self.measure == "episodes" else ""
        parts = (site, camera_id, self.measure, self.place, self.object_class, self.direction, rule, window)
        return "/".join(quote(part, safe="+") for part in parts)
