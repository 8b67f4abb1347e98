"""The Faust application: consumer group, assignment and recovery of the rows. What it needed: decisions/0006.

Faust reads and recovers; the service sends through Vigie's own idempotent producer and says itself where reading
goes on: at the offsets in the recovered rows, not at those of the consumer group.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import faust
from faust.transport.drivers.aiokafka import Consumer, Transport
from yarl import URL

from vigie_common.kafka import tls_context
from vigie_common.topics import TopicNames, load_topics, partition_count
from vigie_statistics.rows import INPUTS, decode_partition, partition_key
from vigie_statistics.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP

    from vigie_common.codec import Codec
    from vigie_statistics.settings import StatisticsSettings

STATE_TOPIC = "statistics-state"


class Unremembered(dict[Any, int | None]):
    """Where Faust keeps the last offset that it read of a partition, and passes lower ones over: here, nothing.

    A record that was fetched before a seek may be noted after it, and would hide what the seek went back for. The
    rows know which offset is due, and take none twice.
    """

    def __missing__(self, _: Any) -> None:
        return None

    def __setitem__(self, _: Any, __: Any) -> None:
        """Note nothing."""

    def update(self, *_: Any, **__: Any) -> None:
        """Note nothing."""


class PositionedConsumer(Consumer):
    """Goes on reading where the recovered rows end: state and position come from one log and cannot disagree."""

    logger = logging.getLogger("faust.consumer")  # a library's words at a library's level

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = Unremembered()

    async def perform_seek(self) -> None:
        """Seek every input partition to the first record that its rows have not taken in; without rows, to its first.

        Faust's own would seek to what the group has committed.
        """
        app: Any = self.app
        inputs = {tp for tp in self.assignment() if app.topic_names.logical(tp.topic) in INPUTS}
        app.earliest = await self.earliest_offsets(*inputs) if inputs else {}
        for tp in inputs:
            position = app.position(tp)
            position = app.earliest.get(tp, 0) if position is None else position
            await self.seek(tp, position)
            self._committed_offset[tp] = position

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Watch that the inputs move; the rows' own log, once it is read back, has no stream that could hang."""
        app: Any = self.app
        if app.topic_names.logical(tp.topic) in INPUTS:
            super().verify_event_path(now, tp)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit, for whoever watches the group's lag, no more than the rows have: to Faust a failed batch is done."""
        app: Any = self.app
        rows = {tp: position for tp in offsets if (position := app.position(tp)) is not None}
        known = {tp: min(offsets[tp], position) for tp, position in rows.items()}
        return await super()._commit(known) if known else True


class PositionedTransport(Transport):
    """Kafka with that consumer."""

    Consumer = PositionedConsumer


class StatisticsApp(faust.App):
    """Faust with the rows' table."""

    logger = logging.getLogger("faust.app")
    rows: RowTable
    topic_names: TopicNames
    earliest: Mapping[TP, int]
    """First record that is still there, by input partition, as it was at the last assignment."""

    def _new_transport(self) -> Any:
        return PositionedTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """None: the rows are in memory, and their log is Kafka."""

    def position(self, tp: TP) -> int | None:
        """Offset of the next record of an input partition, by the rows; none: they know of none."""
        logical = self.topic_names.logical(tp.topic)
        stored = self.rows.row(partition_key(tp.partition)) if logical in INPUTS else None
        if stored is None:
            return None
        position = decode_partition(stored).next[INPUTS.index(logical)]
        return position if position >= 0 else None

    @property
    def recovered(self) -> bool:
        """Whether the rows are read back."""
        manager: Any = self.tables
        return bool(manager.recovery.completed.is_set())

    def owns(self, tp: TP) -> bool:
        """Whether this worker may take records of a partition in now."""
        settled = not self.rebalancing and not self.in_recovery and self.recovered
        return settled and tp in self.consumer.assignment()


def make_app(settings: StatisticsSettings, codec: Codec) -> StatisticsApp:
    """The application, not started."""
    names = TopicNames(settings.topic_prefix)
    instance = settings.instance_id or "statistics"
    app = StatisticsApp(
        f"{settings.topic_prefix}statistics",
        broker=[URL(f"kafka://{server.strip()}") for server in settings.kafka_bootstrap.split(",")],
        broker_credentials=_credentials(settings),
        broker_client_id=f"{settings.topic_prefix}{instance}",
        broker_session_timeout=settings.kafka_session_timeout_ms / 1000,
        broker_heartbeat_interval=max(settings.kafka_session_timeout_ms // 10, 100) / 1000,
        consumer_group_instance_id=settings.instance_id,
        consumer_auto_offset_reset="earliest",
        store="memory://",
        canonical_url=URL(f"http://{instance}"),
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=partition_count(load_topics()[STATE_TOPIC], settings),
        web_enabled=False,
        stream_buffer_maxsize=4096,
        stream_recovery_delay=0.0,
        value_serializer="raw",
        key_serializer="raw",
    )
    app.topic_names = names
    app.rows = RowTable(
        app,
        name="rows",
        key_type=bytes,
        value_type=bytes,
        partitions=app.conf.topic_partitions,
        changelog_topic=app.topic(
            names.full(STATE_TOPIC),
            key_serializer="raw",
            value_serializer="raw",
            partitions=app.conf.topic_partitions,
            internal=True,
            allow_empty=True,
            maxsize=131_072,
        ),
    )
    app.rows.codec = codec
    app.tables.add(app.rows)
    return app


def _credentials(settings: StatisticsSettings) -> Any:
    protocol = settings.kafka_security_protocol
    context = tls_context(settings) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL") and settings.kafka_sasl_password is not None:
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None
