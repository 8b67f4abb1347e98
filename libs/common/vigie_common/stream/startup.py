"""Waiting for Kafka at the start: a clear word, again and again, until it answers or the service is stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError

from vigie_common.kafka import admin, producer
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka import AIOKafkaProducer

    from vigie_common.process import Service
    from vigie_common.settings import Settings

_log = structlog.get_logger(__name__)
_FIRST_S: Final = 0.5
_LONGEST_S: Final = 5.0


class StoppedError(Exception):
    """The service was told to stop while it waited."""


async def pause(service: Service, seconds: float) -> None:
    """Wait, unless the service is stopping.

    Raises:
        StoppedError: it is.
    """
    try:
        async with asyncio.timeout(seconds):
            await service.stopping.wait()
    except TimeoutError:
        return
    raise StoppedError


async def await_topics(settings: Settings, service: Service, topics: Iterable[str]) -> None:
    """Return once Kafka answers and has these topics (logical names).

    Raises:
        StoppedError: the service was told to stop first.
    """
    names = TopicNames(settings.topic_prefix)
    wanted = {names.full(topic) for topic in topics}
    delay = _FIRST_S
    while True:
        service.health.beat("start")
        why = await _missing(settings, wanted)
        service.health.ready("kafka", not why, why)
        if not why:
            service.health.gone("start")
            return
        _log.warning("waiting for Kafka", why=why)
        await pause(service, delay)
        delay = min(delay * 2, _LONGEST_S)


async def _missing(settings: Settings, wanted: set[str]) -> str:
    """What is not there yet, and the fix; empty when all is."""
    client: Any = admin(settings)
    try:
        async with asyncio.timeout(15):
            await client.start()
            there = set(await client.list_topics())
    except (KafkaError, OSError, TimeoutError) as down:
        return (
            f"Kafka at {settings.kafka_bootstrap} does not answer ({down or type(down).__name__}): start it, or check "
            "VIGIE_KAFKA_BOOTSTRAP, VIGIE_KAFKA_SECURITY_PROTOCOL and the credentials"
        )
    finally:
        await client.close()
    missing = sorted(wanted - there)
    return f"topics {', '.join(missing)} do not exist: run `vigie topics create`" if missing else ""


async def start_producer(settings: Settings, **options: Any) -> AIOKafkaProducer:
    """A producer that is connected."""
    client = producer(settings, **options)
    await client.start()
    return client


async def until_stopped(service: Service, failure: asyncio.Future[None]) -> None:
    """Return when the service is told to stop.

    Raises:
        BaseException: what `failure` was set to, if that comes first.
    """
    stopping = asyncio.create_task(service.stopping.wait())
    either: list[asyncio.Future[Any]] = [stopping, failure]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if failure.done():
        failure.result()
