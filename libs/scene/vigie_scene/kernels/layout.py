"""Arrays that the compiled functions share, field by field."""

from __future__ import annotations

from typing import Final

import numpy as np

SCRIPTED: Final = 0
"""Follows its path to the second, whatever stands in the way."""

WALKER: Final = 1
"""Walks from way point to way point and gives way: social force."""

DRIVER: Final = 2
"""Follows a lane, its leader and the signals."""

RIDER: Final = 3
"""Sits on another entity."""

HIDER: Final = 4
"""Stands, hides what is behind it and is never seen."""

ENTITY: Final = np.dtype(
    [
        ("mode", np.int64),  # SCRIPTED …
        ("kind", np.int64),  # taxonomy.ObjectClass
        ("born", np.float64),  # seconds
        ("gone", np.float64),
        ("path", np.int64),  # first key frame
        ("path_end", np.int64),  # past the last
        ("speed", np.float64),  # m/s it would like
        ("lane", np.int64),  # -1: none
        ("station", np.float64),  # metres along the lane
        ("mount", np.int64),  # entity it sits on, -1: none
        ("length", np.float64),  # metres
        ("width", np.float64),
        ("height", np.float64),
        ("lift", np.float64),  # metres above the ground
        ("still_false", np.int64),  # street furniture taken for its class
    ],
    align=True,
)
"""What never changes of one entity."""

MOTION: Final = np.dtype(
    [
        ("x", np.float64),  # metres
        ("y", np.float64),
        ("heading", np.float64),  # radians from east, anticlockwise
        ("speed", np.float64),  # m/s, along the heading
        ("upright", np.float64),  # share of the full height
        ("lean", np.float64),  # radians from upright
    ],
    align=True,
)
"""How one entity is at one instant."""

LANE: Final = np.dtype([("first", np.int64), ("end", np.int64), ("width", np.float64)], align=True)
"""A lane: its corners in the array of corners."""

SIGNAL: Final = np.dtype(
    [("lane", np.int64), ("station", np.float64), ("from", np.float64), ("to", np.float64)], align=True
)
"""One red phase: metres along the lane, seconds."""
