"""The versions of cameras that were published: which is in force at an event time, and which take over later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vigie_cli.versions import in_force, takeovers
from vigie_common.errors import PoisonRecordError
from vigie_common.stream import ConfigVersion
from vigie_common.stream.reading import all_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiokafka import ConsumerRecord, TopicPartition

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings


@dataclass(frozen=True, slots=True)
class CameraHistory:
    """Every version of one camera that the topic still has, in the order in which they hold: (effective_at, offset)."""

    partition: int
    versions: tuple[ConfigVersion, ...]
    """One at least."""

    def in_force(self, at_ms: int) -> Mapping[str, Any] | None:
        """The record that holds at that event time."""
        version = in_force(self.versions, at_ms)
        return None if version is None else version.value

    def after(self, at_ms: int) -> tuple[Mapping[str, Any], ...]:
        """The records that hold from a later instant, in that order."""
        return tuple(one.value for one in self.versions if one.effective_at > at_ms)

    def takeovers(self, at_ms: int) -> tuple[Mapping[str, Any], ...]:
        """Those of them that are another camera than the one before, or its removal."""
        return tuple(
            one.value
            for one, _ in takeovers(self.versions, at_ms, lambda one: (one.value["version"], one.value["removed"]))
        )

    def with_next(self, record: Mapping[str, Any]) -> CameraHistory:
        """As it is once this record is published too."""
        offset = max(one.offset for one in self.versions) + 1
        published = ConfigVersion(str(record["camera_id"]), int(record["effective_at"]), offset, 0, record)
        return CameraHistory(self.partition, in_order([*self.versions, published]))


async def camera_histories(
    settings: Settings, partitions: list[TopicPartition], codec: Codec
) -> dict[str, CameraHistory]:
    """Of every camera, by id; what is no camera is passed over, and a tombstone ends what was before it."""
    found: dict[str, list[ConfigVersion]] = {}
    places: dict[str, int] = {}
    async for record in all_records(settings, partitions):
        name = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            found.pop(name, None)
            continue
        version = camera_version(record, name, codec)
        if version is not None:
            found.setdefault(name, []).append(version)
            places[name] = record.partition
    return {name: CameraHistory(places[name], in_order(versions)) for name, versions in found.items()}


def camera_version(record: ConsumerRecord, name: str, codec: Codec) -> ConfigVersion | None:
    """The version that a record brings of the camera of that name; None: it is no camera."""
    try:
        camera = codec.decode_as("camera", record.value)
    except PoisonRecordError:
        return None
    return ConfigVersion(name, int(camera["effective_at"]), record.offset, record.timestamp, camera)


def in_order(versions: Iterable[ConfigVersion]) -> tuple[ConfigVersion, ...]:
    """In the order in which they hold: (effective_at, offset)."""
    return tuple(sorted(versions, key=lambda one: (one.effective_at, one.offset)))
