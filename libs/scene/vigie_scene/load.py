"""The load generator: detections of many cameras, as fast as a core can make them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from vigie_scene.export import EPOCH_MS, detection_records
from vigie_scene.film import film
from vigie_scene.library import crowd_scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.records import Detections
    from vigie_scene.film import Take

BLOCK_S = 60.0
"""Seconds of one camera that are made at once."""


def takes(
    cameras: int, objects: int = 10, *, seconds: float = BLOCK_S, fps: float = 5.0, seed: int = 0
) -> Iterator[Take]:
    """One camera after the other, each with its own street and its own random numbers, as arrays.

    Args:
        cameras: how many.
        objects: in each image, all the time.
        seconds: of event time.
        fps: frames a second of each.
        seed: of the first camera; the others follow.
    """
    for camera in range(cameras):
        yield film(crowd_scene(seed * 100_000 + camera, objects, seconds, fps))


def records(
    cameras: int,
    objects: int = 10,
    *,
    seconds: float = BLOCK_S,
    fps: float = 5.0,
    seed: int = 0,
    different: int = 20,
    start_ms: int = EPOCH_MS,
) -> Iterator[Detections]:
    """Detections records of all cameras, frame by frame in event time: `cam-000`, `cam-001`, ….

    Args:
        cameras: how many.
        objects: in each image.
        seconds: of event time.
        fps: of each camera.
        seed: of the first.
        different: streets; more cameras than that see the same ones again, to keep the arrays in memory few.
        start_ms: event time of the first frames.
    """
    made = list(takes(min(cameras, different), objects, seconds=seconds, fps=fps, seed=seed))
    streams = [detection_records(made[n % len(made)], f"cam-{n:03d}", start_ms) for n in range(cameras)]
    yield from chain.from_iterable(zip(*streams, strict=True))
