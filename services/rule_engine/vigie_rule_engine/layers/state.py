"""What the compiled layers work on: the state of a camera, its plan, and room to work in; bundles of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vigie_rule_engine.layers.jit import Array, Indices, Vector


class Kept(NamedTuple):
    """The state of one camera. Capacity is that of `subjects`; an optional fact that no rule needs has none."""

    subjects: Array
    """(capacity,) subjects.SUBJECT."""
    grounds: Array
    """(capacity or 0,) ground.GROUND."""
    postures: Array
    """(capacity or 0,) posture.POSTURE."""
    places: Array
    """(capacity, regions) places.PLACE."""
    sides: Array
    """(capacity, gates) places.SIDE."""
    cells: Array
    """(rows, capacity) episodes.CELL: of the row on each subject."""
    wholes: Array
    """(rows,) episodes.CELL: of the row on its zone as a whole."""
    zones: Array
    """(rows,) zone_facts.ZONE: what is measured of that zone."""
    fixtures: Array
    """(FIXTURES,) furniture.FIXTURE: where street furniture stands."""


class Plan(NamedTuple):
    """Zones, lines and ground of a camera, for frames of one shape, in picture heights."""

    regions: Array
    """(regions,) places.REGION."""
    gates: Array
    """(gates,) places.GATE."""
    corner_x: Vector
    """Of all polygons."""
    corner_y: Vector
    spot_x: Vector
    """Of all zones whose occupancy a rule measures: a grid of points within."""
    spot_y: Vector
    plane: Vector
    """(9,) picture heights to metres on the ground, row by row; empty without a calibration."""


class Scratch(NamedTuple):
    """Room for one frame; carries nothing from one to the next."""

    crossings: Array
    """(boxes × gates or more,) places.CROSSING."""
    slots: Indices
    """(boxes or more,): slot of each box."""
    members: Indices
    """(capacity or more,): slots of the subjects that a zone's template looks at."""
    links: Indices
    """(capacity or more,)."""
    speeds: Vector
    """(capacity or more,)."""
    events: Array
    """(rows × (2 × capacity + crossings) or more,) episodes.EVENT, filled from the start."""
