"""`python -m vigie_statistics` counts; with `history` it keeps the history and answers; `migrate` makes its tables."""

from __future__ import annotations

import asyncio
import sys

from vigie_common.errors import EXIT_CONFIGURATION, ConfigurationError, VigieError
from vigie_common.process import run
from vigie_common.settings import read_settings
from vigie_statistics.history.settings import HistorySettings
from vigie_statistics.settings import StatisticsSettings


def main() -> None:
    """What the container runs."""
    match sys.argv[1:]:
        case []:
            from vigie_statistics.service import serve as count

            run("statistics", StatisticsSettings, count)
        case ["history"]:
            from vigie_statistics.history.service import serve

            run("statistics-history", HistorySettings, serve)
        case ["migrate"]:
            _migrate()
        case _:
            sys.stderr.write("vigie statistics: unknown arguments: give none, `history` or `migrate`\n")
            sys.exit(2)


def _migrate() -> None:
    from vigie_statistics.history.database import DATABASE

    try:
        asyncio.run(DATABASE.migrate_once(read_settings(HistorySettings).statistics_database_url.get_secret_value()))
    except VigieError as wrong:
        sys.stderr.write(f"vigie statistics migrate: {wrong}\n")
        sys.exit(EXIT_CONFIGURATION if isinstance(wrong, ConfigurationError) else 1)


if __name__ == "__main__":
    main()
