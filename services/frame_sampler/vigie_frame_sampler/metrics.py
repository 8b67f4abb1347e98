"""What the frame sampler counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

CAMERAS: Final = Gauge("vigie_frame_sampler_cameras_owned", "Cameras that this sampler captures")
PROCESSES: Final = Gauge("vigie_frame_sampler_capture_processes", "Capture processes that run")
FRAMES: Final = Counter("vigie_frame_sampler_frames_total", "Frame records published", ["status"])
SHED: Final = Counter("vigie_frame_sampler_shed_total", "Images given up because Kafka was slow")
RESTARTS: Final = Counter("vigie_frame_sampler_capture_restarts_total", "Capture processes replaced", ["why"])
HEALTH: Final = Counter("vigie_frame_sampler_health_changes_total", "Changes of a camera's state", ["state"])
TROUBLES: Final = Counter(
    "vigie_frame_sampler_source_troubles_total", "What sources suffered and survived", ["trouble"]
)
ENCODE: Final = Histogram(
    "vigie_frame_sampler_encode_seconds",
    "Scaling, masking, measuring and encoding one image",
    buckets=(0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128),
)
