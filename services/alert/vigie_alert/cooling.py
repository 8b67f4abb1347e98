"""A compound's cooldown: what begins to hold meanwhile is held back, and told when it is over if it goes on. Pure.

Of one compound in one place (`compound.compound_key`), by event time alone: it cools down from when its alert was told,
which is when the last of the members that met was told, whichever camera's records arrived first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Held:
    """What holds and is not told yet: since when (ms), and the event of the member that came last, with its stamp."""

    since: int
    event: Mapping[str, Any]
    stamp: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cooling:
    """Until when (event time, ms) one compound opens no other alert in one place, and what it holds back."""

    key: str
    until: int
    held: Held | None = None

    @property
    def held_text(self) -> str | None:
        """What it holds back, as JSON."""
        return None if self.held is None else json.dumps(asdict(self.held))


def cooling_of(key: str, until: int, held_text: str | None) -> Cooling:
    """The cooldown that these say."""
    return Cooling(key, until, None if held_text is None else Held(**json.loads(held_text)))


def hold(cooling: Cooling, since: int, event: Mapping[str, Any], stamp: Mapping[str, Any]) -> Cooling:
    """It holds one back that began at `since`; a member that comes later stands for it from then on."""
    return replace(cooling, held=Held(since, event, stamp))


def may_tell(held: Held, at: int) -> bool:
    """Whether what was held back may be told at `at` (ms): under the authorisation of the member that came last."""
    authorisation = held.stamp["authorisation"]
    return authorisation is None or at < authorisation["valid_until"]
