"""The tracker on simulated scenes whose truth is known, at several frame rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vigie_scene.evaluation.mot_text import TrackedBoxes
from vigie_scene.evaluation.score import Score, score
from vigie_scene.export import track_records
from vigie_scene.film import film
from vigie_scene.library import library_scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigie_common.records import Tracks
    from vigie_scene.film import Take

SCENES: Final = (
    "busy-street",
    "congestion-happens",
    "stopped-happens",
    "double-parking",
    "gathering-look-alike",
    "unique-count-look-alike",
    "count-zone-happens",
    "crowd-movement-look-alike",
    "density-nearly",
)
"""Streets and squares with what is hard about tracking: lanes, standing traffic, streams of people that cross,
a kiosk to pass behind, strollers, joggers, a crowd that gathers."""

RATES: Final = (10.0, 5.0, 2.0, 1.0)
"""Frames a second."""

LEAST_VISIBLE: Final = 0.25
"""Who can be seen by less is not judged: the detector finds one in five of them."""


def take_at(name: str, fps: float, seed: int | None = None) -> Take:
    """A scene of the library, filmed at another rate, or with other random numbers."""
    scene = library_scene(name)
    changes: dict[str, object] = {"sampling": scene.sampling.model_copy(update={"fps": fps})}
    return film(scene.at(**changes if seed is None else changes | {"seed": seed}))


def truth_of(take: Take) -> TrackedBoxes:
    """The truth of a take; frames are counted from 1."""
    truth = take.truth
    return TrackedBoxes(
        np.repeat(np.arange(1, len(truth.starts)), np.diff(truth.starts)),
        truth.entity.astype(np.int64),
        truth.box.astype(np.float64),
        truth.kind.astype(np.int64),
        np.ones(len(truth.entity), dtype=bool),
        truth.visibility.astype(np.float64),
    )


def tracks_of(records: Iterable[Tracks]) -> TrackedBoxes:
    """The tracked boxes of one session's records, the frame with seq 0 being frame 1."""
    return TrackedBoxes.of(
        (record["seq"] + 1, track, *box, -1, 1, 1)
        for record in records
        for track, *box in zip(record["track_id"], record["x1"], record["y1"], record["x2"], record["y2"], strict=True)
    )


def score_take(take: Take) -> Score:
    """How well the tracking service's core follows the take's objects."""
    return score(truth_of(take), tracks_of(track_records(take, "scene")), least_visible=LEAST_VISIBLE)
