"""Which revisions of alerts came before: a topic that is delivered at least once, read for as long as one likes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REMEMBERED: Final = 10_000
"""Revisions, about 3 MB. A relay that dies repeats what it had in hand, 500 of its shard at most, before anything else
of that shard; what the other shard publishes in the meantime has room here for minutes of a busy city."""


@dataclass(frozen=True, slots=True)
class Repetitions:
    """Tells repetitions from new revisions, by the last ones that came. One from farther back passes for new."""

    _last: OrderedDict[tuple[str, int], None] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """How many revisions are remembered."""
        return len(self._last)

    def is_new(self, alert: Mapping[str, Any]) -> bool:
        """Whether this revision is none of the last ones; it is the last one from now on."""
        identity = (str(alert["id"]), int(alert["revision"]))
        new = identity not in self._last
        self._last[identity] = None
        self._last.move_to_end(identity)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return new
