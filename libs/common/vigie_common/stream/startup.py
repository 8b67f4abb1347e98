"""Waiting at the start for Kafka and the registry: a clear word, again and again, until they answer or all stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from aiokafka.errors import KafkaError

from vigie_common.errors import DependencyError
from vigie_common.kafka import admin, producer, unreachable
from vigie_common.registry import open_codec
from vigie_common.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiokafka import AIOKafkaProducer

    from vigie_common.codec import Codec
    from vigie_common.process import Service
    from vigie_common.settings import Settings

_log = structlog.get_logger(__name__)
_FIRST_S: Final = 0.5
_LONGEST_S: Final = 5.0

Found = TypeVar("Found")


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
        ConfigurationError: Kafka answers, and refuses the user or shows a certificate that is not trusted.
    """
    names = TopicNames(settings.topic_prefix)
    wanted = {names.full(topic) for topic in topics}
    await _answered(service, "kafka", lambda: _check_topics(settings, wanted))


async def await_codec(settings: Settings, service: Service) -> Codec:
    """The codec of this deployment, once its schema registry answers, if it has one.

    Raises:
        StoppedError: the service was told to stop first.
        ConfigurationError: the registry answers, and lacks a schema.
    """
    if settings.schema_registry_url is None:
        return await open_codec(settings)
    return await _answered(service, "registry", lambda: open_codec(settings))


async def _answered(service: Service, name: str, attempt: Callable[[], Awaitable[Found]]) -> Found:
    """What the attempt gives, tried until it raises no DependencyError.

    Raises:
        StoppedError: the service was told to stop first.
    """
    delay = _FIRST_S
    while True:
        service.health.beat("start")
        try:
            found = await _unless_stopped(service, attempt())
        except DependencyError as down:
            service.health.ready(name, ok=False, why=str(down))
            _log.warning(f"waiting for {name}", why=str(down))
        else:
            service.health.ready(name, ok=True)
            service.health.gone("start")
            return found
        await pause(service, delay)
        delay = min(delay * 2, _LONGEST_S)


async def _unless_stopped(service: Service, attempt: Awaitable[Found]) -> Found:
    trying = asyncio.ensure_future(attempt)
    stopping = asyncio.ensure_future(service.stopping.wait())
    try:
        await asyncio.wait([trying, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not trying.done():
            raise StoppedError
        return trying.result()
    finally:
        trying.cancel()
        stopping.cancel()


async def _check_topics(settings: Settings, wanted: set[str]) -> None:
    """Raises DependencyError: says what is not there yet, and the fix."""
    client: Any = admin(settings)
    try:
        async with asyncio.timeout(15):
            await client.start()
            there = set(await client.list_topics())
    except (KafkaError, OSError, TimeoutError) as down:
        raise await unreachable(settings, down) from down
    finally:
        await client.close()
    if missing := sorted(wanted - there):
        raise DependencyError(f"topics {', '.join(missing)} do not exist: run `vigie topics create`")


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
