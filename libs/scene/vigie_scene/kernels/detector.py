"""The detector that errs like a real one, compiled: which boxes of the truth it finds, where, as what, how sure.

Each entity has its own random numbers. Misses come in runs: a hidden uniform number is drawn anew at a rate, and the
object is missed while the number is below the miss rate of the moment. That is the two-state chain with the right
share of misses at every instant, whatever the frame rate.
"""

from __future__ import annotations

from math import erf, exp, sqrt
from typing import Any, Final

import numpy as np

from vigie_common.compiled import array
from vigie_common.taxonomy import ObjectClass
from vigie_scene.kernels import error_table as table
from vigie_scene.kernels.compiled import entry, jit

NORMALS: Final = 9
UNIFORMS: Final = 7
"""Random numbers that each row uses up."""

FLOOR: Final = 0.1
"""No score is lower."""

SURE: Final = 0.3
"""The score that the error table speaks of."""

_KINDS: Final = len(ObjectClass)
_PERSON: Final = int(ObjectClass.person)


def _is_vehicle() -> Any:
    names = {"motorcycle", "car", "van", "bus", "truck", "tram"}
    return np.array([kind.name in names for kind in ObjectClass])


def _class_bounds() -> tuple[Any, Any]:
    """(kinds, 4) cumulated shares and (kinds, 4) classes that a class is seen as."""
    bounds, names = np.ones((_KINDS, 4)), np.tile(np.arange(_KINDS)[:, None], (1, 4))
    for kind, shares in table.SEEN_AS.items():
        total = 0.0
        for k, (seen, share) in enumerate(shares.items()):
            total += share
            bounds[kind, k], names[kind, k] = total, seen
        names[kind, len(shares) :] = names[kind, len(shares) - 1]
    return bounds, names


VEHICLE: Final = _is_vehicle()
CLASS_BOUNDS, CLASS_NAMES = _class_bounds()
DOUBLES: Final = np.array([table.DOUBLE_SHARE.get(kind, 0.0) for kind in ObjectClass])

_BANDS, _HEIGHTS, _MISS = table.OCCLUSION_BANDS, table.HEIGHT_BANDS, table.MISS
_FOOT, _HEIGHT = np.array(table.FOOT_STD), np.array(table.HEIGHT_STD)
_AT, _CLEAR, _HIDDEN = table.SCORE_AT, table.SCORE_CLEAR, table.SCORE_HIDDEN
_MISS_S, _JITTER_S, _KEPT, _CLASS_S = table.MISS_S, table.JITTER_S, table.JITTER_KEPT, table.CLASS_S
_CENTRE, _FOOT_BIAS, _LOW = table.CENTRE_STD, table.FOOT_BIAS, table.LOW_SCORE_SHARE
_WIDTH, _WIDTH_BIAS, _VEHICLE_WIDTH = table.WIDTH_STD, table.WIDTH_BIAS, table.VEHICLE_WIDTH_STD
_STILL_STD, _STILL_MPS, _LYING = table.STILL_VEHICLE_STD, table.STILL_MPS, table.LYING_MISS
_STANDING_MISS, _STANDING_STD, _STANDING = 1 - table.STANDING_FOUND, table.STANDING_STD, table.SCORE_STANDING
_BLIND_FROM, _BLIND_AT, _BLIND_FOUND = table.BLIND_FROM_DEG, table.BLIND_AT_DEG, table.BLIND_FOUND
_DOUBLE_FOUND, _SMALLEST, _HIDDEN_FROM = table.DOUBLE_FOUND, table.SMALLEST_PX, table.HIDDEN_FROM


@jit
def height_band(height: float) -> int:
    """Row of the error table."""
    row = 0
    while row < 4 and height >= _HEIGHTS[row]:
        row += 1
    return row


@jit
def miss_rate(hidden: float, row: int, in_the_open: float) -> Any:
    """Share of frames in which an object is missed, by hidden share, height band and what its place costs."""
    column = 0
    while column < 4 and hidden > _BANDS[column]:
        column += 1
    beside = 1.0 - (1.0 - _MISS[row, column]) / (1.0 - _MISS[row, 0])
    return 1.0 - (1.0 - max(beside, 0.0)) * (1.0 - in_the_open)


@jit
def _score(z: float, quantiles: Any) -> Any:
    """The score of a standard normal number by a table of quantiles."""
    u = 0.5 * (1.0 + erf(z / sqrt(2.0)))
    k = 0
    while k < 3 and u > _AT[k + 1]:
        k += 1
    return quantiles[k] + (u - _AT[k]) / (_AT[k + 1] - _AT[k]) * (quantiles[k + 1] - quantiles[k])


@jit
def _seen_as(kind: int, u: float) -> Any:
    k = 0
    while k < 3 and u > CLASS_BOUNDS[kind, k]:
        k += 1
    return CLASS_NAMES[kind, k]


@entry(
    array(np.int64),  # starts
    array(np.float64),  # times
    array(np.float64),  # blind
    array(np.int32),  # who
    array(np.int64),  # kind
    array(np.float64, 2),  # boxes
    array(np.float64),  # hidden
    array(np.float64),  # speed
    array(np.float64),  # lean
    array(np.float64),  # below
    array(np.bool_),  # false
    array(np.int64),  # first
    array(np.float64, 2),  # normals
    array(np.float64, 2),  # uniforms
    array(np.bool_),  # double
    array(np.float64, 3),  # places
    array(np.float64),  # size
)
def detect(
    starts: Any,
    times: Any,
    blind: Any,
    who: Any,
    kind: Any,
    boxes: Any,
    hidden: Any,
    speed: Any,
    lean: Any,
    below: Any,
    false: Any,
    first: Any,
    normals: Any,
    uniforms: Any,
    double: Any,
    places: Any,
    size: Any,
) -> Any:
    """What the detector says of the truth.

    Args:
        starts: (f + 1,) rows of each frame.
        times: (f,) seconds.
        blind: (f,) share of misses that the light adds.
        who: (n,) entity of each row.
        kind: (n,) true class.
        boxes: (n, 4) true boxes, pixels.
        hidden: (n,) share hidden by others.
        speed: (n,) m/s.
        lean: (n,) radians from upright.
        below: (n,) degrees below the horizon that it is seen at.
        false: (n,) street furniture taken for its class.
        first: (e,) where each entity's random numbers begin.
        normals: (N, NORMALS) standard normal.
        uniforms: (N, UNIFORMS) 0..1.
        double: (e,) whether it has two boxes.
        places: (rows, columns, heights) share missed in the open, `error_table.open_misses`.
        size: (2,) width and height of the image.

    Returns:
        frame (m,), row of the truth (m,), boxes (m, 4) float32, score (m,) float32, class (m,), in the order of the
        truth; at most two a row.
    """
    entities = len(first)
    state = np.zeros((entities, 8))  # four jitters, score, u of misses, u of low scores, u of the class
    last = np.full(entities, -1e9)
    used = np.zeros(entities, np.int64)
    rows = len(who)
    out_frame, out_row = np.empty(2 * rows, np.int64), np.empty(2 * rows, np.int64)
    out_box, out_score = np.empty((2 * rows, 4), np.float32), np.empty(2 * rows, np.float32)
    out_kind = np.empty(2 * rows, np.int64)
    count = 0
    kept_std, new_std = sqrt(_KEPT), sqrt(1.0 - _KEPT)
    for f in range(len(starts) - 1):
        for n in range(starts[f], starts[f + 1]):
            e = who[n]
            z, u = normals[first[e] + used[e]], uniforms[first[e] + used[e]]
            used[e] += 1
            dt = times[f] - last[e]
            last[e] = times[f]
            jitter = exp(-dt / _JITTER_S)
            for k in range(5):
                state[e, k] = jitter * state[e, k] + sqrt(1.0 - jitter * jitter) * z[k]
            if u[0] > exp(-dt / _MISS_S):
                state[e, 5], state[e, 6] = u[1], u[2]
            if u[3] > exp(-dt / _CLASS_S):
                state[e, 7] = u[4]
            x1, y1, x2, y2 = boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]
            w, h = x2 - x1, y2 - y1
            if h < _SMALLEST:
                continue
            still = VEHICLE[kind[n]] and speed[n] < _STILL_MPS and hidden[n] <= _BANDS[0]
            row = min(int((y1 + y2) / 2 / size[1] * places.shape[0]), places.shape[0] - 1)
            column = min(int((x1 + x2) / 2 / size[0] * places.shape[1]), places.shape[1] - 1)
            if false[n]:
                missed = _STANDING_MISS
            elif still:
                missed = 0.0
            else:
                tall = height_band(h)
                missed = miss_rate(hidden[n], tall, places[row, column, tall])
            if VEHICLE[kind[n]] and below[n] > _BLIND_FROM:
                share = min(1.0, (below[n] - _BLIND_FROM) / (_BLIND_AT - _BLIND_FROM))
                missed = 1.0 - (1.0 - missed) * (1.0 - share * (1.0 - _BLIND_FOUND))
            if lean[n] > 1.0:
                missed = 1.0 - (1.0 - missed) * (1.0 - _LYING)
            missed = 1.0 - (1.0 - missed) * (1.0 - blind[f])
            low = state[e, 5] < missed
            if low and state[e, 6] >= _LOW:
                continue
            band = 0 if hidden[n] <= 0.05 else 1 if hidden[n] <= 0.5 else 2
            centre_std, foot_std, height_std = _CENTRE, _FOOT[band], _HEIGHT[band]
            width_std, wide = (_WIDTH, 1.0 + _WIDTH_BIAS) if kind[n] == _PERSON else (_VEHICLE_WIDTH, 1.0)
            if still or false[n]:
                ratio = (_STANDING_STD if false[n] else _STILL_STD) / _FOOT[0]
                centre_std, foot_std, height_std = ratio * _CENTRE, ratio * _FOOT[0], ratio * _HEIGHT[0]
                width_std *= ratio
            c = (x1 + x2) / 2 + h * centre_std * (kept_std * state[e, 0] + new_std * z[5])
            foot = y2 + h * foot_std * (kept_std * state[e, 1] + new_std * z[6])
            if band == 2:
                foot += h * _FOOT_BIAS
            wide = w * max(0.35, wide + width_std * (kept_std * state[e, 2] + new_std * z[7]))
            high = h * max(0.35, 1.0 + height_std * (kept_std * state[e, 3] + new_std * z[8]))
            b1, b2 = max(0.0, c - wide / 2), max(0.0, foot - high)
            b3, b4 = min(size[0], c + wide / 2), min(size[1], foot)
            if b3 - b1 < 1.0 or b4 - b2 < 1.0:
                continue
            if low:
                score = FLOOR + (SURE - FLOOR) * u[5]
            elif false[n]:
                score = _score(state[e, 4], _STANDING)
            else:
                share = min(1.0, hidden[n] / _HIDDEN_FROM)
                score = (1.0 - share) * _score(state[e, 4], _CLEAR) + share * _score(state[e, 4], _HIDDEN)
            seen = kind[n] if false[n] else _seen_as(kind[n], state[e, 7])
            out_frame[count], out_row[count], out_kind[count], out_score[count] = f, n, seen, score
            out_box[count, 0], out_box[count, 1], out_box[count, 2], out_box[count, 3] = b1, b2, b3, b4
            count += 1
            if double[e] and not low and u[6] < _DOUBLE_FOUND:
                other = _seen_as(kind[n], 1.0 if seen == CLASS_NAMES[kind[n], 0] else 0.0)
                out_frame[count], out_row[count], out_kind[count] = f, n, other
                out_score[count] = max(SURE, 0.75 * score)
                shift = 0.02 * h
                out_box[count, 0], out_box[count, 1] = max(0.0, b1 - shift), max(0.0, b2 + shift)
                out_box[count, 2], out_box[count, 3] = min(size[0], b3 + shift), b4
                count += 1
    return out_frame[:count], out_row[:count], out_box[:count], out_score[:count], out_kind[:count]
