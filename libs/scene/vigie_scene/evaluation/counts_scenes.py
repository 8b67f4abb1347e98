"""Streets and squares to count in: quiet, busy, half hidden, and with a camera that is blind for a quarter of the time.

Nothing but passers-by, traffic and what stands in the way: how many there are is what a counter is asked. The camera
and the ground plan are those of the two layouts; the detector errs as one was measured to err.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from vigie_scene.spec import LAYOUTS, Scene
from vigie_scene.street import Occluder, Signal

Kind = Literal["sparse", "busy", "occluded", "blind"]
Layout = Literal["town-street", "square"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
COUNTED_IN: Final[tuple[Layout, ...]] = get_args(Layout)

MARGIN_S: Final = 180.0
"""A scene goes on for so long after what is counted, so that its last window becomes final."""

_PER_MINUTE: Final[dict[Kind, tuple[float, float]]] = {
    "sparse": (1.5, 2.0),
    "busy": (9.0, 16.0),
    "occluded": (5.0, 8.0),
    "blind": (5.0, 8.0),
}
"""Vehicles in each lane, and people on the pavement or in each of the square's two flows."""

_BLIND: Final = ((4.0, 6.0), (17.0, 22.0), (33.0, 37.0), (50.0, 54.0))
"""Minutes of an hour in which no frame comes: a quarter of it."""

_HIDERS: Final[dict[Layout, tuple[Occluder, ...]]] = {
    "town-street": (
        Occluder(at=(-4.0, -7.0), height_m=6.0),
        Occluder(at=(1.5, -6.6), height_m=6.0),
        Occluder(at=(3.0, 3.7), length_m=0.8, width_m=0.8, height_m=2.2),
    ),
    "square": (
        Occluder(at=(-2.5, 0.5), length_m=2.2, width_m=2.2, height_m=2.8),
        Occluder(at=(3.0, 2.0), height_m=5.0),
        Occluder(at=(5.5, -1.0), height_m=5.0),
    ),
}
"""Trees, a meter, a kiosk, between the camera and the lines; a delivery van too hides the road line, for 15 minutes."""


def counting_scene(kind: Kind, layout: Layout, seed: int, fps: float, minutes: float = 60.0) -> Scene:
    """One camera's scene; counted are its first `minutes`."""
    vehicles, people = _PER_MINUTE[kind]
    duration = 60.0 * minutes + MARGIN_S
    street = LAYOUTS[layout][0]
    actors = _street(kind, vehicles, people) if layout == "town-street" else _square(people)
    changes: dict[str, Any] = {"occluders": _HIDERS[layout]} if kind == "occluded" else {}
    if kind == "busy" and layout == "town-street":
        red = ((600.0, 780.0), (1500.0, 1535.0), (2100.0, 2400.0), (3000.0, 3035.0))
        changes["signals"] = (Signal(lane="east", at_m=118.0, red=red),)
    gaps = [(60.0 * a, 60.0 * b) for a, b in _BLIND if kind == "blind" and a < minutes]
    return Scene.model_validate(
        {
            "scene": f"counts-{kind}-{layout}",
            "about": "A place to count in.",
            "seed": seed,
            "duration_s": duration,
            "layout": layout,
            "street": street.model_copy(update=changes) if changes else None,
            "actors": actors,
            "sampling": {"fps": fps, "jitter_ms": 8.0, "gaps": gaps},
        }
    )


def _street(kind: Kind, vehicles: float, people: float) -> list[dict[str, Any]]:
    mix = {"car": 0.64, "van": 0.12, "truck": 0.05, "bus": 0.03, "bicycle": 0.12, "motorcycle": 0.04}
    actors: list[dict[str, Any]] = [
        {"actor": "traffic", "name": "east", "lane": "east", "per_minute": vehicles, "mix": mix},
        {"actor": "traffic", "name": "west", "lane": "west", "per_minute": vehicles, "mix": mix},
        {
            "actor": "pedestrians",
            "name": "pavement",
            "points": [[-20.0, 5.6], [32.0, 5.6]],
            "per_minute": people,
            "width_m": 2.5,
        },
    ]
    if kind == "occluded":
        parked = {"actor": "parking", "from_s": 0.0}
        actors += [
            parked | {"name": "car", "kind": "car", "at": [6.5, -4.7]},
            parked | {"name": "delivery", "kind": "van", "at": [0.5, -4.7], "from_s": 600.0, "to_s": 1500.0},
        ]
    return actors


def _square(people: float) -> list[dict[str, Any]]:
    across = {"points": [[-9.0, -5.0], [9.0, 16.0]], "width_m": 5.0}
    along = {"points": [[1.0, -5.0], [0.0, 22.0]], "width_m": 9.0}
    flow = {"actor": "pedestrians", "per_minute": people}
    return [flow | {"name": "across"} | across, flow | {"name": "along"} | along]
