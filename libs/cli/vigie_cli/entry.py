"""The way into the `vigie` command, so light that Ctrl-C while the rest is imported ends it without a word."""

from __future__ import annotations

import os
from typing import Final

_EXIT_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""


def main() -> None:
    """What `vigie` runs."""
    try:
        from vigie_cli.main import app

        app()
    except KeyboardInterrupt:
        os._exit(_EXIT_INTERRUPTED)  # half of a module may be imported: nothing of it is asked to tidy up
