"""Which cameras this sampler captures, and in which version: pure, from camera records and the assignment.

A partition counts once it has been read to where it ended when it was assigned: only then is the last word on each of
its cameras known. A partition that a rebalance takes and gives back keeps its captures in the meantime.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_frame_sampler.plan import CameraPlan


@dataclass(frozen=True, slots=True)
class Version:
    """One record of a camera: what to capture from `effective_at` on; no plan: nothing any more."""

    effective_at: int
    offset: int
    plan: CameraPlan | None


@dataclass(slots=True)
class PartitionLog:
    """The camera records of one partition, read from the beginning up to `position`."""

    end: int
    position: int = 0
    versions: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))

    @property
    def complete(self) -> bool:
        """Whether everything that was there at the assignment has been read."""
        return self.position >= self.end

    def add(self, camera_id: str, version: Version) -> None:
        """One more record."""
        self.versions[camera_id].append(version)
        self.position = max(self.position, version.offset + 1)

    def in_force(self, at_ms: int) -> dict[str, CameraPlan]:
        """What to capture at this time: per camera the version of the greatest (effective_at, offset) so far."""
        plans = {}
        for camera_id, versions in self.versions.items():
            due = [v for v in versions if v.effective_at <= at_ms]
            if due and (plan := max(due, key=lambda v: (v.effective_at, v.offset)).plan) is not None:
                plans[camera_id] = plan
        return plans

    def next_change(self, at_ms: int) -> int | None:
        """When the next version takes effect, if one is known."""
        later = [v.effective_at for versions in self.versions.values() for v in versions if v.effective_at > at_ms]
        return min(later, default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be done: cameras to capture in this version, cameras to release."""

    capture: tuple[CameraPlan, ...]
    release: tuple[str, ...]


@dataclass(slots=True)
class Ownership:
    """The cameras of the partitions that this member of the group holds."""

    logs: dict[int, PartitionLog] = field(default_factory=dict)
    partition_of: dict[str, int] = field(default_factory=dict)
    """By camera: where its frames go. Kept for as long as it is captured."""

    def assign(self, ends: Mapping[int, int]) -> None:
        """Hold exactly these partitions (with the offset after their last record); each is read anew."""
        self.logs = {partition: PartitionLog(end) for partition, end in ends.items()}

    def wants(self, partition: int, offset: int) -> bool:
        """Whether a record belongs to what is being read: the partition is held, the record not yet seen."""
        log = self.logs.get(partition)
        return log is not None and offset >= log.position

    def add(self, partition: int, camera_id: str, version: Version) -> None:
        """One more camera record."""
        self.logs[partition].add(camera_id, version)

    def skip(self, partition: int, offset: int) -> None:
        """A record, or the end of what can be read, up to and without this offset."""
        log = self.logs.get(partition)
        if log is not None:
            log.position = max(log.position, offset)

    def changes(self, running: Mapping[str, CameraPlan], at_ms: int) -> Change:
        """How to get from what runs to what should run at this time."""
        wanted: dict[str, CameraPlan] = {}
        for partition, log in self.logs.items():
            if log.complete:
                for camera_id, plan in log.in_force(at_ms).items():
                    wanted[camera_id] = plan
                    self.partition_of[camera_id] = partition
        reading = {partition for partition, log in self.logs.items() if not log.complete}
        release = tuple(sorted(c for c in running if c not in wanted and self.partition_of.get(c) not in reading))
        capture = tuple(plan for camera_id, plan in sorted(wanted.items()) if running.get(camera_id) != plan)
        return Change(capture, release)

    def next_change(self, at_ms: int) -> int | None:
        """When a version takes effect next."""
        times = (log.next_change(at_ms) for log in self._complete())
        return min((t for t in times if t is not None), default=None)

    def _complete(self) -> Iterable[PartitionLog]:
        return (log for log in self.logs.values() if log.complete)
