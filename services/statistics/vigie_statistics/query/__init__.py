"""Questions to the history, as a Python interface.

from vigie_statistics.query import Asked, History, open_history

async with open_history("sqlite:///.vigie/statistics.db") as history:
    for place in await history.top(Asked(since, until)):
        print(place.place, place.total.value, place.total.corrected, place.total.coverage)
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vigie_statistics.history.database import DATABASE
from vigie_statistics.query.history import History
from vigie_statistics.query.model import Asked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Asked", "History", "open_history"]


@asynccontextmanager
async def open_history(url: str) -> AsyncIterator[History]:
    """The history in a database; its tables are not made here.

    Raises:
        ConfigurationError: the URL is no database's.
    """
    engine = DATABASE.open(url)
    try:
        yield History(engine)
    finally:
        await engine.dispose()
