"""Actors of the library's scenes, as a scene file writes them, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Part = dict[str, Any]
"""One actor: a mapping of a scene file."""

SQUARE: Final = [[-8.0, -2.0], [8.0, -2.0], [8.0, 11.0], [-8.0, 11.0]]
"""Where people are on the square, metres."""


def walk(name: str, at: float, points: Sequence[Sequence[float]], speed: float = 1.3, **more: Any) -> Part:
    """Someone who goes along points (m) from `at` (s) on, at `speed` (m/s)."""
    return {"actor": "route", "name": name, "at_s": at, "points": points, "speed_mps": speed, **more}


def car(name: str, at: float, points: Sequence[Sequence[float]], speed: float, kind: str = "car", **more: Any) -> Part:
    """A vehicle that drives along points."""
    return walk(name, at, points, speed, kind=kind, **more)


def parks(name: str, at: Sequence[float], from_s: float, to_s: float | None, kind: str = "car", **more: Any) -> Part:
    """A vehicle that stands in one place from one time to another (s)."""
    return {"actor": "parking", "name": name, "at": at, "from_s": from_s, "to_s": to_s, "kind": kind, **more}


def group(people: int, from_s: float, to_s: float | None = None, **more: Any) -> Part:
    """People who come together on the square and stay from one time to another (s)."""
    return {
        "actor": "group",
        "name": "group",
        "at": [0.0, 7.0],
        "people": people,
        "from_s": from_s,
        "to_s": to_s,
        **more,
    }


def stands(name: str, at: Sequence[float], **more: Any) -> Part:
    """What is in one place: a person, a bag, a fire."""
    return {"actor": "standing", "name": name, "at": at, **more}


def false_object(name: str, at: Sequence[float], kind: str = "person", **more: Any) -> Part:
    """What the detector takes for something that is not there."""
    return {"actor": "false_object", "name": name, "at": at, "kind": kind, **more}


def passers(per_minute: float = 6.0) -> Part:
    """People who pass at the far end of the square."""
    return {
        "actor": "pedestrians",
        "name": "passers",
        "points": [[-18.0, 14.0], [18.0, 14.0]],
        "per_minute": per_minute,
        "width_m": 2.0,
    }


def traffic(name: str, lane: str, per_minute: float, **more: Any) -> Part:
    """Vehicles of one lane."""
    return {"actor": "traffic", "name": name, "lane": lane, "per_minute": per_minute, **more}


def strollers(count: int, area: Any = SQUARE, **more: Any) -> tuple[Part, ...]:
    """So many people who stroll about an area."""
    return tuple({"actor": "stroller", "name": f"stroller-{k}", "area": area, **more} for k in range(count))
