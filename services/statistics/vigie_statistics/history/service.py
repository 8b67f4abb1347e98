"""The history as a process: figures and cameras in, notices out, and beside it the REST interface.

A process of its own, not a task of the windows': a database that is down must not hold the counting up, and the loop
that every other service runs on commits an offset once the database has what came before it.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from vigie_common.stream import run_stateless
from vigie_common.stream.startup import StoppedError
from vigie_statistics.api.serve import serve_api
from vigie_statistics.history.database import DATABASE
from vigie_statistics.history.handler import JUDGED, HistoryHandler
from vigie_statistics.history.keeping import keep_house
from vigie_statistics.history.store import HistoryStore

if TYPE_CHECKING:
    from vigie_common.process import Service
    from vigie_statistics.history.settings import HistorySettings

INPUTS: Final = ("statistics", "cameras")


async def serve(settings: HistorySettings, service: Service) -> None:
    """Run until the service is stopped."""
    async with AsyncExitStack() as stack:
        engine = DATABASE.open(settings.statistics_database_url.get_secret_value())
        stack.push_async_callback(engine.dispose)
        try:
            await DATABASE.await_migrated(engine, service)
        except StoppedError:
            return
        store = HistoryStore(engine, lambda said: JUDGED.labels(said).inc())
        loop = run_stateless(
            settings,
            service,
            topics=INPUTS,
            handler=HistoryHandler(store, service),
            outputs=("notices", "dead-letters"),
            max_records=1000,
        )
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(keep_house(store, settings)),
                group.create_task(serve_api(engine, settings)),
            ]
            await group.create_task(loop)
            for task in beside:
                task.cancel()
