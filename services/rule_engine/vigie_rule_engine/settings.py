"""Settings of the rule engine: none of its own, judgement is configured by rules."""

from __future__ import annotations

from vigie_common.settings import BurstSettings


class RuleEngineSettings(BurstSettings):
    """It reads what tracking writes; `VIGIE_INSTANCE_ID` names this engine in the rules' status."""
