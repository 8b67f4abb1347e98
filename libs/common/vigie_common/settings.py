"""The one settings system: `VIGIE_*` environment variables, read by one class a service."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from vigie_common.errors import ConfigurationError
from vigie_common.known_settings import PREFIX

AnySettings = TypeVar("AnySettings", bound="Settings")


class Settings(BaseSettings):
    """What every service needs to know; a service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    kafka_bootstrap: str = Field(
        "127.0.0.1:9092", min_length=1, description="Kafka brokers, host:port, comma separated"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to Kafka"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="used when the protocol is SASL_*"
    )
    kafka_sasl_username: str | None = Field(None, description="user for SASL")
    kafka_sasl_password: SecretStr | None = Field(None, description="password for SASL")
    kafka_ssl_cafile: Path | None = Field(None, description="PEM file of the authority that signed the brokers")
    kafka_ssl_certfile: Path | None = Field(None, description="PEM file of this client's certificate, for mutual TLS")
    kafka_ssl_keyfile: Path | None = Field(None, description="PEM file of this client's key, for mutual TLS")
    kafka_linger_ms: int = Field(20, ge=0, le=1000, description="how long the producer gathers a batch, ms")
    kafka_fetch_min_bytes: int = Field(262144, ge=1, description="a fetch waits for this many bytes …")
    kafka_fetch_max_wait_ms: int = Field(60, ge=1, le=5000, description="… but not longer than this, ms")
    kafka_session_timeout_ms: int = Field(10000, ge=1000, description="a silent member is given up after this, ms")

    topic_prefix: str = Field("vigie.", pattern=r"^[a-zA-Z0-9._-]*$", description="put before every topic and group")
    topic_partitions: int = Field(48, ge=1, le=1000, description="at most this many partitions a topic")
    topic_replication: int = Field(1, ge=1, le=10, description="replicas of each topic")
    schema_registry_url: str | None = Field(
        None, description="Confluent-compatible registry; none: the ids pinned in schemas/topics.yaml"
    )

    http_host: str = Field("127.0.0.1", description="address of /live, /ready and /metrics")
    http_port: int = Field(0, ge=0, le=65535, description="port of the same; 0: any free one, written to the log")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: readable on a terminal, else JSON"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")
    instance_id: str | None = Field(
        None,
        pattern=r"^[a-zA-Z0-9._-]+$",
        description="stable name of this instance (pod name): static group membership",
    )

    @model_validator(mode="after")
    def _sasl_needs_credentials(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            msg = (
                f"{PREFIX}KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}: "
                f"set {PREFIX}KAFKA_SASL_USERNAME and {PREFIX}KAFKA_SASL_PASSWORD too"
            )
            raise ValueError(msg)
        return self


def read_settings(settings: type[AnySettings]) -> AnySettings:
    """The settings from the environment.

    Raises:
        ConfigurationError: names every wrong variable, its value and what is allowed.
    """
    try:
        return settings()
    except ValidationError as invalid:
        problems = []
        for error in invalid.errors(include_url=False):
            name = PREFIX + "_".join(str(part) for part in error["loc"]).upper() if error["loc"] else ""
            secret = "PASSWORD" in name or "SECRET" in name
            given = "" if not name or secret else f" = {error['input']!r}"
            said = error["msg"].removeprefix("Value error, ")
            problems.append(f"{name}{given}: {said}" if name else said)
        raise ConfigurationError("wrong settings:\n  " + "\n  ".join(problems)) from None
