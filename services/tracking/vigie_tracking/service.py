"""The I/O shell of tracking: detections from Kafka through the core to tracks, checkpointed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vigie_common.stream import run_stateful
from vigie_tracking.core import TrackingCore
from vigie_tracking.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.process import Service
    from vigie_tracking.settings import TrackingSettings


async def serve(settings: TrackingSettings, service: Service) -> None:
    """Track until the service is stopped."""
    parameters = settings.parameters()
    metrics = TrackingMetrics()

    def core(partition: int) -> TrackingCore:
        new = TrackingCore(partition, parameters, metrics.tally)
        metrics.cores.add(new)
        return new

    REGISTRY.register(metrics)
    try:
        await run_stateful(
            settings,
            service,
            topic="detections",
            state_topic="tracking-state",
            core=core,
            outputs=("tracks", "dead-letters"),
            compression=None,
        )
    finally:
        REGISTRY.unregister(metrics)


class TrackingMetrics(Collector):
    """The tally and the live tracks, read when somebody asks for `/metrics`."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.cores: WeakSet[TrackingCore] = WeakSet()
        """Those of the partitions that are owned."""

    def collect(self) -> Iterator[Metric]:
        """The metrics as Prometheus takes them."""
        tally = self.tally
        frames = CounterMetricFamily("vigie_tracking_frames_total", "Detections records taken in", labels=["outcome"])
        frames.add_metric(["looked"], tally.looked)
        frames.add_metric(["blind"], tally.blind)
        frames.add_metric(["dropped"], tally.dropped)
        yield frames
        ends = CounterMetricFamily("vigie_tracking_ends_total", "Tracks ended", labels=["reason"])
        for reason, count in tally.ends.items():
            ends.add_metric([reason], count)
        yield ends
        yield CounterMetricFamily("vigie_tracking_births_total", "Tracks begun", tally.births)
        yield CounterMetricFamily(
            "vigie_tracking_ignored_boxes_total", "Boxes that are none, or too many", tally.ignored_boxes
        )
        live = sum(core.live_tracks for core in self.cores)
        yield GaugeMetricFamily("vigie_tracking_live_tracks", "Tracks that have not ended", live)
