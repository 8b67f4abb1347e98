"""The statistics database: what it is called, which variable names it, where its migrations are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vigie_common.database import Database

DATABASE: Final = Database(
    title="the statistics database",
    variable="VIGIE_STATISTICS_DATABASE_URL",
    file="statistics.db",
    migrations=Path(__file__).parent / "migrations",
    version_table="statistics_version",
)
