"""What the inference service measures."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

FRAMES: Final = Counter("vigie_inference_frames_total", "Frames dealt with, by the status of their record", ["status"])
PARTIAL: Final = Counter("vigie_inference_partial_frames_total", "Frames that some of their models did not see", [])
SHED: Final = Counter("vigie_inference_shed_frames_total", "Frames shed, by why: too old, or their fair share", ["why"])
BOXES: Final = Counter("vigie_inference_detections_total", "Boxes found", ["model"])
DROPPED: Final = Counter("vigie_inference_dropped_boxes_total", "Boxes that cannot be used, by why", ["model", "why"])
SECONDS: Final = Histogram(
    "vigie_inference_triton_seconds",
    "From sending an image to its boxes",
    ["model"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
REQUESTS: Final = Counter(
    "vigie_inference_requests_total", "Requests to Triton, by what came of them", ["model", "outcome"]
)
FAILURES: Final = Counter("vigie_inference_failures_total", "Frames that a model was given up for", ["model", "error"])
RETRIES: Final = Counter("vigie_inference_retries_total", "Requests to be made again", ["model", "error"])
IN_FLIGHT: Final = Gauge("vigie_inference_in_flight_images", "Images that are at Triton", ["model"])
LIMIT: Final = Gauge("vigie_inference_in_flight_limit_images", "Most images that may be at Triton now", ["model"])
QUEUED: Final = Gauge("vigie_inference_queued_images", "Images that wait for their turn", ["model"])
SERVED: Final = Gauge(
    "vigie_inference_model_served", "1 when Triton serves the model, 0 when a frame missed it", ["model"]
)
