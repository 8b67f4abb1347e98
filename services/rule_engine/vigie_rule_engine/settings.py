"""Settings of the rule engine: judgement is configured by rules, none of it here."""

from __future__ import annotations

from pydantic import Field

from vigie_common.settings import Settings


class RuleEngineSettings(Settings):
    """What every service has; `VIGIE_INSTANCE_ID` names this engine in the rules' status.

    It reads what tracking writes, and that comes in bursts, one a poll of tracking: to wait for more would make
    events later by half a poll, and no poll fewer.
    """

    kafka_fetch_min_bytes: int = Field(1, ge=1, description="a fetch waits for this many bytes …")
