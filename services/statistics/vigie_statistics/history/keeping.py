"""What has been kept long enough is deleted, each resolution after its own time; days are kept for ever."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from vigie_common.database import passes_by_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_statistics.history.settings import HistorySettings
    from vigie_statistics.history.store import HistoryStore

_log = structlog.get_logger(__name__)

_EVERY_S: Final = 3600.0
_DAY_MS: Final = 86_400_000


def oldest_kept(settings: HistorySettings, now: int) -> Mapping[str, int]:
    """The first start (ms) that each window keeps; days have none."""
    days = {
        "m1": settings.statistics_keep_minutes_days,
        "m15": settings.statistics_keep_quarters_days,
        "h1": settings.statistics_keep_hours_days,
    }
    return {window: now - kept * _DAY_MS for window, kept in days.items()}


async def keep_house(store: HistoryStore, settings: HistorySettings) -> None:
    """Delete what is past keeping, at the start and every hour. Runs until cancelled."""
    while True:
        try:
            deleted = await store.forget(oldest_kept(settings, time.time_ns() // 1_000_000))
        except Exception as error:
            if not passes_by_waiting(error):
                raise
            _log.warning("keeping house waits for the database", error=type(error).__name__)
            deleted = 0
        if deleted:
            _log.info("deleted at the end of its keeping", figures=deleted)
        await asyncio.sleep(_EVERY_S)
