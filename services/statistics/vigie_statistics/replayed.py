"""The figures of a recording: rule events and coverage through the core, without a broker."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from vigie_statistics.core import sweep, take_coverage, take_event
from vigie_statistics.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from vigie_common.records import Statistic

BATCH: Final = 500
"""Records between two writings of the rows; it changes no final figure."""

_TAKERS: Final = {"rule-events": take_event, "coverage": take_coverage}


def replayed_figures(records: Iterable[tuple[str, Mapping[str, Any]]], zone: ZoneInfo) -> list[Statistic]:
    """The last revision of every figure, ordered by series and start.

    Args:
        records: topic, `rule-events` or `coverage`, and record, in the order of their writing.
        zone: time zone of the site.

    Raises:
        PoisonRecordError: a record contradicts itself or is too old.
    """
    stored: dict[str, bytes] = {}
    offsets = dict.fromkeys(_TAKERS, -1)
    figures: dict[tuple[str, int], Statistic] = {}
    now, left = 0, iter(records)
    while batch := list(islice(left, BATCH)):
        pages = Pages(0, stored.get)
        for topic, record in batch:
            offsets[topic] += 1
            now = max(now, record["at"] if topic == "rule-events" else record["minute"])
            _TAKERS[topic](pages, record, offsets[topic], now, zone)
            sweep(pages, now)
        for figure in pages.figures():
            key = figure["series"], figure["start"]
            if key not in figures or figure["revision"] >= figures[key]["revision"]:
                figures[key] = figure
        for rows in (pages.window_rows(0), pages.camera_rows(0), pages.partition_row(0)):
            for name, row in rows.items():
                if row is None:
                    stored.pop(name, None)
                else:
                    stored[name] = row
    return [figures[key] for key in sorted(figures)]
