"""The I/O shell of the rule engine: tracks from Kafka through the core to rule events and coverage, checkpointed."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vigie_common.stream import run_stateful
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.status import StatusBoard
from vigie_rule_engine.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vigie_common.process import Service
    from vigie_common.stream import Core, Output
    from vigie_rule_engine.settings import RuleEngineSettings

MINUTES_SPREAD_MS: Final = 10_000
"""The cameras of a city tell of a minute within so long after it."""


async def serve(settings: RuleEngineSettings, service: Service) -> None:
    """Judge until the service is stopped."""
    metrics = RuleMetrics()
    board = StatusBoard(settings.instance_id or socket.gethostname())

    def core(partition: int) -> RuleCore:
        new = RuleCore(partition, tally=metrics.tally, spread_ms=MINUTES_SPREAD_MS)
        metrics.cores.add(new)
        return new

    def observe(cores: Sequence[Core]) -> Iterable[Output]:
        return board.due((core for core in cores if isinstance(core, RuleCore)), time.monotonic())

    REGISTRY.register(metrics)
    try:
        await run_stateful(
            settings,
            service,
            topic="tracks",
            state_topic="rule-engine-state",
            core=core,
            outputs=("rule-events", "coverage", "rules-status", "dead-letters"),
            config_topics=("cameras", "rules"),
            observe=observe,
        )
    finally:
        REGISTRY.unregister(metrics)


class RuleMetrics(Collector):
    """The tally and what is open, read when somebody asks for `/metrics`."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.cores: WeakSet[RuleCore] = WeakSet()
        """Those of the partitions that are owned."""

    def collect(self) -> Iterator[Metric]:
        """The metrics as Prometheus takes them."""
        frames = CounterMetricFamily("vigie_rule_engine_records_total", "Tracks records taken in", labels=["outcome"])
        for outcome, count in sorted(self.tally.records.items()):
            frames.add_metric([outcome], count)
        yield frames
        events = CounterMetricFamily(
            "vigie_rule_engine_events_total", "Rule events found, replays included", labels=["kind"]
        )
        for kind, count in sorted(self.tally.events.items()):
            events.add_metric([kind], count)
        yield events
        cores = list(self.cores)
        tables = [table for core in cores for table in core.tables()]
        for name, doc, value in (
            ("cameras", "Cameras that are judged", len(tables)),
            ("open_episodes", "Episodes that are open", sum(core.open_episodes for core in cores)),
            ("state_bytes", "What the arrays of all cameras take", sum(core.state_bytes for core in cores)),
            (
                "largest_state_bytes",
                "What the arrays of the camera take that takes most",
                max((core.largest_state_bytes for core in cores), default=0),
            ),
            ("refused_rules", "Rules refused, counted once a camera", sum(len(table.errors) for table in tables)),
        ):
            yield GaugeMetricFamily(f"vigie_rule_engine_{name}", doc, value)
