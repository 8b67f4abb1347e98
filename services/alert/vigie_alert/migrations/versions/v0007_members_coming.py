"""How long a compound's member is there after its end, and how one came that is of an open alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; members from before are there until they end."""
    op.add_column("compound_members", sa.Column("within_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("compound_members", sa.Column("coming", sa.Text))
