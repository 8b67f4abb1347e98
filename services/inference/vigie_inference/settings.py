"""The settings of the inference service."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from vigie_common.settings import Settings
from vigie_common.units import parse_duration


def _seconds(value: object) -> object:
    """Seconds of `20s`; 0 needs no unit."""
    if value == "0":
        return 0.0
    return parse_duration(value).value if isinstance(value, str) else value


Duration = Annotated[float, BeforeValidator(_seconds)]
"""A duration as people write it (20s, 500ms); seconds."""


class InferenceSettings(Settings):
    """What the inference service needs to know."""

    triton_url: str = Field(
        "127.0.0.1:8001", pattern=r"^[^/\s]+:\d{1,5}$", description="gRPC address of Triton, host:port"
    )
    inference_max_age: Duration = Field(
        20.0,
        ge=0,
        le=600,
        description="a frame appended longer ago is shed; 0: never. Longer than any one restart (a silent Kafka "
        "member costs 10 s, Triton 5), so that a restart blinds nobody; shorter than an alert may be late",
    )
    inference_timeout: Duration = Field(10.0, ge=0.1, le=120, description="Triton must answer one image within this")
    inference_in_flight_least: int = Field(
        1, ge=1, le=512, description="images at Triton at once, a model, however slow it is"
    )
    inference_in_flight_most: int = Field(
        64,
        ge=1,
        le=512,
        description="images at Triton at once, a model, however fast it is; between the two the service finds what "
        "keeps Triton busy without a long queue",
    )
    inference_canary_every: Duration = Field(
        5.0, ge=0.5, le=10, description="how often a small image proves that every served model answers"
    )

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.inference_in_flight_least > self.inference_in_flight_most:
            raise ValueError(
                f"VIGIE_INFERENCE_IN_FLIGHT_LEAST is {self.inference_in_flight_least}, above "
                f"VIGIE_INFERENCE_IN_FLIGHT_MOST ({self.inference_in_flight_most}): lower the one or raise the other"
            )
        return self
