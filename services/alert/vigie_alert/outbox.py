"""The relay: what the outbox holds goes to the topic, in order, and leaves the outbox once the broker has it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import structlog
from prometheus_client import Counter

from vigie_alert.tables import alert_revisions, outbox
from vigie_common.database import passes_by_waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiokafka import AIOKafkaProducer
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from vigie_common.process import Service

_log = structlog.get_logger(__name__)

PUBLISHED: Final = Counter("vigie_alert_revisions_published_total", "Alert revisions that the broker has acknowledged")

_LOCKS: Final = 0x76696F62
"""First key of the advisory locks of the shards ("viob"); the second is the shard."""
_AT_ONCE: Final = 500
_LOOK_S: Final = 1.0


class Relay:
    """Publishes one shard. Of all processes on a PostgreSQL database, the one that holds the shard's lock does.

    A crash between the acknowledgement and the deletion publishes the same bytes again. A send that fails ends
    the worker: an idempotent producer cannot tell what happened, a new one begins with the first unsent row.
    """

    def __init__(self, engine: AsyncEngine, producer: AIOKafkaProducer, topic: str, shard: int) -> None:
        self._engine = engine
        self._producer = producer
        self._topic = topic
        self._shard = shard
        self._name = f"relay-{shard}"
        self._more = asyncio.Event()

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._more.set()

    async def run(self, service: Service, stopping: asyncio.Event) -> None:
        """Publish until told to stop, and then what is left."""
        while not stopping.is_set():
            service.health.beat(self._name)
            try:
                async with self._session() as connection:
                    leased = await self._leased(connection)
                    service.health.ready(self._name, ok=True)
                    if leased:
                        await self._publish_while(connection, service, stopping)
                        continue
                await asyncio.sleep(_LOOK_S)
            except Exception as error:
                if not passes_by_waiting(error):
                    raise
                service.health.ready(self._name, ok=False, why=f"the database: {str(error).splitlines()[0]}")
                _log.warning("the outbox waits for the database", shard=self._shard, error=type(error).__name__)
                await asyncio.sleep(_LOOK_S)
        service.health.gone(self._name)

    async def _publish_while(
        self, connection: AsyncConnection | None, service: Service, stopping: asyncio.Event
    ) -> None:
        while True:
            service.health.beat(self._name)
            self._more.clear()
            last = stopping.is_set()
            while await self.publish(connection):
                pass
            if last:
                return
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def publish(self, connection: AsyncConnection | None = None) -> int:
        """Publish the oldest rows and delete them; says how many."""
        async with self._transaction(connection) as reading:
            rows = (await reading.execute(self._oldest())).all()
        if not rows:
            return 0
        acknowledged = [
            await self._producer.send(
                self._topic,
                row.value,
                key=row.alert_id.encode(),
                headers=[(name, value.encode("latin-1")) for name, value in json.loads(row.headers)],
            )
            for row in rows
        ]
        await asyncio.gather(*acknowledged)
        await self.forget([row.sequence for row in rows], connection)
        PUBLISHED.inc(len(rows))
        return len(rows)

    async def forget(self, sequences: Sequence[int], connection: AsyncConnection | None = None) -> None:
        """Delete rows that the broker has acknowledged."""
        async with self._transaction(connection) as writing:
            await writing.execute(sa.delete(outbox).where(outbox.c.sequence.in_(sequences)))

    def _oldest(self) -> sa.Select[Any]:
        revision = sa.and_(
            alert_revisions.c.alert_id == outbox.c.alert_id, alert_revisions.c.revision == outbox.c.revision
        )
        return (
            sa.select(outbox.c.sequence, outbox.c.alert_id, alert_revisions.c.value, alert_revisions.c.headers)
            .join(alert_revisions, revision)
            .where(outbox.c.shard == self._shard)
            .order_by(outbox.c.sequence)
            .limit(_AT_ONCE)
        )

    @asynccontextmanager
    async def _transaction(self, connection: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        """The leased connection, where every statement is a transaction; else one of its own."""
        if connection is not None:
            yield connection
            return
        async with self._engine.begin() as own:
            yield own

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncConnection | None]:
        """The connection that can hold the shard's lock; None on SQLite, which one process has to itself.

        The lock lives as long as the connection does, so that a process that loses one loses the other.
        """
        if self._engine.dialect.name != "postgresql":
            yield None
            return
        async with self._engine.connect() as opened:
            try:
                yield await opened.execution_options(isolation_level="AUTOCOMMIT")
            finally:
                await opened.invalidate()

    async def _leased(self, connection: AsyncConnection | None) -> bool:
        """Whether this process publishes the shard now."""
        if connection is None:
            return True
        lock = sa.select(sa.func.pg_try_advisory_lock(_LOCKS, self._shard))
        return bool((await connection.execute(lock)).scalar_one())
