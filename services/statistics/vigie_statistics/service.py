"""The statistics service: rule events and coverage in, figures out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

import structlog

from vigie_common.errors import DependencyError
from vigie_common.stream.config_log import ConfigLog
from vigie_common.stream.metrics import LAG
from vigie_common.stream.startup import StoppedError, await_codec, await_topics, start_producer, until_stopped
from vigie_common.stream.transport import Receiver, Sender
from vigie_common.topics import TopicNames
from vigie_statistics.faust_app import STATE_TOPIC, StatisticsApp, make_app
from vigie_statistics.intake import Intake, Record
from vigie_statistics.rows import INPUTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from faust.types import TP

    from vigie_common.process import Service
    from vigie_common.stream.records import Output
    from vigie_statistics.settings import StatisticsSettings

_log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Records that are taken in together at most."""
WITHIN_S: Final = 0.2
_LOOK_S: Final = 0.5
_STOP_S: Final = 5.0


async def serve(settings: StatisticsSettings, service: Service) -> None:
    """Run until the service is stopped."""
    names = TopicNames(settings.topic_prefix)
    try:
        await await_topics(settings, service, (*INPUTS, "cameras", "statistics", STATE_TOPIC, "dead-letters"))
        codec = await await_codec(settings, service)
    except StoppedError:
        return
    failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(error: BaseException) -> None:
        if not failure.done():
            failure.set_exception(error)

    async with contextlib.AsyncExitStack() as stack:
        if codec.registry is not None:
            stack.push_async_callback(codec.registry.close)
        producer = await start_producer(settings, linger_ms=5)
        stack.push_async_callback(_bounded, producer.stop())
        receiver = Receiver(service.name, names, codec)
        sender = Sender(producer, names, codec, fail)

        async def rejected(output: Output) -> None:
            await sender.send(output, None, lambda: None)

        configuration = ConfigLog(settings, receiver, ("cameras",), rejected)
        stack.push_async_callback(configuration.stop)
        await configuration.start()
        app = make_app(settings, codec)
        intake = Intake(app, producer, receiver, configuration, settings.kafka_session_timeout_ms / 1000)
        _declare_agent(app, intake, service, fail)
        tasks = [
            _guarded(configuration.follow(service), fail),
            _guarded(app.start(), fail),
            _guarded(_watch(app, service), fail),
        ]
        try:
            await until_stopped(service, failure)
        finally:
            for task in tasks:
                task.cancel()
            if not failure.done():
                await _bounded(app.stop())


def _guarded(step: Coroutine[Any, Any, Any], fail: Any) -> asyncio.Task[Any]:
    """Run beside the rest; what it raises ends the worker."""

    def ended(task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            fail(error)

    task = asyncio.ensure_future(step)
    task.add_done_callback(ended)
    return task


async def _bounded(closing: Coroutine[Any, Any, Any]) -> None:
    try:
        async with asyncio.timeout(_STOP_S):
            await closing
    except TimeoutError:
        _log.warning("closing took too long: the next start takes up where the rows end")


def _declare_agent(app: StatisticsApp, intake: Intake, service: Service, fail: Any) -> None:
    """The one agent: batches of both inputs. Faust would go on after an error; here it ends the worker."""
    names = [app.topic_names.full(topic) for topic in INPUTS]
    inputs = app.topic(*names, key_serializer="raw", value_serializer="raw", allow_empty=True)

    @app.agent(inputs, name="intake", concurrency=1)
    async def taken(stream: Any) -> None:
        batches: AsyncIterator[Any] = stream.take_events(BATCH, within=WITHIN_S)
        async for events in batches:
            try:
                await intake.take([_record(event.message) for event in events])
            except Exception as error:
                fail(error)
                raise
            service.health.beat("consume")


def _record(message: Any) -> Record:
    timestamp = round(message.timestamp * 1000)  # Faust turns Kafka's milliseconds into seconds
    return Record(message.topic, message.partition, message.offset, message.key, message.value, timestamp)


async def _watch(app: StatisticsApp, service: Service) -> None:
    """Readiness, lag, and whether the stream moves: a worker that is behind and takes nothing in is not alive.

    Raises:
        DependencyError: Faust has crashed.
    """
    positions: dict[TP, int] = {}
    held: set[int] | None = None
    while True:
        await asyncio.sleep(_LOOK_S)
        if app.crashed:
            raise DependencyError(f"Faust has ended: {app.crash_reason!r}") from app.crash_reason
        ready = app.recovered and not app.rebalancing
        service.health.ready("partitions", ok=ready, why="waiting for the group, or reading the rows")
        mine = {tp.partition for tp in app.consumer.assignment() if app.topic_names.logical(tp.topic) in INPUTS}
        taken = mine if ready else None
        if taken is not None and taken != held:
            _log.info("rows are read back: counting", partitions=sorted(taken), rows=app.rows.count())
        held = taken
        lag = dict.fromkeys(INPUTS, 0)
        now: dict[TP, int] = {}
        for tp in app.consumer.assignment() if ready else ():
            topic = app.topic_names.logical(tp.topic)
            if topic in lag:
                now[tp] = app.position(tp) or 0
                lag[topic] += max(0, (app.consumer.highwater(tp) or 0) - now[tp])
        for topic, records in lag.items():
            LAG.labels(topic).set(records)
        if now != positions or not any(lag.values()):
            service.health.beat("consume")
        positions = now
