"""A scene's actors as the arrays that the simulation runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vigie_common.taxonomy import ObjectClass
from vigie_scene.bodies import Body
from vigie_scene.entities import Entity, Happening
from vigie_scene.kernels.layout import DRIVER, ENTITY, HIDER, LANE, SIGNAL
from vigie_scene.kernels.motion import simulate
from vigie_scene.paths import stand
from vigie_scene.substreams import substream

if TYPE_CHECKING:
    from vigie_scene.spec import Scene
    from vigie_scene.street import Street


@dataclass(frozen=True, slots=True)
class Motion:
    """Who is where at given times: frame k holds rows starts[k] to starts[k + 1]."""

    starts: npt.NDArray[np.int64]
    who: npt.NDArray[np.int32]
    """Index of the entity."""
    how: npt.NDArray[Any]
    """layout.MOTION."""


@dataclass(frozen=True, slots=True)
class World:
    """The entities of a scene and where they can go."""

    entities: tuple[Entity, ...]
    """By birth; those of one instant by name."""
    happenings: tuple[Happening, ...]
    table: npt.NDArray[Any]
    """(e,) layout.ENTITY."""
    paths: npt.NDArray[np.float64]
    lanes: npt.NDArray[Any]
    corners: npt.NDArray[np.float64]
    signals: npt.NDArray[Any]

    def run(self, times_s: npt.NDArray[np.float64]) -> Motion:
        """Where all are at rising times; it does not depend on which other times are asked for."""
        return Motion(*simulate(times_s, self.table, self.paths, self.lanes, self.corners, self.signals))


def build(scene: Scene) -> World:
    """The world of a scene: the same seed gives the same world, and an actor's part does not depend on the others."""
    street = scene.ground
    entities: list[Entity] = []
    happenings: list[Happening] = []
    for actor in scene.actors:
        cast = actor.cast(street, scene.duration_s, substream(scene.seed, "actor", actor.name))
        entities += cast.entities
        happenings += cast.happenings
    for k, hider in enumerate(street.occluders):
        body = Body(hider.length_m, hider.width_m, hider.height_m)
        entities.append(Entity(f"occluder/{k}", ObjectClass.unknown, HIDER, body, path=stand(0.0, 0.0, hider.at)[:1]))
    order = sorted(entities, key=lambda entity: (entity.born_s, entity.name))
    lanes, corners, signals = _roads(street)
    paths = np.concatenate([entity.path for entity in order]) if order else np.zeros((0, 6))
    return World(
        tuple(order),
        tuple(sorted(happenings, key=lambda told: (told.start_s, told.kind, told.actors))),
        _table(order, list(street.lanes)),
        np.ascontiguousarray(paths),
        lanes,
        corners,
        signals,
    )


def _table(entities: list[Entity], lanes: list[str]) -> npt.NDArray[Any]:
    table = np.zeros(len(entities), ENTITY)
    number = {entity.name: k for k, entity in enumerate(entities)}
    path = 0
    for row, entity in zip(table, entities, strict=True):
        body = entity.body
        row["mode"], row["kind"] = entity.mode, entity.kind
        row["born"], row["gone"] = entity.born_s, entity.gone_s
        row["path"], row["path_end"] = path, path + len(entity.path)
        path += len(entity.path)
        row["speed"], row["station"] = entity.speed_mps, entity.station_m
        row["lane"] = lanes.index(entity.lane) if entity.mode == DRIVER else -1
        row["mount"] = number[entity.mount] if entity.mount else -1
        row["length"], row["width"], row["height"] = body.length, body.width, body.height
        row["lift"], row["still_false"] = entity.lift_m, entity.still_false
    return table


def _roads(street: Street) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], npt.NDArray[Any]]:
    lanes = np.zeros(len(street.lanes), LANE)
    corners: list[tuple[float, float]] = []
    for row, lane in zip(lanes, street.lanes.values(), strict=True):
        row["first"], row["end"] = len(corners), len(corners) + len(lane.points)
        row["width"] = lane.width_m
        corners += lane.points
    names = list(street.lanes)
    phases = [
        (names.index(signal.lane), signal.at_m, begin, end) for signal in street.signals for begin, end in signal.red
    ]
    return lanes, np.array(corners, dtype=float).reshape(-1, 2), np.array(phases, dtype=SIGNAL)
