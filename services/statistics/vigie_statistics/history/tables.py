"""The tables of the statistics database, for SQLite and PostgreSQL alike; `migrations/` makes them.

A city has tens of thousands of series and, of hours alone, hundreds of millions of figures a few years on: what a
series is stands once, a figure is numbers.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata: Final = MetaData()

_COUNTER: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is exactly INTEGER."""

WINDOW_CODES: Final = {"m1": 1, "m15": 15, "h1": 60, "d1": 1440}
"""How a window is written in the figures: its usual minutes."""

series: Final = Table(
    "statistics_series",
    metadata,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True, comment="of the key: names are as long as they are"),
    Column("key", Text, nullable=False, comment="the series of the topic without its window"),
    Column("site", String(200), nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column("measure", String(32), nullable=False),
    Column("place_kind", String(8), nullable=False),
    Column("place", String(200), nullable=False),
    Column("object_class", String(200), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("direction_label", Text, nullable=False),
    Column("rule", String(200), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("first_start", BigInteger, nullable=False, comment="event time of its first figure, ms"),
    Index("statistics_series_by_camera", "camera_id", "measure"),
    Index("statistics_series_by_place", "place", "measure"),
)
"""What is measured where."""

figures: Final = Table(
    "statistics_figures",
    metadata,
    Column("series_id", BigInteger, nullable=False),
    Column("window", SmallInteger, nullable=False, comment="usual minutes: 1, 15, 60, 1440"),
    Column("start", BigInteger, nullable=False, comment="event time, ms"),
    Column("end", BigInteger, nullable=False, comment="event time, ms"),
    Column("value", Double, nullable=False),
    Column("corrected", Double),
    Column("low", Double),
    Column("high", Double),
    Column("coverage", Double, nullable=False, comment="0..1"),
    Column("rate_fps", Double),
    Column("samples", BigInteger, nullable=False),
    Column("quantiles", Text, comment="JSON, for dwell"),
    Column("sketch", LargeBinary, comment="for dwell"),
    Column("final", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("late", Integer, nullable=False),
    Column("updated_at", BigInteger, nullable=False, comment="event time, ms"),
    PrimaryKeyConstraint("series_id", "window", "start"),
    Index("statistics_figures_by_time", "window", "start"),
)
"""The newest revision of each figure. The key serves a series over time, the index all series of a time."""

calendars: Final = Table(
    "statistics_calendars",
    metadata,
    Column("camera_id", String(200), primary_key=True),
    Column("site", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("holidays", Text, nullable=False, comment="JSON: ISO dates"),
    Column("effective_at", BigInteger, nullable=False),
)
"""The local time and the holidays of each camera's site."""

notices: Final = Table(
    "statistics_notices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("site", String(200), nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column("start", BigInteger, nullable=False, comment="of the window that is unusual, ms"),
    Column("state", String(16), nullable=False),
    Column("record", Text, nullable=False, comment="JSON, as it was published"),
    Index("statistics_notices_by_time", "start"),
)
"""What was unusual."""
