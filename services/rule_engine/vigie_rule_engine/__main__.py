"""Starts the rule engine: `python -m vigie_rule_engine`."""

from __future__ import annotations

from vigie_common.process import run
from vigie_rule_engine.core import warm_up
from vigie_rule_engine.service import serve
from vigie_rule_engine.settings import RuleEngineSettings


def main() -> None:
    """Run the service until it is told to stop."""
    warm_up()  # here, so that every worker the process forks has the compiled layers already
    run("rule_engine", RuleEngineSettings, serve)


if __name__ == "__main__":
    main()
