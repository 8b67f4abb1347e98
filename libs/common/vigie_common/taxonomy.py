"""The one taxonomy of object classes. The ordinals are the contract's (`schemas/*/v1.avsc`, tracks.txt)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class ObjectClass(IntEnum):
    """What a detected object is; `unknown` is the default of the Avro enum."""

    unknown = 0
    person = 1
    bicycle = 2
    motorcycle = 3
    scooter = 4
    car = 5
    van = 6
    bus = 7
    truck = 8
    tram = 9
    animal = 10
    bag = 11
    fire = 12
    smoke = 13
    weapon = 14


CLASS_NAMES: Final[tuple[str, ...]] = tuple(c.name for c in ObjectClass)
"""Names by ordinal, as the Avro enum spells them."""

CLASS_ORDINAL: Final[dict[str, int]] = {c.name: int(c) for c in ObjectClass}
"""Ordinals by name."""

_GROUPS: Final[tuple[frozenset[ObjectClass], ...]] = (
    frozenset({ObjectClass.car, ObjectClass.van, ObjectClass.truck, ObjectClass.bus}),
    frozenset({ObjectClass.bicycle, ObjectClass.motorcycle, ObjectClass.scooter}),
)

CLASS_GROUP: Final[tuple[int, ...]] = tuple(
    next((min(group) for group in _GROUPS if c in group), c) for c in ObjectClass
)
"""Group of each class by ordinal: classes that a detector confuses from frame to frame are one group.

A box may only continue a track of its own group. The group's number is its smallest class."""
