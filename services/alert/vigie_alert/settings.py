"""What the alert service reads from its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from vigie_common.settings import Settings


class AlertSettings(Settings):
    """Settings of the alert service, which reads what the rule engine writes: few records, for people.

    In a city a fetch costs more than the events that it brings, so it waits for longer than where frames pass.
    """

    kafka_fetch_max_wait_ms: int = Field(
        200, ge=1, le=5000, description="a fetch waits this long at most for VIGIE_KAFKA_FETCH_MIN_BYTES, ms"
    )
    alert_database_url: SecretStr = Field(
        SecretStr("sqlite:///.vigie/alerts.db"),
        description="sqlite:///path/to/alerts.db, or postgresql://user:password@host:5432/name",
    )
    alert_evidence_dir: Path = Field(Path(".vigie/evidence"), description="folder of the evidence images")
    alert_evidence_days: int = Field(30, ge=1, le=3650, description="whole days that an evidence image is kept")
    alert_keep_days: int = Field(
        365, ge=8, le=3650, description="days that an ended alert stays in the database; longer than rule events do"
    )
    alert_evidence_wait_ms: int = Field(
        500, ge=0, le=2000, description="an alert waits this long for its image, which otherwise follows, ms"
    )
