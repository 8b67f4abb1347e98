"""Images that were not there when their alert went out: fetched again until they come, or are gone for sure."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from vigie_alert.evidence import RETRY_MS, evidence_records
from vigie_alert.loading import Reach
from vigie_alert.publication import publication
from vigie_alert.store import Turn
from vigie_common.database import passes_by_waiting

if TYPE_CHECKING:
    from vigie_alert.book import AlertBook
    from vigie_alert.evidence import Gallery
    from vigie_alert.rows import EvidenceRow
    from vigie_alert.store import AlertStore
    from vigie_common.codec import Codec
    from vigie_common.process import Service

_log = structlog.get_logger(__name__)

_LOOK_S: Final = 1.0
_AT_ONCE: Final = 20


async def follow_up(store: AlertStore, gallery: Gallery, codec: Codec, service: Service) -> None:
    """Fetch what is pending, also what a former process left; each success is a revision. Runs until cancelled."""
    while True:
        service.health.beat("evidence")
        try:
            done = await fetch_due(store, gallery, codec, time.time_ns() // 1_000_000)
        except Exception as error:
            if not passes_by_waiting(error):
                raise
            _log.warning("late evidence waits for the database", error=type(error).__name__)
            done = 0
        if not done:
            await asyncio.sleep(_LOOK_S)


async def fetch_due(store: AlertStore, gallery: Gallery, codec: Codec, now: int) -> int:
    """Try every image whose time has come once; says how many were settled."""
    rows = await store.due_evidence(now, _AT_ONCE)
    settled = await asyncio.gather(*(_fetch(store, gallery, codec, row, now) for row in rows))
    return sum(settled)


async def _fetch(store: AlertStore, gallery: Gallery, codec: Codec, row: EvidenceRow, now: int) -> bool:
    event = json.loads(row.request)
    found = await gallery.evidence(event, now)
    if found.kind == "pending":
        if now < row.give_up_at:
            await store.postpone_evidence(row.alert_id, now + RETRY_MS)
            return False
        found = replace(row, kind="expired", request="")

    def record(book: AlertBook) -> Turn[None]:
        standing = book.standings.by_id.get(row.alert_id)
        if standing is None or standing.alert["evidence"]:
            return Turn(None)  # another process was quicker
        revisions = book.apply_evidence(row.alert_id, evidence_records(found, event))
        published = [publication(revision, now, (), codec) for revision in revisions]
        return Turn(None, published, [found])

    await store.transact(Reach(alert_ids=frozenset({row.alert_id})), record)
    return True
