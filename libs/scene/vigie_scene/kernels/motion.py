"""The simulation, compiled: who is where at the times that are asked for.

Walkers: social force (Helbing and Molnár, Physical Review E 51, 1995). Drivers: intelligent driver model (Treiber,
Hennecke and Helbing, Physical Review E 62, 2000). Both at a fixed step, so that the world does not depend on when it is
looked at. Forces end at a distance: who is farther changes nothing, not even the last bit.
"""

from __future__ import annotations

from math import atan2, cos, exp, hypot, sin, sqrt
from typing import Any, Final

import numpy as np

from vigie_common.compiled import array
from vigie_common.taxonomy import ObjectClass
from vigie_scene.kernels.compiled import entry, jit
from vigie_scene.kernels.layout import DRIVER, ENTITY, HIDER, LANE, MOTION, RIDER, SCRIPTED, SIGNAL, WALKER

DT: Final = 0.1
"""Step, seconds."""

RELAXATION_S: Final = 0.5
REPULSION: Final = 3.0
"""m/s², at touch."""
REPULSION_M: Final = 0.45
REACH_M: Final = 3.0
"""Beyond it walkers do not notice each other."""
RADIUS_M: Final = 0.27
BEHIND: Final = 0.3
"""Share of the force of someone behind one's back."""
ASIDE: Final = 0.6
"""Radians that the force is turned by: people pass each other on the right."""
ARRIVED_M: Final = 0.6

COMFORT: Final = 2.0
"""Braking that drivers like, m/s²."""
FULL: Final = 1.5
"""Acceleration, m/s²."""
HARDEST: Final = 8.0
"""Braking that the tyres allow, m/s²."""
HEADWAY_S: Final = 1.3
JAM_M: Final = 2.0
"""Gap in a standing queue."""
LOOK_M: Final = 60.0

_PERSON: Final = int(ObjectClass.person)


@jit
def _on_lane(corners: Any, first: int, end: int, station: float) -> tuple[float, float, float]:
    """x, y and heading at metres along a lane."""
    left = station
    for k in range(first, end - 1):
        dx, dy = corners[k + 1, 0] - corners[k, 0], corners[k + 1, 1] - corners[k, 1]
        length = hypot(dx, dy)
        if left <= length or k == end - 2:
            return corners[k, 0] + dx / length * left, corners[k, 1] + dy / length * left, atan2(dy, dx)
        left -= length
    return corners[first, 0], corners[first, 1], 0.0


@jit
def _off_lane(corners: Any, first: int, end: int, x: float, y: float) -> tuple[float, float]:
    """Metres along a lane and aside of it (never negative) of the nearest place on it."""
    best, station, gone = 1e18, 0.0, 0.0
    for k in range(first, end - 1):
        dx, dy = corners[k + 1, 0] - corners[k, 0], corners[k + 1, 1] - corners[k, 1]
        length = hypot(dx, dy)
        along = ((x - corners[k, 0]) * dx + (y - corners[k, 1]) * dy) / length
        along = min(max(along, 0.0), length)
        aside = hypot(corners[k, 0] + dx / length * along - x, corners[k, 1] + dy / length * along - y)
        if aside < best:
            best, station = aside, gone + along
        gone += length
    return station, best


@jit
def _lane_length(corners: Any, first: int, end: int) -> float:
    total = 0.0
    for k in range(first, end - 1):
        total += hypot(corners[k + 1, 0] - corners[k, 0], corners[k + 1, 1] - corners[k, 1])
    return total


@jit
def _follow(path: Any, entity: Any, at: int, time: float, out: Any) -> Any:
    """Put a scripted entity where its path is; the key frame before `time`, where to look next."""
    first, end = entity.path, entity.path_end
    k = max(at, first)
    while k + 1 < end and path[k + 1, 0] <= time:
        k += 1
    if k + 1 >= end or time <= path[k, 0]:
        out.x, out.y, out.heading = path[k, 1], path[k, 2], path[k, 3]
        out.upright, out.lean, out.speed = path[k, 4], path[k, 5], 0.0
        return k
    span = path[k + 1, 0] - path[k, 0]
    share = (time - path[k, 0]) / span
    dx, dy = path[k + 1, 1] - path[k, 1], path[k + 1, 2] - path[k, 2]
    out.x, out.y = path[k, 1] + share * dx, path[k, 2] + share * dy
    out.heading = path[k, 3]
    out.upright = path[k, 4] + share * (path[k + 1, 4] - path[k, 4])
    out.lean = path[k, 5] + share * (path[k + 1, 5] - path[k, 5])
    out.speed = hypot(dx, dy) / span
    return k


@jit
def _step_walker(i: int, live: Any, n: int, entities: Any, now: Any, velocity: Any, goal: Any, path: Any) -> bool:
    """Move one walker by a step; whether it has arrived. Others are where they were (`now`), one after the other."""
    x, y = now[i].x, now[i].y
    while True:
        dx, dy = path[goal[i], 1] - x, path[goal[i], 2] - y
        left = hypot(dx, dy)
        if left > ARRIVED_M:
            break
        goal[i] += 1
        if goal[i] >= entities[i].path_end:
            return True
    wish = entities[i].speed
    vx, vy = velocity[i, 0], velocity[i, 1]
    ax, ay = (wish * dx / left - vx) / RELAXATION_S, (wish * dy / left - vy) / RELAXATION_S
    facing = hypot(vx, vy)
    turn_c, turn_s = cos(ASIDE), sin(ASIDE)
    for m in range(n):
        j = live[m]
        if j == i or entities[j].still_false != 0 or entities[j].mode == RIDER:
            continue
        px, py = x - now[j].x, y - now[j].y
        radius = RADIUS_M if entities[j].kind == _PERSON else 0.5 * entities[j].width
        apart = hypot(px, py)
        if apart > REACH_M + radius or apart < 1e-9:
            continue
        ux, uy = px / apart, py / apart
        ahead = -(ux * vx + uy * vy) / facing if facing > 0.05 else 1.0
        weight = BEHIND + (1.0 - BEHIND) * 0.5 * (1.0 + ahead)
        force = REPULSION * weight * exp((RADIUS_M + radius - apart) / REPULSION_M)
        ax += force * (turn_c * ux + turn_s * uy)
        ay += force * (turn_c * uy - turn_s * ux)
    vx, vy = vx + DT * ax, vy + DT * ay
    speed = hypot(vx, vy)
    if speed > 1.3 * wish:
        vx, vy, speed = vx * 1.3 * wish / speed, vy * 1.3 * wish / speed, 1.3 * wish
    velocity[i, 0], velocity[i, 1] = vx, vy
    return False


@jit
def _step_driver(
    i: int,
    live: Any,
    n: int,
    entities: Any,
    now: Any,
    station: Any,
    lanes: Any,
    corners: Any,
    signals: Any,
    time: float,
) -> None:
    """A driver's new speed: free road, leader, red light or whatever stands in the lane."""
    lane = entities[i].lane
    first, end = lanes[lane].first, lanes[lane].end
    front = station[i] + 0.5 * entities[i].length
    v = now[i].speed
    gap, lead = LOOK_M + JAM_M, v
    for m in range(n):
        j = live[m]
        if j == i or entities[j].still_false != 0 or entities[j].mode == RIDER or entities[j].mode == HIDER:
            continue
        if entities[j].mode == DRIVER:
            if entities[j].lane != lane or station[j] <= station[i]:
                continue
            free, speed = station[j] - 0.5 * entities[j].length - front, now[j].speed
        else:
            if hypot(now[j].x - now[i].x, now[j].y - now[i].y) > LOOK_M:
                continue
            along, aside = _off_lane(corners, first, end, now[j].x, now[j].y)
            person = entities[j].kind == _PERSON
            half = 0.4 if person else 0.5 * entities[j].width
            if aside > 0.5 * entities[i].width + half or along <= station[i]:
                continue
            free = along - front - (0.5 if person else 0.5 * entities[j].length)
            speed = 0.0 if person else now[j].speed
        if free < gap:
            gap, lead = free, speed
    for k in range(len(signals)):
        if signals[k].lane == lane and signals[k]["from"] <= time < signals[k].to:
            free = signals[k].station - front
            if -1.0 < free < gap and v * v / (2 * HARDEST) < free + 1.0:
                gap, lead = free, 0.0
    a = FULL * (1.0 - (v / entities[i].speed) ** 4)
    if gap <= LOOK_M:
        wanted = JAM_M + max(0.0, v * HEADWAY_S + v * (v - lead) / (2 * sqrt(FULL * COMFORT)))
        a -= FULL * (wanted / max(gap, 0.1)) ** 2
    a = max(a, -HARDEST)
    speed = max(0.0, v + DT * a)
    station[i] += 0.5 * DT * (v + speed)
    now[i].speed = speed


@jit
def _has_room(i: int, live: Any, n: int, entities: Any, station: Any) -> bool:
    """Whether a driver may enter its lane: the last one in has moved on."""
    for m in range(n):
        j = live[m]
        if entities[j].mode == DRIVER and entities[j].lane == entities[i].lane:
            apart = abs(station[j] - station[i]) - 0.5 * (entities[i].length + entities[j].length)
            if apart < 2 * JAM_M + 1.0:
                return False
    return True


@jit
def _grown(array: Any, size: int) -> Any:
    bigger = np.empty(2 * size, array.dtype)
    bigger[:size] = array[:size]
    return bigger


@entry(array(np.float64), array(ENTITY), array(np.float64, 2), array(LANE), array(np.float64, 2), array(SIGNAL))
def simulate(times: Any, entities: Any, path: Any, lanes: Any, corners: Any, signals: Any) -> Any:
    """Who is where at each of `times` (seconds, rising).

    Args:
        times: (f,) float64.
        entities: (e,) ENTITY, by birth.
        path: (k, 6) key frames of all, see `paths`.
        lanes: (l,) LANE.
        corners: (c, 2) of the lanes, metres.
        signals: (s,) SIGNAL.

    Returns:
        starts (f + 1,) int64, who (n,) int32, how (n,) MOTION: frame k holds rows starts[k] to starts[k + 1], in the
        order of the entities.
    """
    count = len(entities)
    now, before = np.zeros(count, MOTION), np.zeros(count, MOTION)
    velocity, station = np.zeros((count, 2)), np.zeros(count)
    at, goal = np.zeros(count, np.int64), np.zeros(count, np.int64)
    live, waiting = np.empty(count, np.int64), np.empty(count, np.int64)
    arrived = np.zeros(count, np.bool_)
    n, waits, born = 0, 0, 0
    frames = len(times)
    starts = np.zeros(frames + 1, np.int64)
    room, rows = 1024, 0
    who, how = np.empty(room, np.int32), np.empty(room, MOTION)
    frame, step = 0, 0
    lane_m = np.zeros(max(len(lanes), 1))
    for k in range(len(lanes)):
        lane_m[k] = _lane_length(corners, lanes[k].first, lanes[k].end)
    while frame < frames:
        time = step * DT
        for m in range(n):
            before[live[m]] = now[live[m]]
        # those who are there
        for m in range(n):
            i = live[m]
            if entities[i].mode == SCRIPTED or entities[i].mode == HIDER:
                at[i] = _follow(path, entities[i], at[i], time, now[i])
        for m in range(n):
            i = live[m]
            if entities[i].mode == WALKER:
                arrived[i] = _step_walker(i, live, n, entities, now, velocity, goal, path)
            elif entities[i].mode == DRIVER:
                _step_driver(i, live, n, entities, now, station, lanes, corners, signals, time)
        for m in range(n):
            i = live[m]
            if entities[i].mode == WALKER and not arrived[i]:
                now[i].x += DT * velocity[i, 0]
                now[i].y += DT * velocity[i, 1]
                now[i].speed = hypot(velocity[i, 0], velocity[i, 1])
                if now[i].speed > 0.2:
                    now[i].heading = atan2(velocity[i, 1], velocity[i, 0])
            elif entities[i].mode == DRIVER:
                lane = entities[i].lane
                x, y, heading = _on_lane(corners, lanes[lane].first, lanes[lane].end, station[i])
                now[i].x, now[i].y, now[i].heading = x, y, heading
                arrived[i] = station[i] >= lane_m[lane]
        # those who come
        while born < count and entities[born].born <= time:
            waiting[waits] = born
            waits += 1
            born += 1
        still = 0
        for m in range(waits):
            i = waiting[m]
            entity = entities[i]
            if entity.mode == DRIVER:
                station[i] = entity.station
                if not _has_room(i, live, n, entities, station):
                    waiting[still] = i
                    still += 1
                    continue
                lane = entity.lane
                x, y, heading = _on_lane(corners, lanes[lane].first, lanes[lane].end, station[i])
                now[i].x, now[i].y, now[i].heading = x, y, heading
                now[i].speed = entity.speed
            elif entity.mode == WALKER:
                goal[i] = entity.path + 1
                now[i].x, now[i].y, now[i].heading = path[entity.path, 1], path[entity.path, 2], path[entity.path, 3]
                velocity[i, 0] = entity.speed * cos(now[i].heading)
                velocity[i, 1] = entity.speed * sin(now[i].heading)
                now[i].speed = entity.speed
            elif entity.mode == RIDER:
                now[i].speed = -1.0
            else:
                at[i] = _follow(path, entity, entity.path, time, now[i])
            if WALKER <= entity.mode <= RIDER:  # these have no key frames
                now[i].upright, now[i].lean = 1.0, 0.0
            before[i] = now[i]
            k = n
            while k > 0 and live[k - 1] > i:  # a driver that had to wait keeps its place in the order
                live[k] = live[k - 1]
                k -= 1
            live[k] = i
            n += 1
        waits = still
        for m in range(n):
            i = live[m]
            if entities[i].mode == RIDER:
                mount = entities[i].mount
                fresh_rider = now[i].speed < 0.0
                now[i] = now[mount]
                now[i].upright, now[i].lean = 1.0, 0.0
                if fresh_rider:
                    before[i] = now[i]
                arrived[i] = arrived[mount]
        # what was seen since the step before
        while frame < frames and times[frame] <= time + 1e-9:
            share = min(1.0, max(0.0, 1.0 - (time - times[frame]) / DT))
            for m in range(n):
                i = live[m]
                entity = entities[i]
                if times[frame] < entity.born - 1e-9 or times[frame] > entity.gone + 1e-9 or arrived[i]:
                    continue
                if entity.mode == RIDER and now[entity.mount].speed < 0.0:
                    continue
                if rows == room:
                    who, how = _grown(who, room), _grown(how, room)
                    room *= 2
                who[rows] = i
                how[rows] = now[i]
                how[rows].x = before[i].x + share * (now[i].x - before[i].x)
                how[rows].y = before[i].y + share * (now[i].y - before[i].y)
                how[rows].upright = before[i].upright + share * (now[i].upright - before[i].upright)
                how[rows].lean = before[i].lean + share * (now[i].lean - before[i].lean)
                rows += 1
            frame += 1
            starts[frame] = rows
        # those who go
        kept = 0
        for m in range(n):
            i = live[m]
            if not arrived[i] and entities[i].gone >= time:
                live[kept] = i
                kept += 1
        n = kept
        step += 1
    return starts, who[:rows], how[:rows]
