"""Settings of the rule engine: none of its own, judgement is configured by rules."""

from __future__ import annotations

from vigie_common.settings import Settings


class RuleEngineSettings(Settings):
    """What every service has; `VIGIE_INSTANCE_ID` names this engine in the rules' status."""
