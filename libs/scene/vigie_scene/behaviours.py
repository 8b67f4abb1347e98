"""Scripted behaviours of people: what the rules are to find, and what only looks like it."""

from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import Literal

import numpy as np
from pydantic import Field

from vigie_common.taxonomy import ObjectClass
from vigie_scene.actors import WALK_MPS, WALK_SPREAD, Actor, person, random_points
from vigie_scene.bodies import BODIES
from vigie_scene.entities import Cast, Entity, Happening
from vigie_scene.kernels.layout import SCRIPTED
from vigie_scene.paths import Path, end_s, join, last, linger, posed, stand, walk
from vigie_scene.street import Area, Point, PolyLine, Street

_EPSILON_S = 1e-3


class Fall(Actor):
    """Someone walks along points, falls at a time, lies, and gets up again or not."""

    actor: Literal["fall"] = "fall"
    points: PolyLine
    at_s: float = Field(gt=0, description="when the fall begins; the walk is timed to be at the last point then")
    falls_in_s: float = Field(default=0.8, gt=0)
    lies_s: float | None = Field(default=None, ge=0, description="left out: to the end")
    crouches: bool = Field(default=False, description="only crouches (the near miss)")
    speed_mps: float = Field(default=1.2, gt=0)

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        path = walk(0.0, self.points, self.speed_mps)
        path[:, 0] += self.at_s - end_s(path)
        path = path[max(0, int(np.searchsorted(path[:, 0], 0.0)) - 1) :]
        down = self.at_s + self.falls_in_s
        up = duration_s if self.lies_s is None else min(duration_s, down + self.lies_s)
        low = (0.5, 0.0) if self.crouches else (1.0, pi / 2)
        poses = [(0.0, 1.0, 0.0), (self.at_s, 1.0, 0.0), (down, *low), (up, *low), (up + 2.0, 1.0, 0.0)]
        path = linger(path, min(duration_s, up + 2.0))
        if up + 2.0 < duration_s:
            path = join(path, walk(up + 2.0 + _EPSILON_S, self.points[::-1], self.speed_mps))
        kind = "crouch" if self.crouches else "fall"
        told = Happening(kind, self.at_s, up, (self.name,), self.points[-1])
        return Cast((person(self.name, posed(path, poses), rng),), (told,))


def _edge(centre: Point, away_m: float, rng: np.random.Generator) -> Point:
    angle = float(rng.uniform(0.0, 2 * pi))
    return centre[0] + away_m * cos(angle), centre[1] + away_m * sin(angle)


def _speed(rng: np.random.Generator) -> float:
    return float(np.clip(WALK_MPS + WALK_SPREAD * rng.standard_normal(), 0.8, 1.9))


def _visit(
    name: str, comes_from: Point, place: Point, from_s: float, to_s: float, duration_s: float, rng: np.random.Generator
) -> Entity:
    """Someone who walks up to a place, is there from one time to another, and walks off."""
    speed = _speed(rng)
    path = walk(0.0, [comes_from, place], speed)
    path[:, 0] += from_s - end_s(path)
    if path[0, 0] < 0:
        share = -path[0, 0] / (end_s(path) - path[0, 0])
        if share >= 1:
            path = stand(0.0, 0.0, place, path[0, 3])[:1]
        else:
            path[0, 1:3] += share * (path[1, 1:3] - path[0, 1:3])
            path[0, 0] = 0.0
    path = linger(path, min(to_s, duration_s))
    if to_s < duration_s:
        path = join(path, walk(to_s + _EPSILON_S, [place, comes_from], speed))
    return person(name, path, rng)


class Group(Actor):
    """People who come together round a place, stay, and part."""

    actor: Literal["group"] = "group"
    at: Point
    people: int = Field(default=6, ge=1, le=200)
    from_s: float = Field(ge=0, description="when the last one is there")
    to_s: float | None = Field(default=None, description="when the first one leaves; left out: they stay")
    spacing_m: float = Field(default=1.0, gt=0)
    come_from_m: float = Field(default=14.0, gt=0)

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        to = self.to_s if self.to_s is not None else duration_s + 1
        members = []
        for k in range(self.people):
            # a sunflower: evenly spread however many there are
            radius, angle = self.spacing_m * 0.62 * (k + 0.5) ** 0.5, k * pi * (3 - 5**0.5)
            place = self.at[0] + radius * cos(angle), self.at[1] + radius * sin(angle)
            early = float(rng.uniform(0.0, 4.0)) if k else 0.0
            origin = _edge(self.at, self.come_from_m, rng)
            late = float(rng.uniform(0.0, 3.0)) if k else 0.0
            members.append(
                _visit(f"{self.name}/{k}", origin, place, max(0.0, self.from_s - early), to + late, duration_s, rng)
            )
        names = tuple(member.name for member in members)
        told = Happening("group", self.from_s, min(to, duration_s), names, self.at, count=self.people)
        return Cast(tuple(members), (told,))


class Queue(Actor):
    """People who stand in a row; the head is served now and then and all move up."""

    actor: Literal["queue"] = "queue"
    head: Point
    tail: Point = Field(description="towards which it grows")
    people: int = Field(default=6, ge=1, le=60)
    from_s: float = Field(default=0.0, ge=0)
    to_s: float | None = None
    served_every_s: float = Field(default=25.0, gt=0)
    spacing_m: float = Field(default=0.9, gt=0)

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        until = min(duration_s, self.to_s if self.to_s is not None else duration_s)
        dx, dy = self.tail[0] - self.head[0], self.tail[1] - self.head[1]
        away = hypot(dx, dy)
        ux, uy = dx / away, dy / away

        def place(rank: int) -> Point:
            return self.head[0] + ux * rank * self.spacing_m, self.head[1] + uy * rank * self.spacing_m

        total = self.people + int((until - self.from_s) / self.served_every_s)
        standing = []
        for k in range(total):
            rank = min(k, self.people - 1)
            comes = self.from_s if k < self.people else self.from_s + (k - self.people + 1) * self.served_every_s
            entry = (place(rank)[0] + ux * 6.0, place(rank)[1] + uy * 6.0)
            path: Path = (
                stand(comes, comes, place(rank)) if k < self.people else walk(comes, [entry, place(rank)], _speed(rng))
            )
            path[:, 3] = np.arctan2(-uy, -ux)
            moves = self.from_s + (max(0, k - self.people + 1) + 1) * self.served_every_s + 1.0
            while rank > 0 and moves < until:
                path = linger(path, moves)
                path = join(path, walk(moves + _EPSILON_S, [place(rank), place(rank - 1)], 0.9))
                rank -= 1
                moves += self.served_every_s
            path = linger(path, min(until, max(moves, end_s(path))))
            if moves < until:
                aside = (self.head[0] - uy * 12.0, self.head[1] + ux * 12.0)
                path = join(path, walk(end_s(path) + _EPSILON_S, [last(path), aside], _speed(rng)))
            standing.append(person(f"{self.name}/{k}", path, rng))
        names = tuple(one.name for one in standing)
        told = Happening("queue", self.from_s, until, names, self.head, count=self.people)
        return Cast(tuple(standing), (told,))


class Flight(Actor):
    """A crowd that strolls and then runs, away from a place or all in one direction."""

    actor: Literal["flight"] = "flight"
    area: Area
    people: int = Field(default=14, ge=1, le=200)
    at_s: float = Field(gt=0, description="when they begin to run")
    away_from: Point | None = Field(default=None, description="left out: all one way")
    heading_deg: float = Field(default=90.0, description="which way, clockwise from north")
    speed_mps: float = Field(default=3.6, gt=0)
    spread_s: float = Field(default=0.7, ge=0, description="how far apart they begin")
    says: str = "flight"

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        people = []
        for k in range(self.people):
            runs = self.at_s + float(rng.uniform(0.0, self.spread_s))
            points = random_points(self.area, max(3, int(runs / 3.0) + 3), rng)
            path = walk(0.0, points, float(rng.uniform(0.5, 1.1)))
            while end_s(path) < runs:
                further = random_points(self.area, 2, rng)
                path = join(path, walk(end_s(path) + _EPSILON_S, [last(path), *further], 0.9))
            x, y = (float(np.interp(runs, path[:, 0], path[:, axis])) for axis in (1, 2))
            path = np.concatenate([path[path[:, 0] < runs - _EPSILON_S], [[runs, x, y, 0.0, 1.0, 0.0]]])
            angle = pi / 2 - np.radians(self.heading_deg) + 0.15 * float(rng.standard_normal())
            if self.away_from is not None:
                angle = np.arctan2(y - self.away_from[1], x - self.away_from[0])
            far = (x + 40.0 * cos(angle), y + 40.0 * sin(angle))
            speed = self.speed_mps * float(np.clip(1 + 0.12 * rng.standard_normal(), 0.7, 1.3))
            path = join(path[:-1], walk(runs, [(x, y), far], speed))
            people.append(person(f"{self.name}/{k}", path, rng))
        names = tuple(one.name for one in people)
        over = max(float(one.gone_s) for one in people)
        told = Happening(self.says, self.at_s, min(over, duration_s), names, count=self.people)
        return Cast(tuple(people), (told,))


class Bag(Actor):
    """Someone puts a bag down and walks off; and comes back for it, or not."""

    actor: Literal["bag"] = "bag"
    points: PolyLine = Field(description="the owner's way in; the bag is left at the last")
    at_s: float = Field(gt=0, description="when it is put down")
    leaves_s: float = Field(default=3.0, ge=0, description="the owner stays this long beside it")
    returns_s: float | None = Field(default=None, description="when the owner takes it up again; left out: never")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        speed = _speed(rng)
        place = self.points[-1]
        path = walk(0.0, self.points, speed)
        path[:, 0] += self.at_s - end_s(path)
        path = linger(path, self.at_s + self.leaves_s)
        way = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(self.points))
        path = join(path, walk(end_s(path) + _EPSILON_S, self.points[::-1], speed))
        taken = duration_s
        if self.returns_s is not None:
            taken = min(self.returns_s, duration_s)
            back = max(end_s(path) + _EPSILON_S, self.returns_s - way / speed)
            path = join(linger(path, back), walk(back + _EPSILON_S, self.points, speed))
            path = join(path, walk(end_s(path) + 2.0, self.points[::-1], speed))
        if path[0, 0] < 0:
            path = path[max(0, int(np.searchsorted(path[:, 0], 0.0)) - 1) :]
            path[0, 0] = max(path[0, 0], 0.0)
        body = BODIES[ObjectClass.bag].individual(rng)
        beside = (place[0] + 0.4, place[1])
        lies = stand(self.at_s, taken, beside)
        bag = Entity(f"{self.name}/bag", ObjectClass.bag, SCRIPTED, body, self.at_s, taken, lies)
        gone = Happening("bag_left", self.at_s + self.leaves_s, taken, (self.name, bag.name), beside)
        return Cast((person(self.name, path, rng), bag), (gone,))


class Loiterer(Actor):
    """Someone who comes into an area, wanders about it slowly, and leaves."""

    actor: Literal["loiterer"] = "loiterer"
    area: Area
    from_s: float = Field(default=0.0, ge=0, description="when the first place in the area is reached")
    to_s: float = Field(gt=0, description="when the last place in it is left")
    comes_from: Point | None = None
    speed_mps: float = Field(default=0.6, gt=0)
    pauses_s: float = Field(default=6.0, ge=0, description="mean time at each place")

    def cast(self, street: Street, duration_s: float, rng: np.random.Generator) -> Cast:  # noqa: ARG002, D102 - as Actor.cast
        places = random_points(self.area, 2 + int((self.to_s - self.from_s) / 2.0), rng)
        until = min(self.to_s, duration_s)
        path = stand(self.from_s, self.from_s, places[0])[:1]
        for a, b in pairwise(places):
            leg = walk(end_s(path) + float(rng.exponential(self.pauses_s)) + _EPSILON_S, [a, b], self.speed_mps)
            if end_s(leg) > until:
                break
            path = join(path, leg)
        path = linger(path, until)
        if self.comes_from is not None:
            way_in = walk(0.0, [self.comes_from, places[0]], WALK_MPS)
            way_in[:, 0] += self.from_s - end_s(way_in) - _EPSILON_S
            path = join(way_in[way_in[:, 0] >= 0], path)
            if until < duration_s:
                path = join(path, walk(until + _EPSILON_S, [last(path), self.comes_from], WALK_MPS))
        told = Happening("loitering", self.from_s, until, (self.name,), places[0])
        return Cast((person(self.name, path, rng),), (told,))
