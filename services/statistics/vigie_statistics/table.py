"""The Faust table behind the rows: its changelog is a declared topic, and on recovery the highest epoch wins."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import faust

from vigie_common.codec import Codec  # noqa: TC001 - kept at run time
from vigie_statistics.rows import content_of, encode_stored, epoch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA = "statistic-row"


class RowTable(faust.Table):  # type: ignore[type-arg]  # faust's own types are loose
    """Rows by key, as `vigie_statistics.rows` stores them.

    Faust sends a change to the changelog and goes on; here the service sends, waits for the broker, and then puts.
    """

    logger = logging.getLogger("faust.table")
    codec: Codec

    def row(self, key: str) -> bytes | None:
        """What is stored, or none."""
        found: bytes | None = self.data.data.get(key)
        return found

    def count(self) -> int:
        """How many rows there are."""
        return len(self.data.data)

    def put(self, partition: int, rows: Mapping[str, bytes | None]) -> None:
        """Take over what is in the log."""
        store: Any = self.data
        for key, row in rows.items():
            if row is None:
                store.data.pop(key, None)
                store._key_partition.pop(key, None)  # noqa: SLF001 - how its store knows what to drop at a rebalance
            else:
                store.data[key] = row
                store._key_partition[key] = partition  # noqa: SLF001 - as above

    def encode(self, row: bytes | None) -> bytes | None:
        """A row's record in the changelog; none: a tombstone."""
        return None if row is None else self.codec.encode(SCHEMA, {"epoch": epoch_of(row), "row": content_of(row)})

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Take over records of the changelog, in its order; one of a lower epoch than the known is a late ghost's."""
        for event in batch:
            message = event.message
            key = message.key.decode()
            if message.value is None:
                self.put(message.partition, {key: None})
                continue
            record = self.codec.decode_as(SCHEMA, message.value)
            row = encode_stored(record["epoch"], record["row"])
            known = self.row(key)
            if known is None or epoch_of(row) >= epoch_of(known):
                self.put(message.partition, {key: row})
