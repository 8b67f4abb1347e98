"""What both stream loops count."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CONSUMED = Counter("vigie_records_consumed_total", "Records read", ["topic"])
PRODUCED = Counter("vigie_records_produced_total", "Records handed to Kafka", ["topic"])
DEAD_LETTERS = Counter("vigie_dead_letters_total", "Records that could not be processed", ["topic", "error"])
LAG = Gauge("vigie_consumer_lag_records", "Records of the owned partitions not yet processed", ["topic"])
AGE = Histogram(
    "vigie_record_age_seconds",
    "Wall clock less append time, the last record of each batch",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 600),
)
SECONDS = Counter("vigie_processing_seconds_total", "Time spent in batches: decoding, core, encoding")
