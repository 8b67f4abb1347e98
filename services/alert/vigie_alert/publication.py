"""A revision as it leaves: bytes and headers, built once and stored: a repetition is the same to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.codec import Codec

SHARDS: Final = 2
"""Relays; all revisions of an alert go through one. Part of the stored rows: never changed in operation."""

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One revision, ready for the topic."""

    alert_id: str
    revision: int
    produced_at: int
    value: bytes
    headers: Headers

    @property
    def shard(self) -> int:
        """Which relay publishes it."""
        return crc32(self.alert_id.encode()) % SHARDS


def publication(alert: Mapping[str, Any], produced_at: int, trace: Headers, codec: Codec) -> Publication:
    """The publication of a revision at a moment of the wall clock (ms).

    Headers are CloudEvents' binary mode (cloudevents/spec, kafka-protocol-binding, 3.2), and the W3C trace
    context of the record that caused it.
    """
    record = dict(alert) | {"produced_at": produced_at, "late_by_ms": produced_at - alert["updated_at"]}
    at = datetime.fromtimestamp(alert["updated_at"] / 1000, UTC).isoformat(timespec="milliseconds")
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": f"{alert['id']}:{alert['revision']}",
        "ce_type": f"vigie.alert.{alert['state'].lower()}",
        "ce_source": f"/vigie/{quote(alert['site'], safe='')}/{quote(alert['camera']['id'], safe='')}",
        "ce_subject": alert["id"],
        "ce_time": at.replace("+00:00", "Z"),
        "content-type": "application/avro",
    }
    headers = tuple((name, value.encode()) for name, value in attributes.items())
    return Publication(alert["id"], alert["revision"], produced_at, codec.encode("alert", record), headers + trace)
