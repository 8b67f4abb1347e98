"""What comes in: batches of rule events or decisions, each batch one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter

from vigie_alert.compound import compound_key
from vigie_alert.evidence import evidence_records, pending
from vigie_alert.incoming import check_decision, check_event
from vigie_alert.lifecycle import may_alert, may_change, subject_key
from vigie_alert.loading import Reach
from vigie_alert.publication import publication
from vigie_alert.store import Turn
from vigie_common.database import until_taken
from vigie_common.errors import PoisonRecordError
from vigie_common.instants import LAST_MS
from vigie_common.stream.records import Done
from vigie_common.stream.transport import reject

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from vigie_alert.book import AlertBook
    from vigie_alert.evidence import Gallery
    from vigie_alert.publication import Headers
    from vigie_alert.rows import EvidenceRow
    from vigie_alert.store import AlertStore
    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.stream.records import Message

RETRIES: Final = Counter("vigie_alert_database_retries_total", "Transactions that began anew")

Refusals = dict[int, PoisonRecordError]
"""By offset."""


@dataclass(frozen=True, slots=True)
class AlertHandler:
    """Rule events and decisions in; alerts go to the database, and from its outbox to the topic."""

    store: AlertStore
    gallery: Gallery
    codec: Codec
    service: Service
    evidence_wait_s: float

    async def handle(self, batch: Sequence[Message]) -> AsyncIterator[Done]:
        """One transaction, begun anew until the database takes it; then each record is done.

        Yields no alerts: the outbox publishes them. A refused record's output is its dead letter.
        """
        sound, refusals = _sorted_out(batch)
        pictures: dict[str, EvidenceRow] = {}

        async def transaction() -> Refusals:
            pictures.update(await self._pictures(sound, pictures))
            return await self.store.transact(_reach(sound), partial(self._apply, sound, pictures))

        refusals |= await until_taken(transaction, self.service, RETRIES)
        for message in batch:
            refusal = refusals.get(message.offset)
            outputs = () if refusal is None else (reject(self.service.name, message, refusal),)
            yield Done(message.offset, outputs)

    async def _pictures(self, batch: Sequence[Message], there: dict[str, EvidenceRow]) -> dict[str, EvidenceRow]:
        """Evidence of the alerts that this batch opens, as far as it comes in time."""
        first: dict[str, Any] = {}
        for message in batch:
            if message.topic == "rule-events" and may_alert(message.value):
                first.setdefault(message.value["episode_id"], message.value)
        wanted = set(first) - set(there)
        if not wanted:
            return {}
        wanted -= await self.store.known(wanted)
        events = [event for alert_id, event in first.items() if alert_id in wanted]
        return await self.gallery.at_once(events, _now(), self.evidence_wait_s)

    def _apply(self, batch: Sequence[Message], pictures: dict[str, EvidenceRow], book: AlertBook) -> Turn[Refusals]:
        """Apply each record to the book; runs inside the transaction."""
        turn: Turn[Refusals] = Turn({})
        for message in batch:
            try:
                revisions, born = self._revisions(book, message, pictures)
            except PoisonRecordError as refusal:
                turn.told[message.offset] = refusal
                continue
            trace: Headers = tuple(h for h in message.headers if h[0] == "traceparent")
            turn.publications += [publication(r, _now(), trace, self.codec) for r in revisions]
            if born is not None:
                turn.evidence.append(born)
        turn.evidence += [pending(event, _now()) for event in book.meetings.met]
        book.meetings.met.clear()
        return turn

    def _revisions(
        self, book: AlertBook, message: Message, pictures: dict[str, EvidenceRow]
    ) -> tuple[list[dict[str, Any]], EvidenceRow | None]:
        """The revisions that a record brings, and the evidence row of the alert that it opens."""
        if message.topic == "alert-decisions":
            return book.apply_decision(message.value), None
        event = message.value
        picture = pictures.get(event["episode_id"])
        records = [] if picture is None else evidence_records(picture, event)
        revisions = book.apply_event(event, records)
        opened = any(r["id"] == event["episode_id"] and r["revision"] == 1 for r in revisions)
        return revisions, picture if opened else None


def _sorted_out(batch: Sequence[Message]) -> tuple[list[Message], Refusals]:
    """The records that can be applied, and why the others cannot."""
    checks = {"rule-events": check_event, "alert-decisions": check_decision}
    sound, refusals = [], {}
    for message in batch:
        try:
            checks[message.topic](message.value)
            sound.append(message)
        except PoisonRecordError as refusal:
            refusals[message.offset] = refusal
    return sound, refusals


def _reach(batch: Sequence[Message]) -> Reach:
    """What these records may touch."""
    events = [m.value for m in batch if m.topic == "rule-events" and may_change(m.value)]
    taken = [m.value for m in batch if m.topic == "alert-decisions"]
    steps = [e for e in events if e["kind"] != "AFFIRM"]
    return Reach(
        alert_ids=frozenset([e["episode_id"] for e in steps] + [d["alert_id"] for d in taken]),
        keys=frozenset(subject_key(e) for e in steps),
        cameras=frozenset((e["site"], e["camera_id"]) for e in events if e["kind"] == "AFFIRM"),
        decision_ids=frozenset(d["id"] for d in taken),
        decided_alerts=frozenset(d["alert_id"] for d in taken if d["decision"] == "close"),
        compounds=frozenset(compound_key(e, stamp) for e in steps for stamp in e["compounds"]),
        members_since=min((e["started_at"] for e in steps if e["compounds"]), default=LAST_MS),
    )


def _now() -> int:
    """Wall clock, ms: for what the contract calls produced, never for logic."""
    return time.time_ns() // 1_000_000
