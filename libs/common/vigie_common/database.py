"""A service's database, SQLite or PostgreSQL: its connection, its migrations, and which errors pass by waiting.

For the services that own one; they name SQLAlchemy and Alembic among their dependencies.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from vigie_common.errors import ConfigurationError, DependencyError
from vigie_common.stream.startup import pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from prometheus_client import Counter
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from vigie_common.process import Service

_log = structlog.get_logger(__name__)

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_MIGRATION_LOCK: Final = 0x76696769
"""Key of the advisory lock that lets one process at a time migrate ("vigi")."""
_FIRST_S: Final = 0.5
_FIRST_AGAIN_S: Final = 0.1
_LONGEST_S: Final = 5.0
_RIVALS: Final = 20
"""A transaction that a rival's insert spoils so often is spoilt by something else."""

Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Database:
    """The database of one service: what it is called, which variable names it, how it is brought to its form."""

    title: str
    """As messages call it: "the alert database"."""
    variable: str
    """The setting that holds its URL."""
    file: str
    """The usual name of its SQLite file."""
    migrations: Path
    """The folder of its Alembic scripts."""
    version_table: str
    """Where Alembic keeps the version: two services may share a PostgreSQL database."""

    def open(self, url: str) -> AsyncEngine:
        """The engine of a database; nothing is connected yet. A missing folder of an SQLite file is made.

        Args:
            url: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.

        Raises:
            ConfigurationError: it is no URL, of another kind of database, or its folder cannot be made.
        """
        parsed = self._parsed(url)
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
                    f"{self.variable}: the folder {folder} cannot be made ({refused.strerror}): "
                    "name one that this service may write to"
                ) from None
        engine = create_async_engine(parsed, connect_args={"timeout": 10})
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine

    async def migrate(self, engine: AsyncEngine) -> None:
        """Bring the database to the newest form; of several processes that start together, one does it."""
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            await connection.run_sync(self._upgrade)

    async def migrate_once(self, url: str) -> None:
        """Migrate and leave: a deployment's own step.

        Raises:
            DependencyError: the database does not answer.
        """
        engine = self.open(url)
        try:
            await self.migrate(engine)
        except (OperationalError, InterfaceError) as down:
            raise DependencyError(self.unanswered(down)) from down
        finally:
            await engine.dispose()

    async def await_migrated(self, engine: AsyncEngine, service: Service) -> None:
        """Return once the database answers and has the newest form.

        Raises:
            StoppedError: the service was told to stop first.
        """
        delay = _FIRST_S
        while True:
            service.health.beat("start")
            try:
                await self.migrate(engine)
            except Exception as error:
                if not passes_by_waiting(error):
                    raise
                why = self.unanswered(error)
                service.health.ready("database", ok=False, why=why)
                _log.warning("waiting for the database", why=why)
                await pause(service, delay)
                delay = min(delay * 2, _LONGEST_S)
            else:
                service.health.ready("database", ok=True)
                service.health.gone("start")
                return

    def unanswered(self, error: BaseException) -> str:
        """What to tell when the database does not answer."""
        said = str(error).splitlines()[0]
        return f"{self.title} does not answer ({said}): start it, or check {self.variable}"

    def _parsed(self, url: str) -> URL:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ConfigurationError(
                f"{self.variable} is no database URL: give sqlite:///path/to/{self.file} "
                "or postgresql://user:password@host:5432/name"
            ) from None
        if parsed.drivername not in _DRIVERS:
            raise ConfigurationError(
                f"{self.variable} begins with {parsed.drivername}://: allowed are sqlite:// and postgresql://"
            )
        return parsed.set(drivername=_DRIVERS[parsed.drivername])

    def _upgrade(self, connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(self.migrations))
        config.attributes["connection"] = connection
        config.attributes["version_table"] = self.version_table
        command.upgrade(config, "head")


async def until_taken(attempt: Callable[[], Awaitable[Taken]], service: Service, retries: Counter) -> Taken:
    """What a transaction gives, begun anew until the database takes it; `/ready` and the log say what is waited for.

    One that a rival's insert spoilt is begun anew without a word: it is the database's way to settle who was first.

    Args:
        attempt: the whole transaction.
        service: whose.
        retries: counts those that began anew.
    """
    delay, spoilt = _FIRST_AGAIN_S, 0
    while True:
        try:
            taken = await attempt()
        except Exception as error:
            rivalry = isinstance(error, IntegrityError)
            spoilt += rivalry
            if not passes_by_waiting(error) or spoilt >= _RIVALS:
                raise
            retries.inc()
            if not rivalry:
                said = str(error).split("\n", 1)[0]
                service.health.ready("database", ok=False, why=said)
                _log.warning("waiting for the database", error=said, seconds=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_S)
        else:
            service.health.ready("database", ok=True)
            return taken


def passes_by_waiting(error: BaseException) -> bool:
    """Whether trying the transaction again may help: no connection, a lock, a rival's insert."""
    if isinstance(error, OperationalError | InterfaceError | IntegrityError | PoolTimeoutError | OSError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


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
