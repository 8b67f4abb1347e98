"""`python -m vigie_alert` runs the service; `python -m vigie_alert migrate` only its migrations."""

from __future__ import annotations

import asyncio
import sys

from vigie_alert.database import migrate, open_database
from vigie_alert.service import serve
from vigie_alert.settings import AlertSettings
from vigie_common.process import run
from vigie_common.settings import read_settings


async def _migrate() -> None:
    engine = open_database(read_settings(AlertSettings).alert_database_url.get_secret_value())
    await migrate(engine)
    await engine.dispose()


def main() -> None:
    """What the container runs."""
    if sys.argv[1:] == ["migrate"]:
        asyncio.run(_migrate())
    else:
        run("alert", AlertSettings, serve)


if __name__ == "__main__":
    main()
