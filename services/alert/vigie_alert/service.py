"""The alert service: rule events and decisions in, alerts out, and what goes on beside."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

import structlog

from vigie_alert.database import DATABASE
from vigie_alert.evidence import Gallery
from vigie_alert.frames import FrameReader
from vigie_alert.handler import AlertHandler
from vigie_alert.keeping import keep_house
from vigie_alert.late_evidence import follow_up
from vigie_alert.outbox import Relay
from vigie_alert.publication import SHARDS
from vigie_alert.store import AlertStore
from vigie_common.stream import run_stateless
from vigie_common.stream.startup import StoppedError, await_codec, await_topics, start_producer
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from vigie_alert.settings import AlertSettings
    from vigie_common.process import Service

_log = structlog.get_logger(__name__)

INPUTS: Final = ("rule-events", "alert-decisions")
_DRAIN_S: Final = 3.0


async def serve(settings: AlertSettings, service: Service) -> None:
    """Run until the service is stopped."""
    async with AsyncExitStack() as stack:
        engine = DATABASE.open(settings.alert_database_url.get_secret_value())
        stack.push_async_callback(engine.dispose)
        try:
            await DATABASE.await_migrated(engine, service)
            await await_topics(settings, service, (*INPUTS, "frames", "alerts"))
            codec = await await_codec(settings, service)
        except StoppedError:
            return
        if codec.registry is not None:
            stack.push_async_callback(codec.registry.close)
        names = TopicNames(settings.topic_prefix)
        frames = FrameReader(settings, names.full("frames"), codec)
        stack.push_async_callback(frames.stop)
        await frames.start()
        producer = await start_producer(settings, linger_ms=0)
        stack.push_async_callback(producer.stop)
        relays = [Relay(engine, producer, names.full("alerts"), shard) for shard in range(SHARDS)]
        store = AlertStore(engine, [relay.wake for relay in relays])
        gallery = Gallery(settings, frames)
        handler = AlertHandler(store, gallery, codec, service, settings.alert_evidence_wait_ms / 1000)
        loop = run_stateless(settings, service, topics=INPUTS, handler=handler, outputs=("dead-letters",))
        beside = (
            follow_up(store, gallery, codec, service),
            keep_house(store, gallery, settings.alert_keep_days),
        )
        await _together(loop, beside, relays, service)


async def _together(
    loop: Coroutine[Any, Any, None],
    beside: tuple[Coroutine[Any, Any, None], ...],
    relays: list[Relay],
    service: Service,
) -> None:
    """The stream loop, with the rest beside it: whatever fails ends all; the relays are the last to stop."""
    drained = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        relaying = [group.create_task(relay.run(service, drained)) for relay in relays]
        others = [group.create_task(task) for task in beside]
        await group.create_task(loop)
        for task in others:
            task.cancel()
        drained.set()
        for relay in relays:
            relay.wake()
        _, late = await asyncio.wait(relaying, timeout=_DRAIN_S)
        for task in late:
            _log.warning("the outbox is not empty: the next start publishes the rest")
            task.cancel()
