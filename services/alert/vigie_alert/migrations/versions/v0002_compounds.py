"""The episodes that compounds are made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of members."""
    op.create_table(
        "compound_members",
        sa.Column("compound", sa.String(64), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("compound_key", sa.Text, nullable=False),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("camera_id", sa.String(200), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("spent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("compound", "episode_id"),
    )
    op.create_index("compound_members_by_episode", "compound_members", ["episode_id"])
    op.create_index("compound_members_by_camera", "compound_members", ["camera_id", "ended_at"])
