"""What Alembic runs: the migrations on the connection that `vigie_alert.database.migrate` opened."""

from __future__ import annotations

from alembic import context

from vigie_alert.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
