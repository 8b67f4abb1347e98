"""How a camera was at a moment: the version that judged each of its records, as far as the topic still has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vigie_cli.camera_history import camera_version, in_order
from vigie_cli.configuration_topics import answered, deployment_codec, topic_partitions
from vigie_cli.event_times import moment
from vigie_common.stream import judging
from vigie_common.stream.reading import all_records
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_common.settings import Settings
    from vigie_common.stream import ConfigVersion


@dataclass(frozen=True, slots=True)
class CameraThen:
    """A camera as it was at a moment and at each record around it."""

    camera: Mapping[str, Any]
    each: tuple[ConfigVersion, ...]
    notes: tuple[str, ...]
    """What is no longer known of it, in words."""


async def camera_versions(settings: Settings, camera_id: str) -> tuple[ConfigVersion, ...]:
    """Every version of a camera that the topic still has, by (effective_at, offset); empty: there is none.

    Raises:
        DependencyError: Kafka does not answer, or has no topics.
    """
    topic = TopicNames(settings.topic_prefix).full("cameras")
    found = []
    async with answered(settings):
        partitions = (await topic_partitions(settings, [topic]))[topic]
        async with deployment_codec(settings) as codec:
            async for record in all_records(settings, partitions):
                named = (record.key or b"").decode("utf-8", "replace") == camera_id
                version = camera_version(record, camera_id, codec) if named else None
                if version is not None:
                    found.append(version)
    return in_order(found)


def camera_then(
    versions: Sequence[ConfigVersion],
    records: Sequence[tuple[Mapping[str, Any], int]],
    at: int,
    version: str | None = None,
) -> CameraThen:
    """The version that judged at a moment and each record; where it is gone, the oldest that is left, with a note.

    Args:
        versions: of the camera, one at least, by (effective_at, offset).
        records: of its tracks, in the order of time, with their append times.
        at: the moment, event time, ms.
        version: digest of the version that is known to have judged then.
    """
    judged = [judging(versions, int(record["captured_at"]), appended_at) for record, appended_at in records]
    oldest = versions[0]
    each = tuple(oldest if one is None else one for one in judged)
    by_then = [one for one, (record, _) in zip(each, records, strict=True) if record["captured_at"] <= at]
    chosen = (by_then or list(each[:1]) or [oldest])[-1]
    named = [one for one in versions if one.value["version"] == version]
    if named and chosen not in named:
        chosen = named[-1]
    zone = str(chosen.value["time_zone"])
    notes = []
    early = [
        one for one, (record, _) in zip(judged, records, strict=True) if record["captured_at"] < oldest.effective_at
    ]
    if early:
        notes.append(
            f"how {oldest.key} was before {moment(oldest.effective_at, zone)} is not known: in the long run the topic "
            "cameras keeps the newest version alone; tracks from before are judged by the version that holds from then"
        )
    if version is not None and not named:
        notes.append(
            f"version {version} of {oldest.key}, under which it opened, is no longer in the topic cameras: judged is "
            f"by version {chosen.value['version']}, from {moment(chosen.effective_at, zone)}"
        )
    if chosen.value["removed"]:
        notes.append(f"{oldest.key} was out of service then")
    return CameraThen(chosen.value, each, tuple(notes))
