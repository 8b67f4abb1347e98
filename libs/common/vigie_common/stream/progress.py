"""The recovery protocol of one input partition, without any I/O; told in docs/explanation/recovery.md.

The log is the truth, state is a cache of it. With next offset n, acknowledged offset a (every output of every
record below a is acknowledged) and committed offset k:

1. A checkpoint {c, state} is written only when a has reached its c: it is evidence in itself, whoever wrote it.
2. k = a is committed now and then; it only saves re-emission.
3. After a restart: read the last checkpoint, process silently from c up to max(c, k), then emit.
4. A record is accepted at exactly n: lower is skipped, higher was fetched under another position.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field


class Verdict(enum.Enum):
    """What to do with a record that came in."""

    TAKE = "take"
    SKIP = "skip"
    """It has been processed before."""
    REWIND = "rewind"
    """Records are missing before it: seek back to the next offset, never skip."""


@dataclass(slots=True)
class Pending:
    """Outputs of one input record that are on their way."""

    offset: int
    outputs: int

    def acknowledge(self) -> None:
        """One of them is in the log."""
        self.outputs -= 1


@dataclass(slots=True)
class Progress:
    """Where one partition stands."""

    next: int
    """n: the offset of the next record to process; at first the checkpoint's c."""
    emit_from: int
    """Outputs of records below are known to be in the log: they are processed silently."""
    _flight: deque[Pending] = field(default_factory=deque)

    @classmethod
    def resume(cls, checkpoint: int, committed: int | None) -> Progress:
        """Start after a checkpoint at offset c, with what the group has committed (none: nothing)."""
        return cls(checkpoint, max(checkpoint, committed if committed is not None else checkpoint))

    def verdict(self, offset: int) -> Verdict:
        """Whether the record at this offset is the next one."""
        if offset == self.next:
            return Verdict.TAKE
        return Verdict.SKIP if offset < self.next else Verdict.REWIND

    @property
    def silent(self) -> bool:
        """Outputs of the next record are in the log already."""
        return self.next < self.emit_from

    def advance(self, outputs: int) -> Pending | None:
        """The next record has been processed; gives what must be acknowledged for it, if anything was emitted."""
        offset = self.next
        self.next += 1
        if outputs == 0 or offset < self.emit_from:
            return None
        pending = Pending(offset, outputs)
        self._flight.append(pending)
        return pending

    @property
    def acknowledged(self) -> int:
        """a: every output of every record below is in the log."""
        while self._flight and self._flight[0].outputs == 0:
            self._flight.popleft()
        return self._flight[0].offset if self._flight else self.next

    @property
    def in_flight(self) -> int:
        """How many records wait for an acknowledgement."""
        return len(self._flight)

    @property
    def committable(self) -> int | None:
        """The k to commit; none while the replay is silent: then the committed one stays."""
        return None if self.silent else self.acknowledged

    def may_checkpoint(self, snapshot_at: int) -> bool:
        """Whether a snapshot taken at this offset may be written now."""
        return self.acknowledged >= snapshot_at and not self.silent

    def skip_to(self, offset: int) -> None:
        """Records below are gone from the log for good."""
        self.next = offset
        self.emit_from = max(self.emit_from, offset)
