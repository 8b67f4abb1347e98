"""How large things are, by class: metres, with the spread between individuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vigie_common.taxonomy import ObjectClass as C

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True)
class Body:
    """A box round one thing, metres."""

    length: float
    width: float
    height: float
    spread: float = 0.0
    """Standard deviation between individuals, as a share of each measure."""

    def individual(self, rng: np.random.Generator) -> Body:
        """One of this kind; draws one normal number."""
        scale = 1.0 + self.spread * max(-2.5, min(2.5, float(rng.standard_normal())))
        return Body(self.length * scale, self.width * scale, self.height * scale)


BODIES: Final[Mapping[C, Body]] = {
    C.person: Body(0.35, 0.52, 1.72, 0.06),
    C.bicycle: Body(1.75, 0.50, 1.05, 0.03),
    C.motorcycle: Body(2.10, 0.80, 1.30, 0.05),
    C.scooter: Body(1.15, 0.50, 1.10, 0.03),
    C.car: Body(4.30, 1.78, 1.50, 0.06),
    C.van: Body(5.20, 2.00, 2.20, 0.06),
    C.bus: Body(12.0, 2.55, 3.10, 0.02),
    C.truck: Body(8.50, 2.50, 3.40, 0.08),
    C.tram: Body(30.0, 2.40, 3.40),
    C.animal: Body(0.80, 0.30, 0.60, 0.20),
    C.bag: Body(0.55, 0.30, 0.65, 0.10),
    C.fire: Body(1.20, 1.20, 1.50, 0.20),
    C.smoke: Body(3.00, 3.00, 4.00, 0.20),
    C.weapon: Body(0.30, 0.10, 0.10),
}

VEHICLES: Final = frozenset({C.motorcycle, C.car, C.van, C.bus, C.truck, C.tram})
TWO_WHEELERS: Final = frozenset({C.bicycle, C.motorcycle, C.scooter})

RIDER_LIFT_M: Final = 0.35
"""How high above the ground a cyclist's feet are on average."""
