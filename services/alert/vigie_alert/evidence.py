"""The evidence image of an alert: fetched by claim check, drawn, written once, recorded with its hash."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from vigie_alert.drawing import draw_evidence
from vigie_alert.rows import EvidenceRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vigie_alert.frames import FrameReader
    from vigie_alert.settings import AlertSettings

_log = structlog.get_logger(__name__)

EVIDENCE: Final = Counter("vigie_alert_evidence_total", "Evidence images, by what became of them", ["kind"])

GIVE_UP_MS: Final = 15 * 60_000
"""The frames topic keeps ten minutes in segments of one: after fifteen a frame is gone for sure."""
RETRY_MS: Final = 2_000


class Gallery:
    """Makes evidence images and keeps their folder, one sub-folder a day (UTC) of production."""

    def __init__(self, settings: AlertSettings, frames: FrameReader) -> None:
        self._folder = settings.alert_evidence_dir.resolve()
        self._days = settings.alert_evidence_days
        self._frames = frames

    async def evidence(self, event: Mapping[str, Any], now: int) -> EvidenceRow:
        """The evidence of an event at wall clock `now` (ms): an image, or why there is none, or pending.

        The same event gives the same bytes, so doing it twice does no harm.
        """
        alert_id = event["episode_id"]
        try:
            frame = await self._frames.read(event)
            if frame is None or not frame["jpeg"]:
                return _settled(EvidenceRow(alert_id, "expired"))
            drawn = await asyncio.to_thread(draw_evidence, frame["jpeg"], event)
            if drawn is None:
                return _settled(EvidenceRow(alert_id, "unreadable"))
            day = datetime.fromtimestamp(now / 1000, UTC).date()
            path = self._folder / day.isoformat() / f"{alert_id}.jpg"
            await asyncio.to_thread(_write, path, drawn)
        except (TimeoutError, KafkaError, OSError) as late:
            _log.warning("evidence not yet", alert=alert_id, why=_why(late))
            return pending(event, now)
        return _settled(
            EvidenceRow(
                alert_id,
                "image",
                uri=path.as_uri(),
                sha256=hashlib.sha256(drawn).hexdigest(),
                expires_at=_end_of(day + timedelta(days=self._days)),
            )
        )

    async def at_once(self, events: Sequence[Mapping[str, Any]], now: int, wait_s: float) -> dict[str, EvidenceRow]:
        """Evidence by alert id of several events; what is not there after `wait_s` together is pending."""
        tasks = {e["episode_id"]: asyncio.create_task(self.evidence(e, now)) for e in events}
        if tasks:
            _, late = await asyncio.wait(tasks.values(), timeout=wait_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        waiting = {e["episode_id"]: pending(e, now) for e in events}
        return waiting | {alert_id: task.result() for alert_id, task in tasks.items() if not task.cancelled()}

    def sweep(self, today: date) -> list[str]:
        """Delete the days that are past keeping; gives their names. One that cannot be deleted is told and stays."""
        gone = []
        for folder in sorted(self._folder.glob("????-??-??")):
            try:
                day = date.fromisoformat(folder.name)
            except ValueError:
                continue
            if day + timedelta(days=self._days) < today:
                try:
                    shutil.rmtree(folder, onerror=_unless_gone)
                except OSError as error:
                    _log.warning("evidence past its keeping cannot be deleted", folder=str(folder), error=str(error))
                    continue
                gone.append(folder.name)
        return gone


def pending(event: Mapping[str, Any], now: int) -> EvidenceRow:
    """The note that an image is still to be fetched, with all that it takes."""
    return EvidenceRow(
        event["episode_id"],
        "pending",
        due_at=now + RETRY_MS,
        give_up_at=now + GIVE_UP_MS,
        request=json.dumps(dict(event)),
    )


def evidence_records(row: EvidenceRow, event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the alert says about its image: nothing yet while it is pending."""
    if row.kind == "pending":
        return []
    return [
        {
            "kind": row.kind,
            "uri": row.uri,
            "sha256": row.sha256,
            "captured_from": event["at"],
            "captured_to": event["at"],
            "expires_at": row.expires_at,
        }
    ]


def _why(late: BaseException) -> str:
    if isinstance(late, OSError) and late.filename is not None:
        return f"{late.filename} cannot be written ({late.strerror}): let this service, or set VIGIE_ALERT_EVIDENCE_DIR"
    return str(late) or type(late).__name__


def _unless_gone(_call: object, _path: str, told: tuple[object, BaseException, object]) -> None:
    """Another process may delete the same day at the same time."""
    if not isinstance(told[1], FileNotFoundError):
        raise told[1]


def _settled(row: EvidenceRow) -> EvidenceRow:
    EVIDENCE.labels(row.kind).inc()
    return row


def _end_of(day: date) -> int:
    """The last midnight (UTC) of a day, ms."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return int(midnight.timestamp() * 1000)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before an alert speaks of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
