"""Until when a compound's member is there under an authorisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; members from before count until they end, as they did."""
    op.add_column("compound_members", sa.Column("authorised_until", sa.BigInteger))
