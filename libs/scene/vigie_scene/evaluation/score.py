"""HOTA, IDF1 and MOTA of tracks against their truth, a sequence or many together.

HOTA: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 129 (2021). IDF1: Ristani
et al., ECCV workshops 2016. MOTA: Bernardin and Stiefelhagen, EURASIP JIVP 2008 (see `clear`). HOTA and IDF1 are
computed by `motrics`; what is judged and what is left out is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import motrics
import numpy as np
import numpy.typing as npt

from vigie_scene.evaluation.clear import clear
from vigie_scene.evaluation.mot_text import NO_CLASS, TrackedBoxes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    Floats = npt.NDArray[np.float64]

USUAL_IOU: Final = 0.5
"""Least overlap of a true and a tracked box, for all but HOTA, which takes 19 of them."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was counted; the metrics follow from it, so scores of sequences can be added up."""

    frames: int
    truth_boxes: int
    truth_tracks: int
    result_boxes: int
    result_tracks: int
    matches: int
    switches: int
    """Times an object was given another id than before."""
    fragments: int
    mostly_tracked: int
    """Objects with a box in more than 80 % of their frames."""
    mostly_lost: int
    """Objects with a box in less than 20 %."""
    overlap: float
    """Sum over the matches."""
    id_matches: int
    """Boxes right under the best one-to-one assignment of ids to objects."""
    hota_true: Floats
    """(19,) matches at overlaps 0.05, 0.1 … 0.95, and the same for the next three."""
    hota_missed: Floats
    hota_false: Floats
    hota_association: Floats
    """(19,) sum over the matches of how well their object and id belong together, 0..1 each."""

    @property
    def misses(self) -> int:
        """True boxes without a tracked one."""
        return self.truth_boxes - self.matches

    @property
    def false_positives(self) -> int:
        """Tracked boxes without a true one."""
        return self.result_boxes - self.matches

    @property
    def mota(self) -> float:
        """1 - (misses + false positives + switches) / true boxes."""
        return 1 - (self.misses + self.false_positives + self.switches) / max(1, self.truth_boxes)

    @property
    def motp(self) -> float:
        """Mean overlap of the matches."""
        return self.overlap / max(1, self.matches)

    @property
    def idf1(self) -> float:
        """Share of boxes, true and tracked, that the one-to-one assignment of ids to objects gets right."""
        return 2 * self.id_matches / max(1, self.truth_boxes + self.result_boxes)

    @property
    def deta(self) -> float:
        """Detection accuracy of HOTA."""
        return float(self._detection.mean())

    @property
    def assa(self) -> float:
        """Association accuracy of HOTA."""
        return float(self._association.mean())

    @property
    def hota(self) -> float:
        """Mean over the overlaps of √(detection accuracy × association accuracy)."""
        return float(np.sqrt(self._detection * self._association).mean())

    @property
    def _detection(self) -> Floats:
        return self.hota_true / np.maximum(1, self.hota_true + self.hota_missed + self.hota_false)

    @property
    def _association(self) -> Floats:
        return self.hota_association / np.maximum(1, self.hota_true)


def score(
    truth: TrackedBoxes,
    result: TrackedBoxes,
    *,
    kinds: Collection[int] | None = None,
    iou: float = USUAL_IOU,
    least_visible: float = 0.0,
    sampled: bool = False,
) -> Score:
    """How well the result follows the truth.

    True boxes that are not judged (confidence 0, another class, hardly to be seen) are neither asked for nor held
    against the result: a tracked box that fits such a one best is left out, as MOTChallenge does with its distractors.
    Identity is judged across classes.

    Args:
        truth: what was there.
        result: what was tracked.
        kinds: classes that are judged; None for all. A tracked box that says another class is left out.
        iou: least overlap, above 0 and at most 1.
        least_visible: true boxes that can be seen by less are not judged.
        sampled: judge only frames in which the result has a box, for a result of a lower frame rate.
    """
    if sampled:
        truth = truth.only(np.isin(truth.frame, result.frame))
    judged = truth.counts & (truth.visibility >= least_visible)
    if kinds is not None:
        asked = list(kinds)
        judged &= np.isin(truth.kind, asked)
        result = result.only((result.kind == NO_CLASS) | np.isin(result.kind, asked))
    result = result.only(~_excused(truth, judged, result, iou))
    truth = truth.only(judged)
    frames = np.union1d(truth.frame, result.frame)
    found = motrics.evaluate(
        motrics.Frames(*_by_frame(truth, frames)), motrics.Frames(*_by_frame(result, frames)), iou_threshold=iou
    )
    counted, hota = clear(truth, result, frames.tolist(), iou), found.hota
    true = np.array(hota.hota_tp_alphas)
    return Score(
        frames=len(frames),
        truth_boxes=len(truth),
        truth_tracks=len(np.unique(truth.identity)),
        result_boxes=len(result),
        result_tracks=len(np.unique(result.identity)),
        matches=counted.matches,
        switches=counted.switches,
        fragments=counted.fragments,
        mostly_tracked=counted.mostly_tracked,
        mostly_lost=counted.mostly_lost,
        overlap=counted.overlap,
        id_matches=found.identity.idtp,
        hota_true=true,
        hota_missed=np.array(hota.hota_fn_alphas),
        hota_false=np.array(hota.hota_fp_alphas),
        hota_association=np.array(hota.assa_alphas) * np.maximum(1, true),
    )


def total(scores: Iterable[Score]) -> Score:
    """Sequences together: every count is a sum, so long sequences weigh more, as in MOTChallenge's tables."""
    each = list(scores)
    return Score(**{field.name: sum(getattr(one, field.name) for one in each) for field in fields(Score)})


def _by_frame(boxes: TrackedBoxes, frames: npt.NDArray[np.int64]) -> tuple[Sequence[list[int]], Sequence[Floats]]:
    """Ids and boxes of each frame."""
    starts = np.searchsorted(boxes.frame, frames)
    ends = np.searchsorted(boxes.frame, frames, side="right")
    identities = boxes.identity.tolist()
    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    return [identities[a:b] for a, b in spans], [boxes.box[a:b] for a, b in spans]


def _excused(
    truth: TrackedBoxes, judged: npt.NDArray[np.bool_], result: TrackedBoxes, iou: float
) -> npt.NDArray[np.bool_]:
    """(result boxes,) those that fit a true box best which is not judged."""
    excused = np.zeros(len(result), dtype=bool)
    for frame in np.unique(truth.frame[~judged]):
        mine = slice(*np.searchsorted(truth.frame, [frame, frame + 1]))
        theirs = slice(*np.searchsorted(result.frame, [frame, frame + 1]))
        pairs = motrics.match_boxes(truth.box[mine], result.box[theirs], iou).matches
        for a, b in pairs:
            excused[theirs.start + b] |= not judged[mine.start + a]
    return excused
