"""What moves in a scene, one by one: actors are made of entities, the simulation knows only these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from vigie_common.taxonomy import ObjectClass
    from vigie_scene.bodies import Body
    from vigie_scene.paths import Path

FOREVER_S: Final = 1e9


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing of the simulated world."""

    name: str
    kind: ObjectClass
    mode: int
    body: Body
    born_s: float = 0.0
    gone_s: float = FOREVER_S
    path: Path = field(default_factory=lambda: np.zeros((0, 6)))
    """Scripted: key frames. Walker: way points (times unused). Else empty."""
    speed_mps: float = 1.34
    """Walkers and drivers: what they would like."""
    lane: str = ""
    station_m: float = 0.0
    """Drivers: where on the lane they begin."""
    mount: str = ""
    """Riders: the entity they sit on."""
    lift_m: float = 0.0
    still_false: bool = False
    """Street furniture that a detector takes for this class: no truth, a box in nearly every frame."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What an actor did, by its own script."""

    kind: str
    start_s: float
    end_s: float
    actors: tuple[str, ...]
    at: tuple[float, float] | None = None
    """Ground, metres."""
    direction: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Cast:
    """The entities of one actor and what they are up to."""

    entities: tuple[Entity, ...]
    happenings: tuple[Happening, ...] = ()
