"""The smallest stateless service: frames in, detections without boxes out. A frame whose reason is "reject" is
refused; one whose reason is "slow" takes a second. Run as a process by the tests of the stateless loop."""

import asyncio

from vigie_common.errors import PoisonRecordError
from vigie_common.process import run
from vigie_common.settings import Settings
from vigie_common.stream import Done, Output, reject, run_stateless

EMPTY = ("x1", "y1", "x2", "y2", "score", "object_class", "model_index", "models")
DROPPED = ("jpeg", "camera_version", "models")


class Echo:
    async def handle(self, batch):
        for message in batch:
            reason = message.value["reason"]
            if reason == "slow":
                await asyncio.sleep(1)
            if reason == "reject":
                yield Done(message.offset, [reject("echo", message, PoisonRecordError("refused on purpose"))])
                continue
            value = {k: v for k, v in message.value.items() if k not in DROPPED}
            value |= {name: [] for name in EMPTY}
            value["frame_ref"] = {"partition": message.partition, "offset": message.offset}
            yield Done(message.offset, [Output("detections", message.key, value)])


async def serve(settings, service):
    await run_stateless(
        settings, service, topics=["frames"], handler=Echo(), outputs=["detections", "dead-letters"], max_records=50
    )


if __name__ == "__main__":
    run("echo", Settings, serve)
