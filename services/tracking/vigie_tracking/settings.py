"""Settings of tracking: `VIGIE_TRACKING_*`, one for each threshold of `parameters.Parameters`."""

from __future__ import annotations

from dataclasses import fields
from typing import Final, Self

from pydantic import Field, model_validator

from vigie_common.settings import Settings
from vigie_tracking.parameters import Parameters

_DEFAULT: Final = Parameters()


class TrackingSettings(Settings):
    """Thresholds; every worker of a deployment must have the same ones."""

    tracking_high_score: float = Field(
        _DEFAULT.high_score, ge=0, le=1, description="boxes matched first, from this score"
    )
    tracking_low_score: float = Field(
        _DEFAULT.low_score, ge=0, le=1, description="boxes that may continue a track, from this score"
    )
    tracking_birth_score: float = Field(
        _DEFAULT.birth_score, ge=0, le=1, description="an unmatched box begins a track, from this score"
    )
    tracking_first_iou: float = Field(_DEFAULT.first_iou, gt=0, lt=1, description="least overlap, first stage")
    tracking_second_iou: float = Field(
        _DEFAULT.second_iou, gt=0, lt=1, description="least overlap of grown boxes, second stage"
    )
    tracking_buffer: float = Field(
        _DEFAULT.buffer, ge=0, le=2, description="margin in the second stage, in sizes of the box"
    )
    tracking_gate: float = Field(
        _DEFAULT.gate, gt=0, le=100, description="in these two stages a box is within this many standard deviations …"
    )
    tracking_gate_way: float = Field(
        _DEFAULT.gate_way, ge=0, le=10, description="… plus this share of the way that was made unseen"
    )
    tracking_newborn_speed: float = Field(
        _DEFAULT.newborn_speed, ge=0, le=20, description="reach of an object seen once, mean sizes a second …"
    )
    tracking_newborn_slack: float = Field(_DEFAULT.newborn_slack, ge=0, le=5, description="… plus this many sizes")
    tracking_newborn_area_ratio: float = Field(
        _DEFAULT.newborn_area_ratio,
        ge=1,
        le=20,
        description="… if its second box has an area like the first's, within this",
    )
    tracking_reach: float = Field(
        _DEFAULT.reach, ge=0, le=20, description="reach of a known object, standard deviations of its prediction"
    )
    tracking_duplicate_iou: float = Field(
        _DEFAULT.duplicate_iou, gt=0, le=1, description="a box that overlaps a tracked one more begins no track"
    )
    tracking_double_iou: float = Field(
        _DEFAULT.double_iou, gt=0, le=1, description="boxes of two classes of a group that overlap more are one …"
    )
    tracking_own_iou: float = Field(
        _DEFAULT.own_iou, gt=0, le=1, description="… unless each overlaps the prediction of its own track this much"
    )
    tracking_part_share: float = Field(
        _DEFAULT.part_share, gt=0, le=1, description="a box within a tracked one by this share begins no track …"
    )
    tracking_part_width: float = Field(
        _DEFAULT.part_width, gt=0, le=1, description="… if it is at least this share as wide"
    )
    tracking_merge_ms: float = Field(
        _DEFAULT.merge_ms, ge=0, le=600_000, description="a track that doubles an older one for longer ends, ms watched"
    )
    tracking_acceleration: float = Field(
        _DEFAULT.acceleration,
        gt=0,
        le=20,
        description="unforeseen change of speed within a second, largest sides a second",
    )
    tracking_jitter: float = Field(_DEFAULT.jitter, gt=0, le=1, description="noise of a box, in its largest side")
    tracking_initial_speed: float = Field(
        _DEFAULT.initial_speed, gt=0, le=20, description="unknown speed of an object seen once, largest sides a second"
    )
    tracking_still_speed: float = Field(
        _DEFAULT.still_speed,
        ge=0,
        le=5,
        description="slower stands still through long blindness, largest sides a second",
    )
    tracking_smallest: float = Field(_DEFAULT.smallest, gt=0, le=100, description="least predicted side, pixels")
    tracking_vote_memory_s: float = Field(
        _DEFAULT.vote_memory_s, gt=0, le=3600, description="a vote for a class counts half after this, seconds"
    )
    tracking_vote_margin: float = Field(
        _DEFAULT.vote_margin, ge=1, le=100, description="a class changes for one with this many times its votes"
    )
    tracking_look_ms: float = Field(
        _DEFAULT.look_ms, ge=1, le=60_000, description="watched time that one look is worth at most, ms"
    )
    tracking_forget_ms: float = Field(
        _DEFAULT.forget_ms, ge=0, le=600_000, description="a track unseen for longer, watched time, is lost, ms"
    )
    tracking_coast_ms: float = Field(
        _DEFAULT.coast_ms, ge=0, le=60_000, description="longest blindness through which movement is predicted, ms"
    )
    tracking_blind_ms: float = Field(
        _DEFAULT.blind_ms, ge=1000, le=86_400_000, description="every track ends after this long without a look, ms"
    )

    @model_validator(mode="after")
    def _scores_in_order(self) -> Self:
        if self.tracking_low_score > self.tracking_high_score:
            raise ValueError(
                f"VIGIE_TRACKING_LOW_SCORE is {self.tracking_low_score}, above VIGIE_TRACKING_HIGH_SCORE "
                f"({self.tracking_high_score}): lower the one or raise the other"
            )
        return self

    def parameters(self) -> Parameters:
        """The thresholds as the core takes them."""
        return Parameters(**{f.name: getattr(self, f"tracking_{f.name}") for f in fields(Parameters)})
