"""What Alembic runs: the migrations on the connection that `vigie_alert.database` opened."""

from __future__ import annotations

from alembic import context

from vigie_alert.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
