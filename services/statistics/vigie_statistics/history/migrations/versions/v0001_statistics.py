"""Series, figures, calendars and notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    counter = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "statistics_series",
        sa.Column("id", counter, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("camera_id", sa.String(200), nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("place_kind", sa.String(8), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("object_class", sa.String(200), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("direction_label", sa.Text, nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("first_start", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "statistics_figures",
        sa.Column("series_id", sa.BigInteger, nullable=False),
        sa.Column("window", sa.SmallInteger, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("corrected", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("coverage", sa.Double, nullable=False),
        sa.Column("rate_fps", sa.Double),
        sa.Column("samples", sa.BigInteger, nullable=False),
        sa.Column("quantiles", sa.Text),
        sa.Column("sketch", sa.LargeBinary),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "window", "start"),
    )
    op.create_table(
        "statistics_calendars",
        sa.Column("camera_id", sa.String(200), primary_key=True),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("holidays", sa.Text, nullable=False),
        sa.Column("effective_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "statistics_notices",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("camera_id", sa.String(200), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("statistics_series_by_camera", "statistics_series", ["camera_id", "measure"])
    op.create_index("statistics_series_by_place", "statistics_series", ["place", "measure"])
    op.create_index("statistics_figures_by_time", "statistics_figures", ["window", "start"])
    op.create_index("statistics_notices_by_time", "statistics_notices", ["start"])
