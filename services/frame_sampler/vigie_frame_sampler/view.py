"""What a camera looks at, as a signature of its lasting edges, and whether two signatures are of one view.

Edges of buildings and kerbs stay where they are by day and by night, in rain and behind a crowd; what passes by
averages out over time. Of each cell of a coarse grid the signature keeps the main direction of its edges alone: no
brightness, so light may change, and no image can be made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

CELLS: Final = (64, 36)
"""Columns and rows of the grid: a cell is 1/64 of the image's width."""
DIRECTIONS: Final = 3
SIGNATURE_BYTES: Final = CELLS[0] * CELLS[1] // 4
"""576: two bits a cell, 0 for none."""

NOISE: Final = 40.0
"""Gradient energy of the small copy (luma steps squared) that counts as flat: noise of a sensor at night."""
SHARE: Final = 0.4
"""At most this share of the cells carries an edge: the clearest."""
CLEAREST: Final = 0.12
"""Least length (0..1) of a cell's mean direction over time: below, its edges come and go."""

BLOCKS: Final = (4, 3)
"""Columns and rows of the parts that are found again one by one: turning and zooming moves each elsewhere."""
REACH: Final = (10, 7)
"""How far a part is looked for, in cells."""
LEAST_EDGES: Final = 20
"""A part with fewer cells that carry an edge says nothing."""
CLEAR_PEAK: Final = 4.0
"""A part is at a place whose match stands out from all places by so many standard deviations …"""
FAIR_PEAK: Final = 2.5
"""… or by so many where it was, if no other place matches much better:"""
NEARLY_BEST: Final = 0.8
AGREEMENT: Final = 1.5
"""Cells by which a part may be found beside where a common shift, turn and zoom takes it."""
MOST_TURN: Final = 0.35
"""Largest turn and zoom that is looked for: 20 degrees, or a third."""
SAME_SHARE: Final = 0.4
"""Least share of the parts that are where they were in a view that is the same."""
OTHER_SHARE: Final = 0.34
"""Largest share of the parts that are, by chance, where they were in another view."""
LEAST_AGREEING: Final = 4
LEAST_FITTED: Final = 3
AGREEING_SHARE: Final = 0.4
"""Least share of the parts that agree on how the view has shifted."""
LEAST_CELLS: Final = 1.6
"""A view that has shifted by less, on average over the image, has not moved: 2.5 % of the width."""


def edges_of(small: NDArray[np.uint8]) -> Array:
    """(rows, columns, 2): the direction of edges in each cell as a vector of the doubled angle, length 0..1.

    The structure tensor (Bigün and Granlund 1987), each cell divided by its own energy: contrast does not count.
    """
    dx = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    dy = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    along = cv2.resize(dx * dx - dy * dy, CELLS, interpolation=cv2.INTER_AREA)
    across = cv2.resize(2.0 * dx * dy, CELLS, interpolation=cv2.INTER_AREA)
    energy = cv2.resize(dx * dx + dy * dy, CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(np.dstack((along, across)) / (energy + NOISE)[..., None], np.float32)


@dataclass(slots=True)
class LastingEdges:
    """Edges averaged over event time, the newest counting most.

    memory_s: after so long without being seen again an edge counts a third.
    """

    memory_s: float = 8.0
    looked_s: float = 0.0
    _mean: Array | None = field(default=None, init=False)

    def add(self, small: NDArray[np.uint8], hidden: NDArray[np.bool_] | None, elapsed_s: float) -> None:
        """One more small copy; `hidden`: its masked pixels."""
        now = edges_of(small)
        if hidden is not None:
            now[cv2.resize(hidden.astype(np.uint8), CELLS, interpolation=cv2.INTER_AREA) > 0] = 0.0
        self.looked_s += elapsed_s
        if self._mean is None:
            self._mean = now
            return
        # at first a plain mean, so that the first pictures do not count more than the later ones
        weight = max(1.0 - float(np.exp(-elapsed_s / self.memory_s)), min(elapsed_s / max(self.looked_s, 1e-9), 1.0))
        self._mean += np.float32(weight) * (now - self._mean)

    def codes(self) -> NDArray[np.uint8]:
        """(rows, columns): 0 where nothing lasts, else 1 + the sector of the edges' direction."""
        if self._mean is None:
            return np.zeros(CELLS[::-1], np.uint8)
        length = np.hypot(self._mean[..., 0], self._mean[..., 1])
        floor = max(CLEAREST, float(np.quantile(length, 1.0 - SHARE)))
        angle = np.arctan2(self._mean[..., 1], self._mean[..., 0])
        sector = np.floor((angle + np.pi) * (DIRECTIONS / (2.0 * np.pi))).astype(np.uint8) % DIRECTIONS
        return np.where(length >= floor, sector + 1, 0).astype(np.uint8)

    def forget(self) -> None:
        """Begin anew."""
        self._mean, self.looked_s = None, 0.0


def packed(codes: NDArray[np.uint8]) -> bytes:
    """The signature as bytes, four cells a byte."""
    quads = codes.reshape(-1, 4)
    return (quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).astype(np.uint8).tobytes()


def unpacked(signature: bytes) -> NDArray[np.uint8] | None:
    """The cells of a signature; none of one that is empty or not of this grid."""
    if len(signature) != SIGNATURE_BYTES:
        return None
    quads = np.frombuffer(signature, np.uint8)[:, None] >> np.array([0, 2, 4, 6], np.uint8) & 3
    return np.asarray(quads.reshape(CELLS[::-1]), np.uint8)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many parts of a view were found again, and how far from where they were.

    told: parts that carry enough edges. found: those with a clear place. placed: those found where they were, to a
    cell. displaced: how far the parts lie from where they were, cells, by the shift, turn and zoom that agree best with
    those found; 0 where these do not agree.
    """

    told: int
    found: int
    placed: int
    agreeing: int
    displaced: float

    @property
    def same(self) -> bool:
        """Whether it is the same view."""
        return self.placed >= SAME_SHARE * self.told and not self.shifted

    @property
    def shifted(self) -> bool:
        """Whether it is the same scene, seen from another angle."""
        return self.agreeing >= max(LEAST_AGREEING, AGREEING_SHARE * self.told) and self.displaced >= LEAST_CELLS

    @property
    def other(self) -> bool:
        """Whether next to nothing of the view is where it was."""
        return self.told >= LEAST_AGREEING and self.placed <= OTHER_SHARE * self.told


def compare(reference: NDArray[np.uint8], live: NDArray[np.uint8]) -> Comparison:
    """Look for each part of the reference's view in the live one."""
    rx, ry = REACH
    padded = cv2.copyMakeBorder(live, ry, ry, rx, rx, cv2.BORDER_CONSTANT, value=0)
    planes = [(padded == code).astype(np.float32) for code in range(1, DIRECTIONS + 1)]
    columns, rows = CELLS[0] // BLOCKS[0], CELLS[1] // BLOCKS[1]
    told = placed = 0
    centres: list[tuple[float, float]] = []
    offsets: list[tuple[float, float]] = []
    for y in range(0, CELLS[1], rows):
        for x in range(0, CELLS[0], columns):
            block = reference[y : y + rows, x : x + columns]
            if int(np.count_nonzero(block)) < LEAST_EDGES:
                continue
            told += 1
            scores = np.zeros((2 * ry + 1, 2 * rx + 1), np.float32)
            for code, plane in enumerate(planes, start=1):
                window = plane[y : y + rows + 2 * ry, x : x + columns + 2 * rx]
                scores += cv2.matchTemplate(window, (block == code).astype(np.float32), cv2.TM_CCORR)
            scores = (scores - scores.mean()) / max(float(scores.std()), 1e-6)
            here = float(scores[ry - 1 : ry + 2, rx - 1 : rx + 2].max())
            best = int(scores.argmax())
            placed += here >= CLEAR_PEAK or (here >= FAIR_PEAK and here >= NEARLY_BEST * float(scores.flat[best]))
            if scores.flat[best] >= FAIR_PEAK:
                centres.append((x + (columns - 1) / 2 - CELLS[0] / 2, y + (rows - 1) / 2 - CELLS[1] / 2))
                offsets.append((best % scores.shape[1] - rx, best // scores.shape[1] - ry))
    agreeing, displaced = _motion(np.array(centres), np.array(offsets)) if offsets else (0, 0.0)
    return Comparison(told, len(offsets), placed, agreeing, displaced)


def _motion(centres: NDArray[np.float64], offsets: NDArray[np.float64]) -> tuple[int, float]:
    """How many parts one shift, turn and zoom explains to a cell and a half, and how far it displaces them, cells.

    Every pair of parts proposes one; the one that most agree with is fitted to these.
    """
    at, by = centres[:, 0] + 1j * centres[:, 1], offsets[:, 0] + 1j * offsets[:, 1]
    first, second = np.triu_indices(len(at), 1)
    if not len(first):
        return len(at), float(np.abs(by).mean())
    turns = (by[second] - by[first]) / (at[second] - at[first])
    likely = np.abs(turns) < MOST_TURN
    turns, starts = np.append(turns[likely], np.zeros(len(at))), np.append(first[likely], np.arange(len(at)))
    shifts = by[starts] - turns * at[starts]
    agree = np.abs(by - shifts[:, None] - turns[:, None] * at) <= AGREEMENT
    inliers = agree[int(agree.sum(axis=1).argmax())]
    model = np.stack([np.ones(int(inliers.sum())), at[inliers]], axis=1)
    fitted = np.array([by[inliers].mean(), 0.0])
    if inliers.sum() >= LEAST_FITTED:
        fitted = np.linalg.lstsq(model, by[inliers], rcond=None)[0]
    corners = np.array([x + 1j * y for x in (-24, 24) for y in (-12, 12)])
    return int(inliers.sum()), float(np.abs(fitted[0] + fitted[1] * corners).mean())
