"""A compound's cooldown: what begins to hold meanwhile is held back, and told when it is over if it goes on. Pure.

Of one compound in one place (`compound.place_of`), whatever its version, by event time alone: it cools down from when
its alert was told, which is when the last of the members that met was told, whichever camera's records arrived first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vigie_alert.compound import compound_key

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Held:
    """What holds and is not told yet: since when (ms), and the event of the member that came last, with its stamp."""

    since: int
    event: Mapping[str, Any]
    stamp: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Of the compound that is held back; others of the place are of another version."""
        return compound_key(self.event, self.stamp)


@dataclass(frozen=True, slots=True)
class Cooling:
    """When (event time, ms) a compound last opened an alert in one place, and what it holds back since.

    How long it cools down is asked of each stamp anew: one that is published shorter, or no longer, holds nothing on.
    """

    place: str
    opened_at: int
    held: Held | None = None

    def cools(self, at: int, stamp: Mapping[str, Any]) -> bool:
        """Whether what is told at `at` (ms) under this stamp is too early."""
        return bool(stamp["cooldown_ms"] and at < self.opened_at + stamp["cooldown_ms"])

    @property
    def held_text(self) -> str | None:
        """What it holds back, as JSON."""
        return None if self.held is None else json.dumps(asdict(self.held))


def cooling_of(place: str, opened_at: int, held_text: str | None) -> Cooling:
    """The cooldown that these say."""
    return Cooling(place, opened_at, None if held_text is None else Held(**json.loads(held_text)))


def may_tell(held: Held, at: int) -> bool:
    """Whether what was held back may be told at `at` (ms): under the authorisation of the member that came last."""
    authorisation = held.stamp["authorisation"]
    return authorisation is None or at < authorisation["valid_until"]
