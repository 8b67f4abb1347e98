"""Where the local stack reads and writes: the checkout, the download cache, the run folder."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
"""The folder with the Makefile."""

DEV = CHECKOUT / "dev"


def cache_folder() -> Path:
    """The download cache: VIGIE_CACHE, else ~/.cache/vigie. Removing it costs only the next set-up."""
    given = os.environ.get("VIGIE_CACHE")
    return Path(given).expanduser().resolve() if given else Path.home() / ".cache" / "vigie"


def state_folder() -> Path:
    """Everything that running writes: .vigie in the checkout, ignored by git."""
    return CHECKOUT / ".vigie"


def run_folder() -> Path:
    """Data and logs of the servers and services that are running."""
    return state_folder() / "run"


def shared_data() -> Path | None:
    """The folder of further footage and models that development has beside the checkout, if it is there."""
    folder = (CHECKOUT.parent / "shared" / "data").resolve()
    return folder if folder.is_dir() else None
