"""The ledger of one camera's minutes: how each second of event time was spent.

The time between two records belongs to the later one's status, up to a bound: a camera is not thought to have
been watched for longer than max(1 s, two sampling intervals) by one frame. What lies before that is offline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vigie_common.records import Coverage

MINUTE_MS: Final = 60_000
LEAST_BOUND_MS: Final = 1_000
LONGEST_BOUND_MS: Final = 86_400_000
INTERVALS: Final = 2.0
LONGEST_BACKLOG: Final = 1_440
"""Minutes that one record may bring after a silence: a day; minutes before are never written."""

STATUSES: Final = ("ok", "shed", "failed", "offline", "frozen", "dark", "blurred", "moved")
_OFFLINE: Final = STATUSES.index("offline")
_INDEX: Final = {status: index for index, status in enumerate(STATUSES)}


def bound_ms(fps: float) -> int:
    """The longest time that one record accounts for, at a sampling rate in frames a second."""
    if not fps > 0.0:
        return LEAST_BOUND_MS
    return max(LEAST_BOUND_MS, round(min(INTERVALS * 1000.0 / fps, LONGEST_BOUND_MS)))


class Ledger(msgspec.Struct, array_like=True):
    """The minute that is being watched."""

    minute: int
    """Its start, event time in ms."""
    spent: list[int]
    """Milliseconds by status, in the order of STATUSES."""
    frames: int = 0
    moved_frames: int = 0
    """Judged while the camera looked elsewhere."""
    missing: dict[str, int] = msgspec.field(default_factory=dict)
    """By model, milliseconds watched by others and not by it."""

    @classmethod
    def start(cls, at: int) -> Ledger:
        """The minute of an event time, nothing spent."""
        return cls(at - at % MINUTE_MS, [0] * len(STATUSES))

    def spend(self, before: int, at: int, status: str, bound: int, missing: Sequence[str] = ()) -> Iterable[Ledger]:
        """Account for the time from one record to the next; gives each minute that is over, complete.

        Take them one by one: the next one is made of the same ledger.

        Args:
            before: event time of the record before.
            at: event time of this one, later.
            status: of this one.
            bound: the longest time that it accounts for, ms.
            missing: models that did not look at it while others did.
        """
        index = _INDEX.get(status, _OFFLINE)
        known_from = max(before, at - bound)
        if at >= self.minute + MINUTE_MS:
            return self._spend_over_minutes(before, known_from, at, index, missing)
        self._add(before, known_from, _OFFLINE)
        self._add(known_from, at, index, missing)
        return ()

    def _spend_over_minutes(
        self, before: int, known_from: int, at: int, index: int, missing: Sequence[str]
    ) -> Iterator[Ledger]:
        oldest = at - at % MINUTE_MS - LONGEST_BACKLOG * MINUTE_MS
        while at >= self.minute + MINUTE_MS:
            end = self.minute + MINUTE_MS
            self._add(before, min(end, known_from), _OFFLINE)
            self._add(max(before, known_from), end, index, missing)
            yield self
            before = max(end, oldest)
            self.minute, self.spent = before - before % MINUTE_MS, [0] * len(STATUSES)
            self.frames = self.moved_frames = 0
            self.missing = {}
        self._add(before, known_from, _OFFLINE)
        self._add(max(before, known_from), at, index, missing)

    def _add(self, start: int, end: int, index: int, missing: Sequence[str] = ()) -> None:
        if end > start:
            self.spent[index] += end - start
            for model in missing:
                self.missing[model] = self.missing.get(model, 0) + end - start

    def coverage(
        self, camera_id: str, site: str, camera_version: str, bundle_digest: str, rules: list[str]
    ) -> Coverage:
        """The record of this minute; the rules are those that could be judged, if anything was seen at all."""
        seconds = dict(zip(STATUSES, (ms / 1000.0 for ms in self.spent), strict=True))
        return {
            "camera_id": camera_id,
            "site": site,
            "minute": self.minute,
            "camera_version": camera_version,
            "bundle_digest": bundle_digest,
            "frames": self.frames,
            "watched_s": seconds["ok"],
            "shed_s": seconds["shed"],
            "failed_s": seconds["failed"],
            "offline_s": seconds["offline"],
            "frozen_s": seconds["frozen"],
            "dark_s": seconds["dark"],
            "blurred_s": seconds["blurred"],
            "moved_s": seconds["moved"],
            "rules": rules if self.frames or self.moved_frames else [],
            "models_missing": {model: ms / 1000.0 for model, ms in sorted(self.missing.items())},
        }
