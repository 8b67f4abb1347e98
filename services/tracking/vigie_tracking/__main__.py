"""Starts tracking: `python -m vigie_tracking`."""

from __future__ import annotations

from vigie_common.process import run
from vigie_tracking.core import warm_up
from vigie_tracking.service import serve
from vigie_tracking.settings import TrackingSettings


def main() -> None:
    """Run the service until it is told to stop."""
    warm_up()  # here, so that every worker the process forks has the compiled step already
    run("tracking", TrackingSettings, serve)


if __name__ == "__main__":
    main()
