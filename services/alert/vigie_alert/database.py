"""The connection to the alert database, its migrations, and which of its errors pass by waiting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from vigie_common.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_MIGRATION_LOCK: Final = 0x76696769
"""Key of the advisory lock that lets one process at a time migrate ("vigi")."""


def open_database(url: str) -> AsyncEngine:
    """The engine of a database; nothing is connected yet. A missing folder of an SQLite file is made.

    Args:
        url: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.

    Raises:
        ConfigurationError: it is no URL, of another kind of database, or its folder cannot be made.
    """
    parsed = _parsed(url)
    if not parsed.drivername.startswith("sqlite"):
        return create_async_engine(
            parsed,
            pool_size=8,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "prepare_threshold": None},
        )
    if parsed.database and parsed.database != ":memory:":
        folder = Path(parsed.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            raise ConfigurationError(
                f"VIGIE_ALERT_DATABASE_URL: the folder {folder} cannot be made ({refused.strerror}): "
                "name one that this service may write to"
            ) from None
    engine = create_async_engine(parsed, connect_args={"timeout": 10})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to the newest form; of several processes that start together, one does it."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        await connection.run_sync(_upgrade)


def passes_by_waiting(error: BaseException) -> bool:
    """Whether trying the transaction again may help: no connection, a lock, a rival's insert."""
    if isinstance(error, OperationalError | InterfaceError | IntegrityError | PoolTimeoutError | OSError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def unanswered(error: BaseException) -> str:
    """What to tell when the database does not answer."""
    said = str(error).splitlines()[0]
    return f"the alert database does not answer ({said}): start it, or check VIGIE_ALERT_DATABASE_URL"


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "VIGIE_ALERT_DATABASE_URL is no database URL: give sqlite:///path/to/alerts.db "
            "or postgresql://user:password@host:5432/name"
        ) from None
    if parsed.drivername not in _DRIVERS:
        raise ConfigurationError(
            f"VIGIE_ALERT_DATABASE_URL begins with {parsed.drivername}://: allowed are sqlite:// and postgresql://"
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: _begin_immediate does
    cursor = connection.cursor()
    # FULL: an acknowledged offset must survive a power cut, so the row it stands for must too
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at once: a transaction that first reads could otherwise fail when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
