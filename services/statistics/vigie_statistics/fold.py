"""Taking one record into one window's row: idempotent by offset, indifferent to repetition and to order."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from vigie_statistics.rows import Cell, Row
from vigie_statistics.windows import LENGTH_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_statistics.reading import Said
    from vigie_statistics.windows import Span

_MOST_FINISHED: Final = MINUTE_MS


def new_row(span: Span) -> Row:
    """The row of a window that nothing is known of."""
    return Row(span.window, span.start, span.end, span.local_date, [-1, -1])


def fresh(row: Row, source: int, offset: int) -> bool:
    """Whether the row has yet to take in a record of this input and offset."""
    return offset > row.offsets[source]


def fold_event(row: Row, said: Iterable[Said], at: int, offset: int, *, late: bool) -> None:
    """Take in what a rule event said of this window.

    Args:
        row: of the window, which has not taken it in yet.
        said: the event's shares in this window.
        at: event time of the event.
        offset: in its partition of rule-events.
        late: the window was over by two minutes.
    """
    for _, series, cell in said:
        key = series.key()
        known = row.cells.get(key)
        if known is None:
            row.cells[key] = known = Cell()
        known.add(cell)
    _taken(row, 0, offset, at, late=late)


def fold_coverage(row: Row, coverage: Mapping[str, Any], offset: int, *, late: bool) -> None:
    """Take in one minute's coverage.

    Args:
        row: of a window that the minute lies in, which has not taken it in yet.
        coverage: record of vigie.coverage.
        offset: in its partition.
        late: the window was over by two minutes.
    """
    minute = coverage["minute"]
    watched = min(round(coverage["watched_s"] * 1000), _MOST_FINISHED)
    row.watched_ms += watched
    row.frames += coverage["frames"]
    for rule in coverage["rules"]:
        row.judged[rule] = row.judged.get(rule, 0) + watched
    row.through = max(row.through, min(row.end, minute + MINUTE_MS))
    _taken(row, 1, offset, minute + MINUTE_MS, late=late)


def _taken(row: Row, source: int, offset: int, at: int, *, late: bool) -> None:
    row.offsets[source] = offset
    row.applied += 1
    row.late += late
    row.updated_at = max(row.updated_at, at)


def digest(*parts: object) -> int:
    """What a record is recognised by when it comes again."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def repeated(home: Row, identity: int, offset: int) -> bool:
    """Whether a record has been here under a lower offset; remembers it."""
    return home.seen.setdefault(identity, offset) < offset


HOMES: Final = tuple(LENGTH_MS)
"""Windows whose rows remember events, from the shortest: the first that is still kept is an event's home."""
