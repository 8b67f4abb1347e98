"""Actors of the simplest kind, and traffic: who walks, drives, parks and stands about.

An actor is one entry of a scene's `actors`; `cast` turns it into entities, drawing only from its own substream.
"""

from math import atan2, pi
from typing import Final, Literal

import numpy as np
from pydantic import Field

from vigie_common.field_types import Name
from vigie_common.taxonomy import ObjectClass
from vigie_common.yaml_model import FileModel
from vigie_scene.bodies import BODIES, RIDER_LIFT_M, TWO_WHEELERS, Body
from vigie_scene.entities import FOREVER_S, Cast, Entity, Happening
from vigie_scene.kernels.layout import DRIVER, RIDER, SCRIPTED, WALKER
from vigie_scene.paths import Path, drive, end_s, join, linger, stand, swaying, walk
from vigie_scene.street import Area, Point, PolyLine, Street, inside

Vehicle = Literal["bicycle", "motorcycle", "scooter", "car", "van", "bus", "truck", "tram"]
Kind = Literal[
    "person", "bicycle", "motorcycle", "scooter", "car", "van", "bus", "truck", "tram", "animal", "bag", "fire", "smoke"
]

WALK_MPS: Final = 1.34
"""Mean free walking speed; Weidmann, Transporttechnik der Fussgänger (1993)."""

WALK_SPREAD: Final = 0.26
"""Its standard deviation between people, m/s; as above."""

_OUT_OF_SIGHT_M: Final = 45.0


class Actor(FileModel):
    """What every actor has."""

    name: Name

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:
        """Its entities; draws from `rng`, which is its own."""
        raise NotImplementedError


def person(name: str, path: Path, rng: np.random.Generator) -> Entity:
    """Someone who follows a script, never quite still."""
    body = BODIES[ObjectClass.person].individual(rng)
    path = swaying(path, rng)
    return Entity(name, ObjectClass.person, SCRIPTED, body, path[0, 0], path[-1, 0], path)


def thing(name: str, kind: str, path: Path, rng: np.random.Generator) -> tuple[Entity, ...]:
    """A vehicle or object that follows a script, and the rider of one that needs a rider."""
    which = ObjectClass[kind]
    if which is ObjectClass.person:
        return (person(name, path, rng),)
    body = BODIES[which].individual(rng)
    entity = Entity(name, which, SCRIPTED, body, path[0, 0], path[-1, 0], path)
    return (entity, rider(entity, rng)) if which in TWO_WHEELERS else (entity,)


def rider(mount: Entity, rng: np.random.Generator) -> Entity:
    """Who sits on a two-wheeler."""
    body = BODIES[ObjectClass.person].individual(rng)
    seated = Body(body.length, body.width, body.height * 0.85)
    name = f"{mount.name}/rider"
    return Entity(
        name, ObjectClass.person, RIDER, seated, mount.born_s, mount.gone_s, mount=mount.name, lift_m=RIDER_LIFT_M
    )


class Walker(Actor):
    """Someone who walks from point to point and gives way to others (social force)."""

    actor: Literal["walker"] = "walker"
    at_s: float = Field(default=0.0, ge=0)
    points: PolyLine
    speed_mps: float | None = Field(default=None, gt=0, le=12, description="left out: drawn")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        return Cast((_walker(self.name, self.at_s, self.points, self.speed_mps, rng),))


def _walker(
    name: str, at_s: float, points: PolyLine, speed: float | None, rng: np.random.Generator, until_s: float = FOREVER_S
) -> Entity:
    body = BODIES[ObjectClass.person].individual(rng)
    drawn = float(np.clip(WALK_MPS + WALK_SPREAD * rng.standard_normal(), 0.6, 2.2))
    way = walk(at_s, points, speed or drawn)
    return Entity(name, ObjectClass.person, WALKER, body, at_s, until_s, way, speed_mps=speed or drawn)


class Stroller(Actor):
    """Someone who walks about an area, from one random point to another."""

    actor: Literal["stroller"] = "stroller"
    area: Area
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None
    speed_mps: float | None = Field(default=None, gt=0, le=12, description="left out: drawn")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        until = min(duration_s, self.to_s if self.to_s is not None else duration_s)
        points = random_points(self.area, max(3, int((until - self.from_s) / 3.0) + 3), rng)
        return Cast((_walker(self.name, self.from_s, points, self.speed_mps, rng, until),))


def random_points(area: Area, count: int, rng: np.random.Generator) -> tuple[Point, ...]:
    """Points spread evenly over a polygon."""
    corners = np.array(area)
    low, high = corners.min(axis=0), corners.max(axis=0)
    found: list[Point] = []
    while len(found) < count:
        tried = rng.uniform(low, high, (4 * count, 2))
        found += [(float(x), float(y)) for x, y in tried[inside(area, tried)]]
    return tuple(found[:count])


class Crowd(Actor):
    """People who come by, a Poisson flow along points, spread over a width."""

    actor: Literal["pedestrians"] = "pedestrians"
    points: PolyLine
    per_minute: float = Field(gt=0, le=600)
    width_m: float = Field(default=2.0, ge=0)
    both_ways: bool = True
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        people = []
        for k, at in enumerate(arrivals(self.per_minute, self.from_s, min(duration_s, self.to_s or duration_s), rng)):
            points = self.points[::-1] if self.both_ways and rng.random() < 0.5 else self.points
            aside = rng.uniform(-0.5, 0.5, 2) * self.width_m
            line = tuple((x + aside[0], y + aside[1]) for x, y in points)
            people.append(_walker(f"{self.name}/{k}", at, line, None, rng))
        return Cast(tuple(people))


def arrivals(per_minute: float, from_s: float, to_s: float, rng: np.random.Generator) -> list[float]:
    """Times of a Poisson process, seconds."""
    times: list[float] = []
    at = from_s + float(rng.exponential(60.0 / per_minute))
    while at < to_s:
        times.append(at)
        at += float(rng.exponential(60.0 / per_minute))
    return times


class Driver(Actor):
    """A vehicle that follows a lane, keeps its distance and stops at red."""

    actor: Literal["driver"] = "driver"
    lane: Name
    kind: Vehicle = "car"
    at_s: float = Field(default=0.0, ge=0)
    from_m: float = Field(default=0.0, ge=0, description="where on the lane it begins")
    speed_mps: float | None = Field(default=None, gt=0, le=60, description="left out: about the lane's")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        return Cast(_driver(self.name, self.kind, self.lane, self.at_s, self.from_m, self.speed_mps, street, rng))


def _driver(
    name: str,
    kind: str,
    lane: str,
    at_s: float,
    from_m: float,
    speed: float | None,
    street: Street,
    rng: np.random.Generator,
) -> tuple[Entity, ...]:
    which = ObjectClass[kind]
    body = BODIES[which].individual(rng)
    drawn = street.lanes[lane].speed_mps * float(np.clip(1 + 0.1 * rng.standard_normal(), 0.7, 1.3))
    if which is ObjectClass.bicycle:
        drawn = float(np.clip(4.5 + 0.8 * rng.standard_normal(), 2.5, 7.0))
    entity = Entity(name, which, DRIVER, body, at_s, FOREVER_S, speed_mps=speed or drawn, lane=lane, station_m=from_m)
    return (entity, rider(entity, rng)) if which in TWO_WHEELERS else (entity,)


class Traffic(Actor):
    """Vehicles that come along a lane, a Poisson flow of several kinds."""

    actor: Literal["traffic"] = "traffic"
    lane: Name
    per_minute: float = Field(gt=0, le=60)
    mix: dict[Vehicle, float] = Field(
        default={"car": 0.7, "van": 0.12, "truck": 0.05, "bus": 0.03, "bicycle": 0.1}, description="shares"
    )
    speed_mps: float | None = Field(default=None, gt=0, le=60)
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: D102 - as Actor.cast
        kinds = list(self.mix)
        shares = np.array([self.mix[kind] for kind in kinds])
        bounds = np.cumsum(shares / shares.sum())
        made: list[Entity] = []
        for k, at in enumerate(arrivals(self.per_minute, self.from_s, min(duration_s, self.to_s or duration_s), rng)):
            kind = kinds[min(int(np.searchsorted(bounds, rng.random(), side="right")), len(kinds) - 1)]
            made += _driver(f"{self.name}/{k}", kind, self.lane, at, 0.0, self.speed_mps, street, rng)
        return Cast(tuple(made))


class Parking(Actor):
    """A vehicle that comes along a lane, stops at a place from one time to another and drives on; or was there before.

    The place beside the lane says whether it is a bay or the carriageway (double parking).
    """

    actor: Literal["parking"] = "parking"
    kind: Vehicle = "car"
    at: Point
    from_s: float
    to_s: float | None = Field(default=None, description="left out: it stays")
    lane: Name = Field(default="east", description="whose direction it comes and goes in")
    speed_mps: float = Field(default=6.0, gt=0)
    backwards_m: float = Field(default=0.0, ge=0, description="it passes the place by this much and reverses into it")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: D102 - as Actor.cast
        (x1, y1), (x2, y2) = street.lanes[self.lane].points[0], street.lanes[self.lane].points[-1]
        heading = atan2(y2 - y1, x2 - x1)
        ahead, beside = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
        place, origin = np.array(self.at), np.array([x1, y1])
        offset = float((place - origin) @ beside)

        def on_lane(metres: float) -> Point:
            return _point(place + metres * ahead - offset * beside)

        if self.backwards_m:
            past = on_lane(self.backwards_m)
            into = drive(0.0, [past, self.at], 1.5, from_rest=True, to_rest=True, backwards=True)
            into[:, 3] = heading
            come = drive(0.0, [on_lane(-_OUT_OF_SIGHT_M), past], self.speed_mps, to_rest=True)
            into[:, 0] += end_s(come)
            arrive = join(come, into)
        else:
            near = [on_lane(-_OUT_OF_SIGHT_M), on_lane(-9.0), self.at]
            arrive = drive(0.0, near, self.speed_mps, to_rest=True)
        arrive[-1, 3] = heading
        arrive[:, 0] += self.from_s - end_s(arrive)
        until = duration_s if self.to_s is None else min(self.to_s, duration_s)
        path = arrive if self.from_s > 0 else stand(0.0, 0.0, self.at, heading)
        path = linger(path[path[:, 0] >= 0] if (path[:, 0] >= 0).any() else path[-1:], until)
        if self.to_s is not None and self.to_s < duration_s:
            away = [self.at, on_lane(9.0), on_lane(2 * _OUT_OF_SIGHT_M)]
            path = join(path, drive(self.to_s + 1e-3, away, self.speed_mps, from_rest=True))
        happening = Happening("parking", max(0.0, self.from_s), until, (self.name,), self.at)
        return Cast(thing(self.name, self.kind, path, rng), (happening,))


def _point(xy: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Point:
    return float(xy[0]), float(xy[1])


class Route(Actor):
    """Something that follows points at one speed, giving way to nobody: the plainest script."""

    actor: Literal["route"] = "route"
    kind: Kind = "person"
    at_s: float = Field(default=0.0, ge=0)
    points: PolyLine
    speed_mps: float = Field(default=WALK_MPS, gt=0, le=60)
    stays_s: float = Field(default=0.0, ge=0, description="seconds at the last point")
    says: str = Field(default="", description="what the truth calls it: wrong_way, u_turn; empty: nothing")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        path = walk(self.at_s, self.points, self.speed_mps)
        over = end_s(path)
        path = linger(path, over + self.stays_s) if self.stays_s else path
        told = (Happening(self.says, self.at_s, over, (self.name,), self.points[0]),) if self.says else ()
        return Cast(thing(self.name, self.kind, path, rng), told)


class Standing(Actor):
    """Something that is in one place from one time to another: a bag, a fire, someone waiting."""

    actor: Literal["standing"] = "standing"
    kind: Kind = "person"
    at: Point
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None
    pose: Literal["upright", "crouching", "sitting", "lying"] = "upright"
    heading_deg: float = Field(default=0.0, description="clockwise from north")
    says: str = ""

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        until = min(duration_s, self.to_s if self.to_s is not None else duration_s)
        path = stand(self.from_s, until, self.at, pi / 2 - np.radians(self.heading_deg))
        path[:, 4], path[:, 5] = POSES[self.pose]
        told = (Happening(self.says, self.from_s, until, (self.name,), self.at),) if self.says else ()
        return Cast(thing(self.name, self.kind, path, rng), told)


POSES: Final = {"upright": (1.0, 0.0), "crouching": (0.55, 0.0), "sitting": (0.72, 0.0), "lying": (1.0, pi / 2)}
"""(upright, lean) of each way to hold oneself."""


class FalseObject(Actor):
    """Street furniture that a detector takes for something: a signpost as a person, a bin as a bag."""

    actor: Literal["false_object"] = "false_object"
    kind: Kind = "person"
    at: Point
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        until = min(duration_s, self.to_s if self.to_s is not None else duration_s)
        body = BODIES[ObjectClass[self.kind]].individual(rng)
        path = stand(self.from_s, until, self.at)
        entity = Entity(self.name, ObjectClass[self.kind], SCRIPTED, body, self.from_s, until, path, still_false=True)
        return Cast((entity,))
