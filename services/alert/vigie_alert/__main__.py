"""`python -m vigie_alert` runs the service; `python -m vigie_alert migrate` only its migrations."""

from __future__ import annotations

import asyncio
import sys

from vigie_alert.database import DATABASE
from vigie_alert.service import serve
from vigie_alert.settings import AlertSettings
from vigie_common.errors import EXIT_CONFIGURATION, ConfigurationError, VigieError
from vigie_common.process import run
from vigie_common.settings import read_settings


def main() -> None:
    """What the container runs."""
    if sys.argv[1:] == ["migrate"]:
        try:
            url = read_settings(AlertSettings).alert_database_url.get_secret_value()
            asyncio.run(DATABASE.migrate_once(url))
        except VigieError as wrong:
            sys.stderr.write(f"vigie alert migrate: {wrong}\n")
            sys.exit(EXIT_CONFIGURATION if isinstance(wrong, ConfigurationError) else 1)
    else:
        run("alert", AlertSettings, serve)


if __name__ == "__main__":
    main()
