"""What has been kept long enough is deleted: images by their day, ended alerts by their last revision."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from vigie_common.database import passes_by_waiting

if TYPE_CHECKING:
    from vigie_alert.evidence import Gallery
    from vigie_alert.store import AlertStore

_log = structlog.get_logger(__name__)

_EVERY_S: Final = 3600.0
_MEMBERS_KEPT: Final = timedelta(days=38)
"""Longer than rule events are kept, so that a repetition of the log finds what it knew, and than an episode is told
after its start: `for` is 30 days at most and a cooldown 7; `within` is an hour."""


async def keep_house(store: AlertStore, gallery: Gallery, keep_days: int) -> None:
    """Delete what is past keeping, at the start and every hour. Runs until cancelled."""
    while True:
        now = datetime.now(UTC)
        days = await asyncio.to_thread(gallery.sweep, now.date())
        try:
            alerts = await store.forget_ended(int((now - timedelta(days=keep_days)).timestamp() * 1000))
            await store.forget_members(int((now - _MEMBERS_KEPT).timestamp() * 1000))
        except Exception as error:
            if not passes_by_waiting(error):
                raise
            _log.warning("keeping house waits for the database", error=type(error).__name__)
            alerts = 0
        if days or alerts:
            _log.info("deleted at the end of its keeping", image_days=days, alerts=alerts)
        await asyncio.sleep(_EVERY_S)
