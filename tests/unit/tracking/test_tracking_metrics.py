"""Operators read what tracking did."""

from prometheus_client import CollectorRegistry, generate_latest

from vigie_tracking.core import TrackingCore
from vigie_tracking.service import TrackingMetrics


def test_metrics_count_frames_births_ends_and_live_tracks(detections, tracked, next_session):
    metrics = TrackingMetrics()
    core = TrackingCore(0, tally=metrics.tally)
    metrics.cores.add(core)
    tracked(
        [
            detections(0, 0, [(0, 0, 40, 90), (500, 0, 540, 90), (9, 9, 9, 9)]),
            detections(0, 0, []),
            detections(1, 200, status="dark"),
            detections(0, 300, [(0, 0, 40, 90)], session=next_session(1)),
        ],
        core,
    )
    registry = CollectorRegistry()
    registry.register(metrics)
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    assert lines == [
        'vigie_tracking_frames_total{outcome="looked"} 2.0',
        'vigie_tracking_frames_total{outcome="blind"} 1.0',
        'vigie_tracking_frames_total{outcome="dropped"} 1.0',
        'vigie_tracking_ends_total{reason="lost"} 0.0',
        'vigie_tracking_ends_total{reason="left"} 0.0',
        'vigie_tracking_ends_total{reason="session"} 2.0',
        'vigie_tracking_ends_total{reason="duplicate"} 0.0',
        "vigie_tracking_births_total 3.0",
        "vigie_tracking_ignored_boxes_total 1.0",
        "vigie_tracking_live_tracks 1.0",
    ]


def test_the_cores_of_partitions_given_up_are_not_counted(detections, tracked):
    metrics = TrackingMetrics()
    metrics.cores.add(TrackingCore(0))
    assert len(metrics.cores) == 0
