"""What Alembic runs: the migrations on the connection that `vigie_common.database` opened."""

from __future__ import annotations

from alembic import context

from vigie_statistics.history.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
