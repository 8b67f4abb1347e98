"""Kafka clients with the settings that Vigie's guarantees need; the library's own defaults are others."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from vigie_common.errors import ConfigurationError, DependencyError, VigieError

if TYPE_CHECKING:
    from vigie_common.settings import Settings

MAX_MESSAGE_BYTES: Final = 9 << 20
"""Above the largest `max_message` that topics.yaml declares."""
_ASK_AGAIN_MS: Final = 5000


def consumer(settings: Settings, *topics: str, group: str | None = None, **overrides: Any) -> AIOKafkaConsumer:
    """A consumer that never commits by itself and begins at the earliest record.

    Args:
        settings: of the service.
        topics: names on the broker; none for one that is assigned by hand.
        group: consumer group, joined as a static member when the instance has an id.
        overrides: any other option of the client.
    """
    options: dict[str, Any] = {
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "fetch_min_bytes": settings.kafka_fetch_min_bytes,
        "fetch_max_wait_ms": settings.kafka_fetch_max_wait_ms,
        "max_partition_fetch_bytes": MAX_MESSAGE_BYTES,
        "retry_backoff_ms": 100,
    }
    if group is not None:
        options |= {
            "group_id": group,
            "group_instance_id": settings.instance_id,
            "session_timeout_ms": settings.kafka_session_timeout_ms,
            "heartbeat_interval_ms": max(settings.kafka_session_timeout_ms // 10, 100),
            "partition_assignment_strategy": (StickyPartitionAssignor,),
        }
    return AIOKafkaConsumer(*topics, **(_connection(settings) | options | overrides))


def producer(settings: Settings, **overrides: Any) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas: an acknowledged record is in the log, once, in order."""
    options: dict[str, Any] = {
        "acks": "all",
        "enable_idempotence": True,
        "linger_ms": settings.kafka_linger_ms,
        "max_batch_size": 128 << 10,
        "max_request_size": MAX_MESSAGE_BYTES,
        "compression_type": "lz4",
        "request_timeout_ms": 20_000,
    }
    return AIOKafkaProducer(**(_connection(settings) | options | overrides))


def admin(settings: Settings) -> AIOKafkaAdminClient:
    """A client for topics and their settings."""
    return AIOKafkaAdminClient(**_connection(settings))


async def unreachable(settings: Settings, error: BaseException) -> VigieError:
    """What to tell when Kafka does not answer: a ConfigurationError if it does answer, and refuses.

    aiokafka keeps the reason to its log, so each broker is asked once more here.
    """
    options = _connection(settings)
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, request_timeout_ms=_ASK_AGAIN_MS, **options)
        except (KafkaError, OSError, TimeoutError) as again:
            error = again
        else:
            connection.close()
            continue
        refusal = _refusal(settings, f"{host}:{port}", error)
        if refusal is not None:
            return refusal
    why = str(error) or type(error).__name__
    return DependencyError(
        f"Kafka at {settings.kafka_bootstrap} does not answer ({why}): start it, or check VIGIE_KAFKA_BOOTSTRAP, "
        "VIGIE_KAFKA_SECURITY_PROTOCOL and the credentials"
    )


def _refusal(settings: Settings, server: str, error: BaseException) -> ConfigurationError | None:
    """What no waiting mends."""
    if isinstance(error, SaslAuthenticationFailed | AuthenticationFailedError):
        return ConfigurationError(
            f"Kafka at {server} refuses the user {settings.kafka_sasl_username!r} or the password: check "
            "VIGIE_KAFKA_SASL_USERNAME and VIGIE_KAFKA_SASL_PASSWORD"
        )
    if isinstance(error, UnsupportedSaslMechanismError):
        return ConfigurationError(
            f"Kafka at {server} does not know {settings.kafka_sasl_mechanism}: set VIGIE_KAFKA_SASL_MECHANISM to one "
            "that it does"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigurationError(
            f"the certificate of Kafka at {server} is not trusted ({error.verify_message}): set VIGIE_KAFKA_SSL_CAFILE "
            "to the PEM file of the authority that signed it, and name the brokers as it does"
        )
    return None


def _connection(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
        "client_id": f"{settings.topic_prefix}{settings.instance_id or 'client'}",
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value()
            if settings.kafka_sasl_password
            else None,
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = tls_context(settings)
    return options


def tls_context(settings: Settings) -> ssl.SSLContext:
    """The TLS settings of a connection.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
        if settings.kafka_ssl_certfile:
            context.load_cert_chain(settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile)
    except (OSError, ssl.SSLError) as broken:
        raise ConfigurationError(
            f"TLS files for Kafka cannot be read ({broken}): check VIGIE_KAFKA_SSL_CAFILE, "
            "VIGIE_KAFKA_SSL_CERTFILE and VIGIE_KAFKA_SSL_KEYFILE"
        ) from broken
    return context
