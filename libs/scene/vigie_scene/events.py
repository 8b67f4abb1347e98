"""What truly happened in a scene, worked out on the ground plane and in no way by the rule engine's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vigie_scene.bodies import VEHICLES
from vigie_scene.kernels.layout import HIDER
from vigie_scene.street import inside
from vigie_scene.world import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.taxonomy import ObjectClass
    from vigie_scene.film import Floats
    from vigie_scene.spec import Scene
    from vigie_scene.world import World

TRUTH_HZ: Final = 10.0
"""How often the world is looked at."""

STILL_M: Final = 0.3
"""A vehicle that moves less than this within STILL_WINDOW_S stands."""

STILL_WINDOW_S: Final = 1.0

SHORTEST_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    kind: str
    """`visit` (of a zone), `crossing` (of a line), `stop` (of a vehicle), or what an actor's script says: `fall`,
    `group`, `queue`, `flight`, `bag_left`, `loitering`, `parking`, …"""
    start_s: float
    end_s: float
    actors: tuple[str, ...]
    object_class: str = ""
    place: str = ""
    """Zone or line; for a stop the zones it happened in, with commas."""
    direction: str = ""
    """Of a crossing: in or out."""
    x_m: float | None = None
    y_m: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Track:
    name: str
    kind: ObjectClass
    times: Floats
    points: Floats


def true_events(scene: Scene, world: World | None = None) -> tuple[Event, ...]:
    """All that happened, by start.

    Everyone's visits of every zone, crossings of every line and stops of vehicles, whether the camera could see them
    or not, and what the actors' scripts say.
    """
    world = world or build(scene)
    street = scene.ground
    events = [
        Event(
            told.kind,
            told.start_s,
            told.end_s,
            told.actors,
            place=",".join(name for name, area in street.zones.items() if told.at and _is_in(area, told.at)),
            direction=told.direction,
            x_m=told.at[0] if told.at else None,
            y_m=told.at[1] if told.at else None,
            count=told.count,
        )
        for told in world.happenings
    ]
    for track in _tracks(scene, world):
        for zone, area in street.zones.items():
            events += _visits(track, zone, inside(area, track.points))
        for line, ends in street.lines.items():
            events += _crossings(track, line, np.array(ends.start), np.array(ends.end))
        if track.kind in VEHICLES:
            events += _stops(track, scene)
    return tuple(sorted(events, key=lambda event: (event.start_s, event.kind, event.actors, event.place)))


def _is_in(area: Any, point: tuple[float, float]) -> bool:
    return bool(inside(area, np.array([point]))[0])


def _tracks(scene: Scene, world: World) -> Iterator[_Track]:
    times = np.arange(round(scene.duration_s * TRUTH_HZ) + 1) / TRUTH_HZ
    motion = world.run(times)
    frames = np.repeat(np.arange(len(times)), np.diff(motion.starts))
    order = np.argsort(motion.who, kind="stable")
    bounds = np.searchsorted(motion.who[order], np.arange(len(world.entities) + 1))
    for k, entity in enumerate(world.entities):
        rows = order[bounds[k] : bounds[k + 1]]
        if len(rows) and entity.mode != HIDER and not entity.still_false:
            points = np.column_stack([motion.how["x"][rows], motion.how["y"][rows]])
            yield _Track(entity.name, entity.kind, times[frames[rows]], points)


def _runs(mask: Any) -> Iterator[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)


def _visits(track: _Track, zone: str, within: Any) -> Iterator[Event]:
    for first, final in _runs(within):
        yield Event(
            "visit",
            float(track.times[first]),
            float(track.times[final]),
            (track.name,),
            track.kind.name,
            zone,
            x_m=float(track.points[first, 0]),
            y_m=float(track.points[first, 1]),
        )


def _crossings(track: _Track, line: str, start: Floats, end: Floats) -> Iterator[Event]:
    """Where the path cuts the line; in: from its left to its right."""
    along = end - start
    offset = track.points - start
    side = along[0] * offset[:, 1] - along[1] * offset[:, 0]  # > 0: left of the line
    cut = np.flatnonzero((side[:-1] > 0) != (side[1:] > 0))
    for k in cut:
        share = side[k] / (side[k] - side[k + 1])
        where = track.points[k] + share * (track.points[k + 1] - track.points[k])
        if 0.0 <= (where - start) @ along / (along @ along) <= 1.0:
            at = float(track.times[k] + share * (track.times[k + 1] - track.times[k]))
            direction = "in" if side[k] > 0 else "out"
            yield Event(
                "crossing",
                at,
                at,
                (track.name,),
                track.kind.name,
                line,
                direction,
                float(where[0]),
                float(where[1]),
            )


def _stops(track: _Track, scene: Scene) -> Iterator[Event]:
    window = round(STILL_WINDOW_S * TRUTH_HZ)
    if len(track.times) <= window:
        return
    moved = np.hypot(*(track.points[window:] - track.points[:-window]).T)
    still = np.zeros(len(track.times), dtype=bool)
    for k in np.flatnonzero(moved < STILL_M):
        still[k : k + window + 1] = True
    for first, final in _runs(still):
        start, over = float(track.times[first]), float(track.times[final])
        if over - start < SHORTEST_STOP_S:
            continue
        point = track.points[(first + final) // 2]
        zones = ",".join(name for name, area in scene.ground.zones.items() if _is_in(area, (point[0], point[1])))
        yield Event(
            "stop", start, over, (track.name,), track.kind.name, zones, x_m=float(point[0]), y_m=float(point[1])
        )
