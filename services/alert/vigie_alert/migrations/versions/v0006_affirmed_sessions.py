"""Which session affirmed a camera's last minute: a newer one may affirm an earlier minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a minute from before is of a session older than any."""
    op.add_column("affirmations", sa.Column("session", sa.Text, nullable=False, server_default=""))
