"""What comes in: batches of figures or cameras, each batch one transaction, begun anew until the database takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter

from vigie_common.database import until_taken
from vigie_common.errors import PoisonRecordError
from vigie_common.stream.records import Done, Output
from vigie_common.stream.transport import reject
from vigie_statistics.history.tables import WINDOW_CODES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from vigie_common.process import Service
    from vigie_common.stream.records import Message
    from vigie_statistics.history.store import HistoryStore, Record

RETRIES: Final = Counter("vigie_statistics_database_retries_total", "Transactions that began anew")
WRITTEN: Final = Counter("vigie_statistics_history_records_total", "Records taken into the history", ["topic"])
JUDGED: Final = Counter("vigie_statistics_judged_hours_total", "Final hours, by what can be said of them", ["said"])

_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class HistoryHandler:
    """Figures and cameras in; notices out once what they are about is in the database."""

    store: HistoryStore
    service: Service

    async def handle(self, batch: Sequence[Message]) -> AsyncIterator[Done]:
        """Write the batch; then each record is done, with the notices that it brought."""
        refusals = {m.offset: wrong for m in batch if (wrong := _refusal(m)) is not None}
        sound = [m for m in batch if m.offset not in refusals]
        written = await self._written(sound)
        WRITTEN.labels(batch[0].topic).inc(len(sound))
        found = dict(zip((m.offset for m in sound), written, strict=True))
        for message in batch:
            refusal = refusals.get(message.offset)
            if refusal is not None:
                yield Done(message.offset, (reject(self.service.name, message, refusal),))
                continue
            notices = tuple(Output("notices", notice["series"], notice) for notice in found[message.offset])
            yield Done(message.offset, notices)

    async def _written(self, batch: Sequence[Message]) -> list[list[Record]]:
        if not batch:
            return []
        values = [message.value for message in batch]

        async def transaction() -> list[list[Record]]:
            if batch[0].topic == "cameras":
                await self.store.write_cameras(values)
                return [[] for _ in values]
            return await self.store.write(values)

        return await until_taken(transaction, self.service, RETRIES)


def _refusal(message: Message) -> PoisonRecordError | None:
    """Why a record cannot be kept, now or ever."""
    value: Mapping[str, Any] = message.value
    if message.topic == "statistics":
        if value["window"] not in WINDOW_CODES:
            allowed = ", ".join(WINDOW_CODES)
            return PoisonRecordError(f"statistic {value['series']}: window {value['window']!r} is none of {allowed}")
        if value["end"] <= value["start"]:
            return PoisonRecordError(f"statistic {value['series']}: its window ends before it starts: give start < end")
    names = ("site", "camera_id", "place", "object_class", "rule")
    for name in names:
        text = value.get(name, "")
        if len(text) > _LONGEST_NAME or "\0" in text:
            return PoisonRecordError(
                f"{message.topic}: {name} has {len(text)} characters or a null character: "
                f"the history keeps names of at most {_LONGEST_NAME}, without null"
            )
    return None
