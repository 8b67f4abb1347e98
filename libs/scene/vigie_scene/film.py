"""What a scene's camera sees and what its detector says: the truth and the detections, frame by frame, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vigie_common.taxonomy import ObjectClass
from vigie_scene.kernels import detector
from vigie_scene.kernels import error_table as table
from vigie_scene.kernels.layout import HIDER
from vigie_scene.kernels.sight import hide, see
from vigie_scene.substreams import substream
from vigie_scene.world import Motion, World, build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_scene.spec import Scene
    from vigie_scene.street import Span

Floats = npt.NDArray[np.float64]

MOST_CUT = 0.85
"""Objects that lie outside the image by more than this share are not seen."""

LOWEST_PX = 3.0
"""Nor are boxes lower than this."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in the image: frame k holds rows starts[k] to starts[k + 1]."""

    starts: npt.NDArray[np.int64]
    entity: npt.NDArray[np.int32]
    """Index in the world's entities: the identity."""
    kind: npt.NDArray[np.uint8]
    """taxonomy.ObjectClass."""
    box: npt.NDArray[np.float32]
    """(n, 4) x1 y1 x2 y2, pixels, cut to the image."""
    hidden: npt.NDArray[np.float32]
    """(n,) share hidden by nearer things."""
    cut: npt.NDArray[np.float32]
    """(n,) share outside the image."""
    ground: npt.NDArray[np.float32]
    """(n, 2) metres."""
    speed: npt.NDArray[np.float32]
    """(n,) m/s."""

    @property
    def visibility(self) -> npt.NDArray[np.float32]:
        """(n,) share of the object that can be seen."""
        return (1 - self.hidden) * (1 - self.cut)


@dataclass(frozen=True, slots=True)
class Detections:
    """What the detector says: frame k holds rows starts[k] to starts[k + 1], by score."""

    starts: npt.NDArray[np.int64]
    box: npt.NDArray[np.float32]
    """(m, 4) x1 y1 x2 y2, pixels."""
    score: npt.NDArray[np.float32]
    kind: npt.NDArray[np.uint8]
    entity: npt.NDArray[np.int32]
    """(m,) whose box it is; -1: nobody's. For evaluation, not for the tracker."""


@dataclass(frozen=True, slots=True)
class Take:
    """A scene, filmed."""

    scene: Scene
    world: World
    times_ms: npt.NDArray[np.int64]
    """(f,) of the frames, from the scene's start, strictly rising."""
    truth: Truth
    detections: Detections


def film(scene: Scene, world: World | None = None) -> Take:
    """Simulate a scene, look at it and detect; the same scene gives the same bytes."""
    world = world or build(scene)
    times_ms = frame_times(scene)
    times = times_ms / 1000.0
    motion = world.run(times)
    sight = _look(scene, world, motion, _shake(scene, times))
    truth = _truth(sight, world)
    found = _perfect(truth) if scene.detector.errors == "none" else _measured(scene, world, times, sight)
    return Take(scene, world, times_ms, truth, found)


def frame_times(scene: Scene) -> npt.NDArray[np.int64]:
    """(f,) milliseconds of the frames: regular, shifted a little each, none in the gaps."""
    sampling = scene.sampling
    nominal = np.arange(round(scene.duration_s * sampling.fps)) * (1000.0 / sampling.fps)
    if sampling.jitter_ms:
        late = substream(scene.seed, "sampling").standard_normal(len(nominal)) * sampling.jitter_ms
        nominal += late.clip(-400 / sampling.fps, 400 / sampling.fps)
    times = np.maximum.accumulate(np.maximum(0, np.round(nominal)).astype(np.int64))
    times += np.concatenate([[0], np.cumsum(np.diff(times) == 0)]).astype(np.int64)
    return times[~_within(sampling.gaps, times / 1000.0)]


def _within(spans: Sequence[Span], times: Floats) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(times), dtype=bool)
    for begin, end in spans:
        inside |= (times >= begin) & (times < end)
    return inside


def _shake(scene: Scene, times: Floats) -> Floats:
    """(f, 2) pixels that the image is off by."""
    disturbed = scene.disturbances
    offset = np.zeros((len(times), 2))
    if disturbed.shake_px and len(times):
        offset = substream(scene.seed, "shake").standard_normal((len(times), 2))
        for k in range(1, len(times)):
            kept = float(np.exp(-(times[k] - times[k - 1]) / 0.3))
            offset[k] = kept * offset[k - 1] + (1 - kept * kept) ** 0.5 * offset[k]
        offset *= disturbed.shake_px
        if disturbed.shaken:
            offset[~_within(disturbed.shaken, times)] = 0.0
    return offset


@dataclass(frozen=True, slots=True)
class _Sight:
    """Rows that the camera sees, street furniture too."""

    starts: npt.NDArray[np.int64]
    who: npt.NDArray[np.int32]
    how: npt.NDArray[Any]
    boxes: Floats
    hidden: Floats
    cut: Floats


def _look(scene: Scene, world: World, motion: Motion, offset: Floats) -> _Sight:
    lens = scene.lens
    size = np.array([lens.width, lens.height], dtype=float)
    boxes, depths, cut = see(motion.starts, motion.who, motion.how, world.table, lens.matrix, offset, size)
    hidden = hide(motion.starts, motion.who, world.table, boxes, depths)
    kept = (depths > 0) & (cut <= MOST_CUT) & (boxes[:, 3] - boxes[:, 1] >= LOWEST_PX)
    kept &= world.table["mode"][motion.who] != HIDER
    starts = np.concatenate([[0], np.cumsum(kept)])[motion.starts]
    return _Sight(starts, motion.who[kept], motion.how[kept], boxes[kept], hidden[kept], cut[kept])


def _truth(sight: _Sight, world: World) -> Truth:
    real = world.table["still_false"][sight.who] == 0
    who, how = sight.who[real], sight.how[real]
    return Truth(
        starts=np.concatenate([[0], np.cumsum(real)])[sight.starts],
        entity=who,
        kind=world.table["kind"][who].astype(np.uint8),
        box=sight.boxes[real].astype(np.float32),
        hidden=sight.hidden[real].astype(np.float32),
        cut=sight.cut[real].astype(np.float32),
        ground=np.column_stack([how["x"], how["y"]]).astype(np.float32),
        speed=how["speed"].astype(np.float32),
    )


def _perfect(truth: Truth) -> Detections:
    """Every object that can be seen at all, exactly, with a score of 0.9."""
    seen = truth.visibility > 0.1
    return Detections(
        starts=np.concatenate([[0], np.cumsum(seen)])[truth.starts],
        box=truth.box[seen],
        score=np.full(int(seen.sum()), 0.9, dtype=np.float32),
        kind=truth.kind[seen],
        entity=truth.entity[seen],
    )


def _measured(scene: Scene, world: World, times: Floats, sight: _Sight) -> Detections:
    lens = scene.lens
    size = np.array([lens.width, lens.height], dtype=float)
    counts = np.bincount(sight.who, minlength=len(world.entities))
    first, normals, uniforms, double = draws(scene.seed, world, counts)
    away = np.hypot(sight.how["x"] - lens.x_m, sight.how["y"] - lens.y_m)
    factors = None
    if scene.detector.place_map:
        own = scene.detector.place_seed
        factors = (
            substream(scene.seed if own is None else own, "places")
            .permutation(table.PLACE_FACTORS)
            .reshape(table.PLACE_GRID)
        )
    frame, row, box, score, kind = detector.detect(
        sight.starts,
        times,
        np.where(_within(scene.disturbances.exposure_lost, times), 0.9, 0.0),
        sight.who,
        world.table["kind"][sight.who],
        sight.boxes,
        sight.hidden,
        np.ascontiguousarray(sight.how["speed"]),
        np.ascontiguousarray(sight.how["lean"]),
        np.degrees(np.arctan2(lens.height_m, away)),
        world.table["still_false"][sight.who] != 0,
        first,
        normals,
        uniforms,
        double,
        table.open_misses(factors),
        size,
    )
    entity = np.where(world.table["still_false"][sight.who[row]] != 0, -1, sight.who[row])
    passing = _flicker(scene, times)
    frame = np.concatenate([frame, passing[0]])
    box = np.concatenate([box, passing[1]])
    score = np.concatenate([score, passing[2]])
    kind = np.concatenate([kind, passing[3]])
    entity = np.concatenate([entity, np.full(len(passing[0]), -1)])
    kept = score >= scene.detector.score_floor
    order = np.flatnonzero(kept)[np.lexsort((-score[kept], frame[kept]))]
    return Detections(
        starts=np.searchsorted(frame[order], np.arange(len(times) + 1)).astype(np.int64),
        box=box[order].astype(np.float32),
        score=score[order].astype(np.float32),
        kind=kind[order].astype(np.uint8),
        entity=entity[order].astype(np.int32),
    )


def draws(seed: int, world: World, counts: npt.NDArray[np.int64]) -> tuple[Any, Any, Any, Any]:
    """The random numbers of the detector, each entity's from its own substream."""
    first = np.concatenate([[0], np.cumsum(counts)])
    normals = np.empty((int(first[-1]), detector.NORMALS))
    uniforms = np.empty((int(first[-1]), detector.UNIFORMS))
    double = np.zeros(len(counts), dtype=bool)
    for k in np.flatnonzero(counts):
        entity = world.entities[k]
        rng = substream(seed, "detector", entity.name)
        double[k] = rng.random() < detector.DOUBLES[entity.kind]
        own = slice(first[k], first[k + 1])
        # drawn row by row in one stream, so that a longer look begins with the same numbers
        block = rng.random((int(counts[k]), detector.UNIFORMS + 2 * detector.NORMALS))
        uniforms[own] = block[:, : detector.UNIFORMS]
        pairs = block[:, detector.UNIFORMS :].reshape(-1, 2, detector.NORMALS)
        normals[own] = np.sqrt(-2 * np.log1p(-pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])
    return first[:-1], normals, uniforms, double


def _flicker(scene: Scene, times: Floats) -> tuple[Any, Any, Any, Any]:
    """Passing false positives: frame, box, score and class of each."""
    rng = substream(scene.seed, "flicker")
    lens = scene.lens
    shortest, longest = table.FLICKER_SHORTEST_S, table.FLICKER_LONGEST_S
    mean_s = shortest * (1 + np.log(longest / shortest))
    frames: list[Any] = []
    boxes: list[Any] = []
    scores: list[Any] = []
    kinds: list[Any] = []
    names = np.array(list(table.FLICKER_CLASSES), dtype=np.int64)
    shares = np.array(list(table.FLICKER_CLASSES.values()))
    for per_frame, sure in ((table.FLICKER_PER_FRAME, True), (table.FLICKER_LOW_PER_FRAME, False)):
        count = rng.poisson(scene.detector.flicker * per_frame * scene.duration_s / mean_s)
        begins = rng.random(count) * scene.duration_s
        lasts = np.minimum(longest, shortest / (1 - rng.random(count)))
        x, y = rng.random(count) * lens.width, lens.height * (0.25 + 0.75 * rng.random(count))
        high = lens.height * np.exp(np.log(0.09) + 0.4 * rng.standard_normal(count))
        kind = rng.choice(names, size=count, p=shares)
        wide = high * np.where(kind == ObjectClass.person, 0.42, 1.6)
        level = rng.random(count)
        first, past = np.searchsorted(times, begins), np.searchsorted(times, begins + lasts)
        for k in np.flatnonzero(past > first):
            n = int(past[k] - first[k])
            shift = 0.03 * high[k] * rng.standard_normal((n, 2))
            u, v = x[k] + shift[:, 0], y[k] + shift[:, 1]
            box = np.column_stack([u - wide[k] / 2, v - high[k], u + wide[k] / 2, v])
            box = box.clip(0, [lens.width, lens.height, lens.width, lens.height])
            at = np.clip(level[k] + 0.1 * rng.standard_normal(n), 0, 1)
            whole = (box[:, 2] - box[:, 0] >= 1) & (box[:, 3] - box[:, 1] >= 1)
            frames.append(np.arange(first[k], past[k])[whole])
            boxes.append(box[whole])
            quantiles = table.SCORE_FALSE if sure else np.linspace(0.1, 0.3, 5)
            scores.append(np.interp(at, table.SCORE_AT, quantiles)[whole])
            kinds.append(np.full(int(whole.sum()), kind[k]))
    if not frames:
        return np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64)
    return np.concatenate(frames), np.concatenate(boxes), np.concatenate(scores), np.concatenate(kinds)
