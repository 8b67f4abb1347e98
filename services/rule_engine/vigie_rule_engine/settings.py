"""Settings of the rule engine: none of its own, judgement is configured by rules."""

from __future__ import annotations

from pydantic import Field

from vigie_common.settings import Settings


class RuleEngineSettings(Settings):
    """`VIGIE_INSTANCE_ID` names this engine in the rules' status.

    It reads what tracking writes, one burst a poll of tracking: to wait for more would make its output later by half a
    poll, and no poll fewer.
    """

    kafka_fetch_min_bytes: int = Field(1, ge=1, description="a fetch waits for this many bytes …")
