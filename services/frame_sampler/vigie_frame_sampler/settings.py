"""Settings of the frame sampler."""

from __future__ import annotations

from pydantic import Field

from vigie_common.settings import Settings


class FrameSamplerSettings(Settings):
    """What the frame sampler needs to know beyond what every service does."""

    captures_per_process: int = Field(
        32, ge=1, le=50, description="cameras of one capture process; beyond 50 threads they wait for each other"
    )
    capture_queue_images: int = Field(
        8, ge=1, le=1000, description="images of one camera that wait for Kafka before the oldest is given up"
    )
    capture_open_timeout_s: float = Field(5.0, gt=0, le=60, description="network sources: time-out of connecting, s")
    capture_read_timeout_s: float = Field(4.0, gt=0, le=60, description="network sources: time-out of reading, s")
    capture_ca_file: str | None = Field(
        None,
        description="network sources: certificates that https cameras are trusted by, PEM; else the public ones",
    )
    capture_loop_filter: bool = Field(
        default=True,
        description="RTSP: smooth the edges of blocks as the stream asks; false decodes a fifth to a third cheaper, "
        "with an error that grows up to the next key frame",
    )
    capture_hung_s: float = Field(
        10.0, ge=3, le=120, description="a capture process that is silent for so long is replaced, s"
    )
