"""The tables of the alert database, for SQLite and PostgreSQL alike; `migrations/` makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

metadata: Final = MetaData()

_COUNTER: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is exactly INTEGER."""

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("site", String(200), nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column(
        "open_key",
        String(64),
        unique=True,
        comment="digest of the subject key while open: one open alert a key",
    ),
    Column("last_ordinal", Integer, nullable=False),
    Column("seen_at", BigInteger, nullable=False, comment="event time of the last rule event, ms"),
    Column("missed", Integer, nullable=False, comment="affirmations in a row that did not list it"),
    Column("started_at", BigInteger, nullable=False),
    Column("subject_key", Text, nullable=False),
    Column("record", Text, nullable=False, comment="JSON of the newest revision, without its publication time"),
    Index("alerts_by_camera", "camera_id", "state"),
)
"""Where each alert stands."""

alert_revisions: Final = Table(
    "alert_revisions",
    metadata,
    Column("alert_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("produced_at", BigInteger, nullable=False),
    Column("value", LargeBinary, nullable=False, comment="the record, byte for byte as it is published"),
    Column("headers", Text, nullable=False, comment="JSON: [[name, value], ...]"),
    PrimaryKeyConstraint("alert_id", "revision"),
)
"""Every revision, encoded once: a publication that is repeated repeats the same bytes."""

outbox: Final = Table(
    "outbox",
    metadata,
    Column("sequence", _COUNTER, primary_key=True, autoincrement=True),
    Column("shard", Integer, nullable=False),
    Column("alert_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Index("outbox_by_shard", "shard", "sequence"),
    sqlite_autoincrement=True,
)
"""Revisions that the broker has not acknowledged yet."""

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("alert_id", String(36), nullable=False),
    Column("decided_at", BigInteger, nullable=False),
)
"""Decisions already applied."""

affirmations: Final = Table(
    "affirmations",
    metadata,
    Column("site", String(200), nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("session", Text, nullable=False, server_default="", comment="of the camera, that affirmed it"),
    PrimaryKeyConstraint("site", "camera_id"),
)
"""The last minute of each camera that was affirmed."""

compound_members: Final = Table(
    "compound_members",
    metadata,
    Column("compound", String(64), nullable=False, comment="digest of the compound's key"),
    Column("episode_id", String(36), nullable=False),
    Column("compound_key", Text, nullable=False),
    Column("site", String(200), nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("started_at", BigInteger, nullable=False, comment="event time, ms"),
    Column("ended_at", BigInteger, comment="event time, ms; none while the episode goes on"),
    Column("missed", Integer, nullable=False, comment="affirmations in a row that did not list it"),
    Column("spent", Boolean, nullable=False, comment="its compound's alert has ended"),
    Column("authorised_until", BigInteger, comment="event time, ms; none where no authorisation is needed"),
    Column("changed", Boolean, nullable=False, server_default=false(), comment="ended as its compound was changed"),
    Column("told_at", BigInteger, nullable=False, server_default="0", comment="event time of its OPEN, ms"),
    Column("within_ms", BigInteger, nullable=False, server_default="0", comment="how long after its end it is there"),
    Column("coming", Text, comment="JSON of its OPEN and stamp, while it is of an alert that is open or held back"),
    PrimaryKeyConstraint("compound", "episode_id"),
    Index("compound_members_by_episode", "episode_id"),
    Index("compound_members_by_camera", "camera_id", "ended_at"),
)
"""The episodes that compounds are made of, whether or not they alert by themselves."""

compound_cooldowns: Final = Table(
    "compound_cooldowns",
    metadata,
    Column("compound", String(64), primary_key=True, comment="digest of the compound's place"),
    Column("place", Text, nullable=False, comment="its key without its version"),
    Column("opened_at", BigInteger, nullable=False, comment="event time of its last alert, ms"),
    Column("held", Text, comment="JSON of what began meanwhile and goes on; none: nothing"),
)
"""When compounds last opened an alert in their place; how long they cool down from then, each stamp says."""

evidence: Final = Table(
    "evidence",
    metadata,
    Column("alert_id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False, comment="pending, image, expired or unreadable"),
    Column("uri", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="pending: wall clock of the next attempt, ms"),
    Column("give_up_at", BigInteger, nullable=False, comment="pending: when the frame must be gone for sure, ms"),
    Column("request", Text, nullable=False, comment="pending: JSON of the rule event to draw; else empty"),
    Index("evidence_by_kind", "kind", "due_at"),
)
"""The image of each alert, or that it is still to be fetched."""
