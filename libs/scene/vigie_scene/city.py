"""A simulated city for the evaluation of rules: hours of camera time with every behaviour and its look-alikes.

Each camera-hour is a scene of its own: passers-by and traffic all the time, and now and then one of the behaviours
below, at random times. The truth (`events.true_events`) says what happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_scene.spec import LAYOUTS, Scene
from vigie_scene.street import rectangle
from vigie_scene.substreams import substream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Part = dict[str, Any]
    Behaviour = Callable[[str, float, np.random.Generator], Part]

HOUR_S: Final = 3600.0
SLOT_S: Final = 300.0
"""One behaviour begins in each such stretch of time, if any does."""

QUIET: Final = 0.25
"""Share of the stretches in which nothing is scripted."""

FLIGHTS: Final = 0.2
"""Share of a square's hours that may begin with a crowd that flees."""

_AREA: Final = rectangle(-7.0, -1.0, 7.0, 11.0)


def _place(rng: np.random.Generator) -> list[float]:
    return [float(rng.uniform(-5, 5)), float(rng.uniform(0, 10))]


def _fall(name: str, at: float, rng: np.random.Generator) -> Part:
    x, y = _place(rng)
    way = [[x - 14.0, y], [x, y]]
    return {"actor": "fall", "name": name, "points": way, "at_s": at, "lies_s": float(rng.uniform(30, 120))}


def _crouch(name: str, at: float, rng: np.random.Generator) -> Part:
    return _fall(name, at, rng) | {"crouches": True, "lies_s": float(rng.uniform(5, 40))}


def _group(name: str, at: float, rng: np.random.Generator) -> Part:
    people, lasts = int(rng.integers(6, 13)), float(rng.uniform(80, 200))
    return {"actor": "group", "name": name, "at": _place(rng), "people": people, "from_s": at, "to_s": at + lasts}


def _few(name: str, at: float, rng: np.random.Generator) -> Part:
    return _group(name, at, rng) | {"people": int(rng.integers(2, 4))}


def _bag(name: str, at: float, rng: np.random.Generator) -> Part:
    x, y = float(rng.uniform(-3, 3)), float(rng.uniform(-1, 3))
    return {"actor": "bag", "name": name, "points": [[x - 14.0, y], [x, y]], "at_s": at, "returns_s": at + 200.0}


def _fetched(name: str, at: float, rng: np.random.Generator) -> Part:
    return _bag(name, at, rng) | {"returns_s": at + 40.0}


def _loiterer(name: str, at: float, rng: np.random.Generator) -> Part:
    stays = float(rng.uniform(75, 200))
    area = LAYOUTS["square"][0].zones["forecourt"]
    return {
        "actor": "loiterer",
        "name": name,
        "area": area,
        "from_s": at,
        "to_s": at + stays,
        "comes_from": [-16.0, 9.0],
    }


def _visitor(name: str, at: float, rng: np.random.Generator) -> Part:
    return _loiterer(name, at, rng) | {"to_s": at + float(rng.uniform(15, 50))}


def _flight(name: str, at: float, rng: np.random.Generator) -> Part:
    x, y = _place(rng)
    return {"actor": "flight", "name": name, "area": _AREA, "people": 14, "at_s": at, "away_from": [x, y]}


def _parking(name: str, at: float, rng: np.random.Generator) -> Part:
    stays = float(rng.uniform(90, 240))
    kind = str(rng.choice(["car", "van", "car", "truck"]))
    x = float(rng.uniform(2.0, 12.0))
    return {"actor": "parking", "name": name, "kind": kind, "at": [x, -4.7], "from_s": at, "to_s": at + stays}


def _delivery(name: str, at: float, rng: np.random.Generator) -> Part:
    return _parking(name, at, rng) | {"to_s": at + float(rng.uniform(10, 45))}


def _double_parking(name: str, at: float, rng: np.random.Generator) -> Part:
    part = _parking(name, at, rng)
    return part | {"at": [part["at"][0], -2.2], "to_s": at + float(rng.uniform(75, 120))}


def _wrong_way(name: str, at: float, rng: np.random.Generator) -> Part:
    way = [[70.0, -2.2], [-45.0, -2.2]]
    kind = str(rng.choice(["car", "van", "bicycle"]))
    speed = 4.5 if kind == "bicycle" else float(rng.uniform(4, 8))
    return {
        "actor": "route",
        "name": name,
        "kind": kind,
        "at_s": at,
        "points": way,
        "speed_mps": speed,
        "says": "wrong_way",
    }


def _reversing(name: str, at: float, rng: np.random.Generator) -> Part:
    return _parking(name, at, rng) | {"backwards_m": 6.0, "to_s": at + float(rng.uniform(15, 45))}


def _packed(name: str, at: float, rng: np.random.Generator) -> Part:
    people, lasts = int(rng.integers(24, 34)), float(rng.uniform(60, 150))
    corner = {"actor": "group", "name": name, "at": [-6.0, 0.0], "people": people, "spacing_m": 0.75}
    return corner | {"from_s": at, "to_s": at + lasts}


def _busy(name: str, at: float, rng: np.random.Generator) -> Part:
    return _packed(name, at, rng) | {"people": int(rng.integers(3, 5)), "spacing_m": 1.3}


def _arrival(name: str, at: float, rng: np.random.Generator) -> Part:
    """A bus has come: many people at once, all one way, walking."""
    y = float(rng.uniform(2, 9))
    way = {"actor": "pedestrians", "name": name, "points": [[-17.0, y], [17.0, y]], "both_ways": False}
    return way | {"per_minute": 45.0, "from_s": at, "to_s": at + 15.0, "width_m": 3.0}


def _fire(name: str, at: float, rng: np.random.Generator) -> Part:
    lasts = float(rng.uniform(20, 90))
    return {"actor": "standing", "kind": "fire", "name": name, "at": _place(rng), "from_s": at, "to_s": at + lasts}


def _flash(name: str, at: float, rng: np.random.Generator) -> Part:
    return _fire(name, at, rng) | {"actor": "false_object", "to_s": at + float(rng.uniform(0.1, 0.6))}


def _speeding(name: str, at: float, rng: np.random.Generator) -> Part:
    speed = float(rng.uniform(17, 24))
    way = [[-60.0, -1.75], [75.0, -1.75]]
    return {"actor": "route", "name": name, "kind": "car", "at_s": at, "points": way, "speed_mps": speed}


def _hurrying(name: str, at: float, rng: np.random.Generator) -> Part:
    return _speeding(name, at, rng) | {"speed_mps": float(rng.uniform(10.5, 12.5))}


SQUARE_BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    "fall": _fall,
    "crouch": _crouch,
    "group": _group,
    "few": _few,
    "bag": _bag,
    "fetched-bag": _fetched,
    "loiterer": _loiterer,
    "visitor": _visitor,
    "flight": _flight,
    "arrival": _arrival,
    "packed": _packed,
    "busy": _busy,
    "fire": _fire,
    "flash": _flash,
}
STREET_BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    "parking": _parking,
    "delivery": _delivery,
    "double-parking": _double_parking,
    "wrong-way": _wrong_way,
    "reversing": _reversing,
    "speeding": _speeding,
    "hurrying": _hurrying,
}


def camera_hour(camera: int, hour: int, *, seed: int = 1, fps: float = 5.0) -> Scene:
    """One hour of one camera; even cameras look at a square, odd ones at a street.

    A camera has the same signpost, or none, and the same place map all day: they follow from its own seed.
    """
    rng = substream(seed, "city", str(camera), str(hour))
    fixed = substream(seed, "city", str(camera))
    square = camera % 2 == 0
    busy = 0.3 + 0.7 * float(np.sin(np.pi * (hour % 24) / 24.0) ** 2)
    actors: list[Part] = _square_life(busy) if square else _street_life(busy)
    if fixed.random() < 0.5:
        at = (
            [float(fixed.uniform(-6, 6)), float(fixed.uniform(0, 10))] if square else [float(fixed.uniform(0, 20)), 4.0]
        )
        actors.append({"actor": "false_object", "name": "signpost", "at": at})
    behaviours = SQUARE_BEHAVIOURS if square else STREET_BEHAVIOURS
    for slot in range(int(HOUR_S / SLOT_S)):
        begins = slot * SLOT_S + float(rng.uniform(30, 80))
        kind = str(rng.choice(list(behaviours)))
        if square and not slot and rng.random() < FLIGHTS:
            kind = "flight"
        elif kind == "flight" and slot:  # its crowd strolls from the hour's start
            kind = "visitor"
        if rng.random() >= QUIET:
            actors.append(behaviours[kind](f"{kind}-{slot}", begins, rng))
    street: dict[str, Any] = {}
    if not square and rng.random() < 0.5:
        begins = float(rng.uniform(600, 2400))
        red = [(begins, begins + float(rng.uniform(120, 240)))] + [
            (float(t), float(t) + 35.0) for t in (300, 420, 3000)
        ]
        street = {
            "street": LAYOUTS["town-street"][0].model_dump() | {"signals": [{"lane": "east", "at_m": 118, "red": red}]}
        }
    return Scene.model_validate(
        {
            "scene": f"city-{camera:02d}-{hour:02d}",
            "about": "An hour of a simulated city.",
            "seed": (seed * 1000 + camera) * 1000 + hour,
            "duration_s": HOUR_S,
            "layout": "square" if square else "town-street",
            "actors": actors,
            "sampling": {"fps": fps, "jitter_ms": 8.0},
            "detector": {"place_seed": seed * 1000 + camera},
            **street,
        }
    )


def _square_life(busy: float) -> list[Part]:
    return [
        {
            "actor": "pedestrians",
            "name": "east",
            "points": [[-17.0, 9.0], [17.0, 9.0]],
            "per_minute": 4.0 * busy,
            "width_m": 4.0,
        },
        {
            "actor": "pedestrians",
            "name": "north",
            "points": [[2.0, -5.0], [2.0, 22.0]],
            "per_minute": 3.0 * busy,
            "width_m": 6.0,
        },
    ]


def _street_life(busy: float) -> list[Part]:
    return [
        {"actor": "traffic", "name": "east", "lane": "east", "per_minute": 6.0 * busy},
        {"actor": "traffic", "name": "west", "lane": "west", "per_minute": 6.0 * busy},
        {
            "actor": "pedestrians",
            "name": "pavement",
            "points": [[-20.0, 5.6], [32.0, 5.6]],
            "per_minute": 4.0 * busy,
            "width_m": 2.5,
        },
    ]


CLOSED: Final = rectangle(0.0, 8.6, 12.0, 12.6)
"""An area behind a fence beside the pavement of the busy street, which hardly anybody enters."""

BEFORE: Final = rectangle(0.0, 5.8, 12.0, 8.6)
"""The part of the pavement before its fence: one passes there alone or beside another, and now and then stops."""

ENTRIES: Final = 0.35
"""Share of its hours in which somebody does."""


def _passing_in(name: str, at: float, rng: np.random.Generator) -> Part:
    """Somebody steps over the fence and, further along, out again."""
    x, deep = float(rng.uniform(1.5, 6.0)), float(rng.uniform(9.8, 11.6))
    out = x + float(rng.uniform(2.0, 4.0))
    way = [[-20.0, 6.2], [x, 6.6], [x, deep], [out, deep], [out, 6.6], [32.0, 6.0]]
    return {"actor": "route", "name": name, "at_s": at, "points": way, "speed_mps": float(rng.uniform(0.9, 1.5))}


def _going_in(name: str, at: float, rng: np.random.Generator) -> Part:
    """Somebody steps over the fence and stays."""
    x, deep = float(rng.uniform(1.5, 10.5)), float(rng.uniform(9.8, 11.6))
    way = [[-20.0, 6.2], [x, 6.6], [x, deep]]
    part = {"actor": "route", "name": name, "at_s": at, "points": way, "speed_mps": float(rng.uniform(0.9, 1.5))}
    return part | {"stays_s": float(rng.uniform(10, 90))}


def _at_the_fence(name: str, at: float, rng: np.random.Generator) -> Part:
    """Somebody comes up to the fence, stands there and goes on."""
    x = float(rng.uniform(1.0, 11.0))
    here = [x, float(rng.uniform(6.7, 7.2))]
    return {
        "actor": "loiterer",
        "name": name,
        "area": rectangle(here[0] - 0.3, here[1] - 0.2, here[0] + 0.3, here[1]),
        "from_s": at,
        "to_s": at + float(rng.uniform(10, 120)),
        "comes_from": [-20.0, 6.0],
    }


def closed_hour(camera: int, hour: int, *, seed: int = 1, fps: float = 5.0) -> Scene:
    """One hour of one camera at a closed area beside the busy street: few go in, many pass close by and stop there."""
    rng = substream(seed, "closed", str(camera), str(hour))
    busy = 0.3 + 0.7 * float(np.sin(np.pi * (hour % 24) / 24.0) ** 2)
    along = {"actor": "pedestrians", "name": "along", "points": [[-20.0, 6.6], [32.0, 6.6]], "width_m": 1.2}
    actors = [*_street_life(busy), along | {"per_minute": 2.0 * busy}]
    actors += [
        _at_the_fence(f"fence-{k}", 200.0 + k * 600.0 + float(rng.uniform(0, 400)), rng)
        for k in range(int(rng.integers(2, 6)))
    ]
    if rng.random() < ENTRIES:
        goes = _passing_in if rng.random() < 0.5 else _going_in
        actors.append(goes("entry", float(rng.uniform(100, 3300)), rng))
    street = LAYOUTS["town-street"][0]
    plan = street.model_dump() | {
        "zones": {"closed": CLOSED, "before": BEFORE},
        "lines": {"fence": {"start": (12.5, 8.6), "end": (-0.5, 8.6)}},
    }
    return Scene.model_validate(
        {
            "scene": f"closed-{camera:02d}-{hour:02d}",
            "about": "An hour of a closed area beside a busy street.",
            "seed": (seed * 1000 + camera) * 1000 + hour + 500,
            "duration_s": HOUR_S,
            "layout": "town-street",
            "actors": actors,
            "sampling": {"fps": fps, "jitter_ms": 8.0},
            "detector": {"place_seed": seed * 1000 + camera + 500},
            "street": plan,
        }
    )
