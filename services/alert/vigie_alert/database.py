"""The alert database: what it is called, which variable names it, where its migrations are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vigie_common.database import Database

DATABASE: Final = Database(
    title="the alert database",
    variable="VIGIE_ALERT_DATABASE_URL",
    file="alerts.db",
    migrations=Path(__file__).parent / "migrations",
    version_table="alembic_version",
)
