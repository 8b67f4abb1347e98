"""Whether a compound's member ended because the compound was changed or is gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; members from before ended for other reasons."""
    op.add_column("compound_members", sa.Column("changed", sa.Boolean, nullable=False, server_default=sa.false()))
