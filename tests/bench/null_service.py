"""The same loop as a stateful service, without its logic: what Kafka and Avro alone cost.

`VIGIE_BENCH_INPUT` and `VIGIE_BENCH_OUTPUT` name the topics. The output has the size that the real service's has.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vigie_common.process import Service, run
from vigie_common.settings import Settings
from vigie_common.stream import Output, run_stateful

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.stream import ConfigView, Message

INPUT, OUTPUT = os.environ["VIGIE_BENCH_INPUT"], os.environ["VIGIE_BENCH_OUTPUT"]


class Null:
    """Hands the record on, with the columns that tracks have and detections have not."""

    def process(self, message: Message, config: ConfigView) -> Sequence[Output]:  # noqa: ARG002 - no logic
        """One record out for each record in; none where the input is tracks (rules rarely say something)."""
        if OUTPUT != "tracks":
            return ()
        value: dict[str, Any] = dict(message.value)
        count = len(value["x1"])
        value |= {"track_id": list(range(count)), "vx": [0.0] * count, "vy": [0.0] * count}
        value |= {"ended_track_id": [], "ended_at": [], "ended_reason": []}
        return (Output(OUTPUT, message.key, value),)

    def snapshot(self) -> bytes:
        """Nothing to keep."""
        return b""

    def restore(self, state: bytes) -> None:
        """Nothing to take over."""

    def gap(self, first: int, last: int) -> None:
        """Nothing to lose."""


async def serve(settings: Settings, service: Service) -> None:
    """Run until stopped."""
    await run_stateful(
        settings,
        service,
        topic=INPUT,
        state_topic="tracking-state" if INPUT == "detections" else "rule-engine-state",
        core=lambda _: Null(),
        outputs=[OUTPUT, "dead-letters"],
        compression=None if OUTPUT == "tracks" else "lz4",
    )


if __name__ == "__main__":
    run(f"null-{INPUT}", Settings, serve)  # a group of its own: a static member keeps its topics
