"""What really went through: counts of the records on every topic, and each alert as it changes."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.errors import PoisonRecordError
from vigie_common.kafka import admin, consumer
from vigie_common.stream.reading import records_up_to
from vigie_common.topics import TopicNames, load_topics

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Mapping

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

    from vigie_common.settings import Settings

COUNTED = ("cameras", "frames", "detections", "tracks", "rule-events", "alerts", "dead-letters")

CONSUMES = {
    "inference": ("frames",),
    "tracking": ("detections",),
    "rule_engine": ("tracks",),
    "alert": ("rule-events",),
}
"""What each service reads, for its lag."""


@dataclass(slots=True)
class Tally:
    """Counts since the beginning of the topics."""

    cameras: set[str] = field(default_factory=set)
    frames: int = 0
    """Frames with an image."""
    judged: int = 0
    """Frames that inference looked at."""
    detections: int = 0
    """Boxes."""
    tracks: set[tuple[str, str, int]] = field(default_factory=set)
    """Distinct (camera, session, track id): the ids begin again in each session."""
    rule_events: Counter[str] = field(default_factory=Counter)
    """By kind."""
    alerts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The newest revision of each alert."""
    openings: Counter[str] = field(default_factory=Counter)
    """Records of state OPEN with revision 1, by alert: more than one is a double."""
    latencies_ms: list[int] = field(default_factory=list)
    """From the image that opened each alert to the alert's place in its topic."""
    shed: int = 0
    failed: int = 0
    dead_letters: int = 0
    unreadable: list[str] = field(default_factory=list)
    """Records that break the contract, and how."""

    def add(self, topic: str, value: Mapping[str, Any], appended_at: int) -> None:
        """Count one decoded record; `appended_at` is the broker's time, ms."""
        match topic:
            case "cameras" if not value["removed"]:
                self.cameras.add(value["camera_id"])
            case "frames":
                self.frames += value["jpeg"] is not None
            case "detections":
                self.judged += value["status"] == "ok"
                self.shed += value["status"] == "shed"
                self.failed += value["status"] == "failed"
                self.detections += len(value["x1"])
            case "tracks":
                self.tracks.update((value["camera_id"], value["session"], track) for track in value["track_id"])
            case "rule-events":
                self.rule_events[value["kind"]] += 1
            case "alerts":
                self.alerts[value["id"]] = value
                if value["revision"] == 1:
                    self.openings[value["id"]] += 1
                    self.latencies_ms.append(appended_at - value["updated_at"])
            case "dead-letters":
                self.dead_letters += 1

    def summary(self) -> dict[str, int]:
        """The counts by name. An affirmation is no event: it only repeats what is open."""
        return {
            "cameras": len(self.cameras),
            "frames": self.frames,
            "detections": self.detections,
            "tracks": len(self.tracks),
            "rule_events": sum(self.rule_events.values()) - self.rule_events["AFFIRM"],
            "alerts": len(self.alerts),
            "shed": self.shed,
            "failed": self.failed,
            "dead_letters": self.dead_letters,
        }

    def latency_ms(self, share: float) -> int | None:
        """The latency that this share of the alerts stays below; None without alerts."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


async def follow(
    settings: Settings, tally: Tally, changed: Callable[[Mapping[str, Any]], None], stopping: asyncio.Event
) -> None:
    """Read every counted topic from its beginning to its end once told to stop; `changed` gets each alert record."""
    names = TopicNames(settings.topic_prefix)
    codec = Codec.pinned()
    async with aclosing(_counted(settings, names, stopping)) as records:
        async for record in records:
            topic = names.logical(record.topic)
            if record.value is None:
                continue
            try:
                value = codec.decode_as(load_topics()[topic].schema, record.value)
            except PoisonRecordError as poison:
                tally.unreadable.append(f"{record.topic} {record.partition}/{record.offset}: {poison}")
                continue
            tally.add(topic, value, record.timestamp)
            if topic == "alerts":
                changed(value)


async def _counted(settings: Settings, names: TopicNames, stopping: asyncio.Event) -> AsyncGenerator[ConsumerRecord]:
    """Every record of the counted topics: as they come, and once told to stop up to where they end then."""
    reader = consumer(settings, *(names.full(topic) for topic in COUNTED), fetch_min_bytes=1)
    await reader.start()
    try:
        while not stopping.is_set():
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    yield record
        async for record in records_up_to(reader, await reader.end_offsets(reader.assignment())):
            yield record
    finally:
        await reader.stop()


async def lags(settings: Settings) -> dict[str, int]:
    """Records that each service has yet to read, by what its group has committed."""
    names = TopicNames(settings.topic_prefix)
    client = admin(settings)
    reader: AIOKafkaConsumer = consumer(settings)
    await client.start()
    await reader.start()
    try:
        behind = {}
        for service, topics in CONSUMES.items():
            committed = await client.list_consumer_group_offsets(f"{settings.topic_prefix}{service}")
            full = {names.full(topic) for topic in topics}
            described = await client.describe_topics(list(full))
            partitions = [
                TopicPartition(topic["topic"], partition["partition"])
                for topic in described
                for partition in topic["partitions"]
            ]
            ends = await reader.end_offsets(partitions)
            starts = await reader.beginning_offsets(partitions)
            behind[service] = sum(
                end - max(starts[at], committed[at].offset if at in committed else 0) for at, end in ends.items()
            )
        return behind
    finally:
        await reader.stop()
        await client.close()
