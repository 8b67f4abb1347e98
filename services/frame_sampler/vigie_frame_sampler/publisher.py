"""Messages of captures to records on Kafka, each in its camera's partition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka.errors import KafkaTimeoutError

from vigie_common.stream import Output
from vigie_frame_sampler.metrics import ENCODE, FRAMES, HEALTH, SHED, TROUBLES
from vigie_frame_sampler.ownership import Ownership
from vigie_frame_sampler.trace import traceparent
from vigie_frame_sampler.view_watch import ViewMemory, memory_of

if TYPE_CHECKING:
    from vigie_common.process import Service
    from vigie_common.stream.transport import Sender

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Publisher:
    """Messages of captures to records on Kafka, each in its camera's partition."""

    sender: Sender
    service: Service
    sampler: str
    ownership: Ownership = field(default_factory=Ownership)
    views: dict[str, ViewMemory] = field(default_factory=dict)

    async def publish(self, message: dict[str, Any]) -> None:
        """Hand one message of a capture to the producer."""
        camera_id = message["camera"]
        partition = self.ownership.partition_of.get(camera_id)
        if (frame := message.get("frame")) is not None:
            FRAMES.labels(frame["status"]).inc()
            if frame["status"] == "shed":
                SHED.inc()
            if message["encode_s"] is not None:
                ENCODE.observe(message["encode_s"])
            headers = (("traceparent", traceparent(frame["session"], frame["seq"])),)
            await self.send(Output("frames", camera_id, frame, partition, headers))
        elif (health := message.get("health")) is not None:
            self.views[camera_id] = memory_of(health["view"])
            if message["changed"]:
                HEALTH.labels(health["state"]).inc()
                _log.info("camera", camera=camera_id, state=health["state"], reason=health["reason"])
            await self.send(Output("camera-health", camera_id, health | {"sampler": self.sampler}, partition))
        elif (trouble := message.get("trouble")) is not None:
            TROUBLES.labels(trouble).inc(message["count"])
            _log.warning(
                "camera trouble", camera=camera_id, trouble=trouble, count=message["count"], reason=message["why"]
            )

    async def send(self, output: Output) -> None:
        """Hand one record to the producer; while that has no room, wait: the captures shed, nothing else is lost."""
        while True:
            try:
                await self.sender.send(output, None, _acknowledged)
            except KafkaTimeoutError:
                # not accepted, so it can be given again without doubling
                self.service.health.ready("kafka", ok=False, why="Kafka takes no records")
                _log.warning("Kafka takes no records: waiting", topic=output.topic, camera=output.key)
            else:
                self.service.health.ready("kafka", ok=True)
                return


def _acknowledged() -> None:
    """Nothing depends on the acknowledgement of a frame: the next one comes anyway."""
