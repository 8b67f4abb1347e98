"""Whether a camera still looks at what it looked at, over time and restarts: pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vigie_frame_sampler.view import LEAST_AGREEING, Comparison, LastingEdges, compare, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ViewMemory:
    """What is kept of a view in the camera's health record (`schemas/camera-health`, View)."""

    signature: bytes = b""
    detail: float = 0.0
    learnt_at: int = 0
    moved_at: int | None = None
    confirmed_at: int | None = None


@dataclass(frozen=True, slots=True)
class ViewLimits:
    """Times of event time, ms, after which a view is believed to be learnt, moved or back.

    every_ms: between two pictures that are looked at. judge_ms: between two comparisons. learn_ms: of pictures before
    a view is learnt. settle_ms: of pictures before a view is compared. shifted_ms: the same scene from another angle
    counts as moved. other_ms: so does a view in which next to nothing is where it was; longer, since a sudden change of
    light may look like it. back_ms: the learnt view is back. renew_ms: the signature of an unchanged view is taken
    anew, to follow the light of the season. gap_ms: longest time that one picture stands for.
    """

    every_ms: int = 1_000
    judge_ms: int = 3_000
    learn_ms: int = 20_000
    settle_ms: int = 6_000
    shifted_ms: int = 8_000
    other_ms: int = 20_000
    back_ms: int = 30_000
    renew_ms: int = 600_000
    gap_ms: int = 2_000


@dataclass(slots=True)
class ViewWatch:
    """Compares what a camera sees with what it is known to look at."""

    memory: ViewMemory = field(default_factory=ViewMemory)
    limits: ViewLimits = field(default_factory=ViewLimits)
    _edges: LastingEdges = field(default_factory=LastingEdges, init=False)
    _seen_ms: int | None = field(default=None, init=False)
    _shifted_ms: int = field(default=0, init=False)
    _other_ms: int = field(default=0, init=False)
    _same_ms: int = field(default=0, init=False)
    _unjudged_ms: int = field(default=0, init=False)

    @property
    def moved(self) -> bool:
        """Whether the view is another one than that learnt."""
        return self.memory.moved_at is not None

    def look(
        self, small: NDArray[np.uint8], hidden: NDArray[np.bool_] | None, at_ms: int, confirmed_at: int | None
    ) -> None:
        """Take in the small copy of a picture that shows something.

        Args:
            small: (90, 160) luma.
            hidden: its masked pixels.
            at_ms: event time.
            confirmed_at: the camera's `view_confirmed_at`.
        """
        limits = self.limits
        self._obey(confirmed_at, at_ms)
        if self._seen_ms is not None and 0 <= at_ms - self._seen_ms < limits.every_ms:
            return
        elapsed_ms = 0 if self._seen_ms is None else min(max(at_ms - self._seen_ms, 0), limits.gap_ms)
        self._seen_ms = at_ms
        self._edges.add(small, hidden, elapsed_ms / 1000.0)
        looked_ms = self._edges.looked_s * 1000.0
        reference = unpacked(self.memory.signature)
        if reference is None:
            if looked_ms >= limits.learn_ms:
                self._learn(at_ms)
            return
        self._unjudged_ms += elapsed_ms
        if looked_ms >= limits.settle_ms and self._unjudged_ms >= limits.judge_ms:
            self._judge(compare(reference, self._edges.codes()), self._unjudged_ms, at_ms)
            self._unjudged_ms = 0

    def keep_detail(self, detail: float) -> None:
        """The usual share of fine structure, which is kept beside the signature."""
        self.memory = replace(self.memory, detail=detail)

    def _obey(self, confirmed_at: int | None, at_ms: int) -> None:
        memory = self.memory
        if confirmed_at is None or memory.moved_at is None or confirmed_at == memory.confirmed_at:
            return
        if confirmed_at <= memory.moved_at:
            return
        self.memory = replace(memory, signature=b"", moved_at=None, confirmed_at=confirmed_at)
        self._shifted_ms = self._other_ms = self._same_ms = 0
        if self._edges.looked_s * 1000.0 >= self.limits.learn_ms:
            self._learn(at_ms)

    def _learn(self, at_ms: int) -> None:
        """Keep the present view, unless it has too few edges to be known again."""
        codes = self._edges.codes()
        if compare(codes, codes).told >= LEAST_AGREEING:
            self.memory = replace(self.memory, signature=packed(codes), learnt_at=at_ms)

    def _judge(self, found: Comparison, elapsed_ms: int, at_ms: int) -> None:
        limits = self.limits
        self._same_ms = self._same_ms + elapsed_ms if found.same else 0
        self._shifted_ms = self._shifted_ms + elapsed_ms if found.shifted else 0
        self._other_ms = self._other_ms + elapsed_ms if found.shifted or found.other else 0
        if self.moved:
            if self._same_ms >= limits.back_ms:
                self.memory = replace(self.memory, moved_at=None)
        elif self._shifted_ms >= limits.shifted_ms or self._other_ms >= limits.other_ms:
            self.memory = replace(self.memory, moved_at=at_ms)
        elif self._same_ms and at_ms - self.memory.learnt_at >= limits.renew_ms and found.displaced < 1.0:
            self._learn(at_ms)


def memory_of(view: Mapping[str, Any] | None) -> ViewMemory:
    """The memory that a health record holds; what it does not say is not known."""
    if view is None:
        return ViewMemory()
    times = {name: None if view[name] is None else int(view[name]) for name in ("moved_at", "confirmed_at")}
    return ViewMemory(bytes(view["signature"]), float(view["detail"]), int(view["learnt_at"]), **times)
