"""What the history reads from its environment."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import Field, SecretStr, field_validator

from vigie_common.settings import Settings


class HistorySettings(Settings):
    """Settings of the history of figures."""

    statistics_database_url: SecretStr = Field(
        SecretStr("sqlite:///.vigie/statistics.db"),
        description="sqlite:///path/to/statistics.db, or postgresql://user:password@host:5432/name",
    )
    statistics_keep_minutes_days: int = Field(92, ge=1, le=36500, description="days that figures of a minute are kept")
    statistics_keep_quarters_days: int = Field(
        366, ge=1, le=36500, description="days that figures of 15 minutes are kept"
    )
    statistics_keep_hours_days: int = Field(
        1096, ge=1, le=36500, description="days that figures of an hour, and notices, are kept; days for ever"
    )
    statistics_api_host: str = Field(
        "127.0.0.1",
        description="address of the REST interface; only loopback, for it asks nobody who they are",
    )
    statistics_api_port: int = Field(
        0, ge=0, le=65535, description="port of the same; 0: any free one, written to the log"
    )

    @field_validator("statistics_api_host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        try:
            loopback = host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            msg = "is not loopback: the REST interface asks nobody who they are; write 127.0.0.1, ::1 or localhost"
            raise ValueError(msg)
        return host
