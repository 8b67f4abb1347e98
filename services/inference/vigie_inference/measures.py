"""What the inference service measures."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

FRAMES: Final = Counter("vigie_inference_frames_total", "Frames dealt with, by the status of their record", ["status"])
BOXES: Final = Counter("vigie_inference_detections_total", "Boxes found", ["model"])
SECONDS: Final = Histogram(
    "vigie_inference_triton_seconds",
    "From sending an image to its boxes",
    ["model"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
IN_FLIGHT: Final = Gauge("vigie_inference_in_flight_images", "Images that are at Triton", ["model"])
RETRIES: Final = Counter("vigie_inference_retries_total", "Requests to be made again", ["model", "error"])
