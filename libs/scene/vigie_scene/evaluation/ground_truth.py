"""What truly happened in front of a camera, five times a second: where everybody stands on the ground, and how fast.

From the simulated world alone: a place is where somebody's feet are, or a vehicle's middle, on the ground; zones and
lines are those of the ground plan, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from vigie_scene.film import film
from vigie_scene.spec import Detector, Disturbances, Sampling
from vigie_scene.street import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_scene.spec import Scene
    from vigie_scene.street import Area
    from vigie_scene.world import World

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TRUTH_HZ: Final = 5.0


@dataclass(frozen=True, slots=True)
class Path:
    """Where one object was."""

    name: str
    kind: int
    """taxonomy.ObjectClass."""
    tall_m: float
    """Height of its body."""
    times: Floats
    """(n,) seconds, rising."""
    foot: Floats
    """(n, 2) metres."""
    speed: Floats
    """(n,) m/s along the ground."""
    visible: Floats
    """(n,) share of it that can be seen."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A scene as it truly was."""

    scene: Scene
    world: World
    paths: tuple[Path, ...]

    @property
    def by_name(self) -> dict[str, Path]:
        """The paths by the names of their entities."""
        return {path.name: path for path in self.paths}


def observe(scene: Scene) -> Observed:
    """The truth of a scene, whatever its frame rate, disturbances and detector."""
    take = film(
        scene.at(
            sampling=Sampling(fps=TRUTH_HZ), disturbances=Disturbances(), detector=Detector(errors="none", flicker=0)
        )
    )
    truth, world = take.truth, take.world
    times = np.repeat(take.times_ms / 1000.0, np.diff(truth.starts))
    order = np.argsort(truth.entity, kind="stable")
    bounds = np.searchsorted(truth.entity[order], np.arange(len(world.entities) + 1))
    paths = []
    for k, entity in enumerate(world.entities):
        rows = order[bounds[k] : bounds[k + 1]]
        if len(rows):
            paths.append(
                Path(
                    entity.name,
                    int(entity.kind),
                    entity.body.height,
                    times[rows],
                    truth.ground[rows].astype(float),
                    _speeds(times[rows], truth.ground[rows].astype(float)),
                    truth.visibility[rows].astype(float),
                )
            )
    return Observed(scene, world, tuple(paths))


def _speeds(times: Floats, feet: Floats) -> Floats:
    """(n,) m/s, between the samples before and after."""
    if len(times) < 2:
        return np.zeros(len(times))
    speeds: Floats = np.hypot(np.gradient(feet[:, 0], times), np.gradient(feet[:, 1], times))
    return speeds


def depth_in(area: Area, points: Floats) -> Floats:
    """(n,) metres from the edge of a polygon, positive inside."""
    corners = np.array(area, dtype=float)
    nearest = np.full(len(points), np.inf)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = b - a
        share = np.clip((points - a) @ along / (along @ along), 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(*(points - a - share[:, None] * along).T))
    return np.where(inside(area, points), nearest, -nearest)


def runs(mask: Any, times: Floats, gap_s: float = 0.0) -> Iterator[tuple[int, int]]:
    """First and last index of each run of True; runs that are at most `gap_s` apart are one.

    Samples that are missing in between (an object out of the picture) count as False.
    """
    hits = np.flatnonzero(mask)
    if not len(hits):
        return
    apart = np.diff(times[hits]) > max(gap_s, 1.0 / TRUTH_HZ) + 1e-6
    firsts = hits[np.concatenate([[True], apart])]
    lasts = hits[np.concatenate([apart, [True]])]
    yield from zip(firsts.tolist(), lasts.tolist(), strict=True)
