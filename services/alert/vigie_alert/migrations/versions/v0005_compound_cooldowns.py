"""When compounds last opened an alert in their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the column of when members were told; those from before cool nothing down."""
    op.create_table(
        "compound_cooldowns",
        sa.Column("compound", sa.String(64), primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("held", sa.Text),
    )
    op.add_column("compound_members", sa.Column("told_at", sa.BigInteger, nullable=False, server_default="0"))
