"""How fast the history answers: a year of cameras × 4 lines × 5 classes in a real PostgreSQL.

`python tests/bench/bench_history.py 600` for a city; 60 cameras by default, which `make bench` has the time for. The
last line is JSON. The database makes the rows itself: days of all series for a year (1,200 series and 0.44 million
rows for 60 cameras), hours of all for two days, and hours of one camera for the year. Each question is asked 40 times,
of another camera each; the figure is what 95 % of them stay below, from the question to the answer's objects, on a
database with the settings it comes with.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import psycopg
from harness import alone, row

from vigie_dev.postgres import PostgresServer
from vigie_statistics.history.database import DATABASE
from vigie_statistics.query import Asked, open_history

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DAY = 86_400_000
HOUR = 3_600_000
END = 1_777_845_600_000
LINES, CLASSES = 4, ("person", "bicycle", "car", "bus", "truck")
TIMES = 40

_SERIES = """
INSERT INTO statistics_series (digest, key, site, camera_id, measure, place_kind, place, object_class, direction,
                               direction_label, rule, unit, first_start)
SELECT md5(c || '/' || l || '/' || k), 'city/cam-' || c || '/crossings/line-' || l || '/' || k || '/in/', 'city',
       'cam-' || c, 'crossings', 'line', 'line-' || l, k, 'in', '', '', 'crossings', 0
FROM generate_series(1, %(cameras)s) c, generate_series(1, %(lines)s) l, unnest(%(classes)s::text[]) k
"""
_FIGURES = """
INSERT INTO statistics_figures (series_id, "window", start, "end", value, corrected, coverage, rate_fps, samples, final,
                                revision, late, updated_at)
SELECT s.id, %(window)s, t, t + %(lasts)s, v, v / 0.9, 0.9, 5, v, true, 1, 0, t + %(lasts)s
FROM generate_series(%(since)s::bigint, %(until)s::bigint - %(lasts)s, %(lasts)s) t, statistics_series s,
     LATERAL (SELECT (s.id * 7919 + t / 3600000 * 104729) %% 200 AS v) r
WHERE %(camera)s::text IS NULL OR s.camera_id = %(camera)s
"""


def rows(cameras: float = 60) -> list[dict[str, Any]]:
    """Filling, size and the questions."""
    with PostgresServer() as server:
        asyncio.run(_migrated(server.url))
        begun = time.monotonic()
        number, size = _fill(server.url, int(cameras))
        filled = time.monotonic() - begun
        found = asyncio.run(_asked(server.url, int(cameras)))
    return [
        row(f"history of {cameras:g} cameras: rows made by the database itself", number / 1e6, "million"),
        row("history: making them", filled, "s", 60),
        row("history: a figure with its indexes", size / number, "bytes"),
        *(row(f"history: {name}, p95", value, "ms", target) for name, value, target in found),
    ]


async def _migrated(url: str) -> None:
    engine = DATABASE.open(url)
    await DATABASE.migrate(engine)
    await engine.dispose()


def _fill(url: str, cameras: int) -> tuple[int, int]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SERIES, {"cameras": cameras, "lines": LINES, "classes": list(CLASSES)})
        # an index over what is there already is quicker than one row at a time
        connection.execute("DROP INDEX statistics_figures_by_time")
        connection.execute("ALTER TABLE statistics_figures DROP CONSTRAINT statistics_figures_pkey")
        connection.execute("SET maintenance_work_mem = '256MB'")
        for window, lasts, days, camera in ((1440, DAY, 365, None), (60, HOUR, 2, None), (60, HOUR, 365, "cam-7")):
            span = {"since": END - days * DAY, "until": END - (2 * DAY if camera else 0)}
            connection.execute(_FIGURES, span | {"window": window, "lasts": lasts, "camera": camera})
        connection.execute('ALTER TABLE statistics_figures ADD PRIMARY KEY (series_id, "window", start)')
        connection.execute('CREATE INDEX statistics_figures_by_time ON statistics_figures ("window", start)')
        connection.execute("ANALYZE")
        (number,) = connection.execute("SELECT count(*) FROM statistics_figures").fetchone() or (0,)
        (size,) = connection.execute("SELECT pg_total_relation_size('statistics_figures')").fetchone() or (0,)
        return number, size


async def _asked(url: str, cameras: int) -> list[tuple[str, float, float | None]]:
    draw = random.Random(6)

    def camera() -> str:
        return f"cam-{draw.randint(1, cameras)}"

    async with open_history(url) as history:
        year, week, days = END - 365 * DAY, END - 7 * DAY, END - 2 * DAY
        one = {"place": "line-2", "object_class": "car"}
        questions: dict[str, tuple[Callable[[], Awaitable[Any]], float | None]] = {
            "a year of one series by day": (
                lambda: history.figures(Asked(year, END, "d1", camera=camera(), **one)),
                500,
            ),
            "a year of one camera by day, 20 series": (
                lambda: history.figures(Asked(year, END, "d1", camera=camera())),
                500,
            ),
            "a year of one series by hour": (
                lambda: history.figures(Asked(year, END, "h1", camera="cam-7", **one)),
                500,
            ),
            "a typical week of a year of one series": (
                lambda: history.typical_week(Asked(year, END, camera="cam-7", **one)),
                500,
            ),
            "two days of one camera by hour": (
                lambda: history.figures(Asked(days, END, "h1", camera=camera())),
                500,
            ),
            "modal split of a camera's year": (
                lambda: history.modal_split(Asked(year, END, "d1", camera=camera())),
                500,
            ),
            "top ten of the city in a week": (lambda: history.top(Asked(week, END, "d1")), 1000),
        }
        return [(name, await _p95(ask), target) for name, (ask, target) in questions.items()]


async def _p95(ask: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds that 95 % of the answers stay below."""
    lasted = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        assert await ask()
        lasted.append(time.perf_counter() - begun)
    return sorted(lasted)[round(0.95 * TIMES) - 1] * 1000


if __name__ == "__main__":
    alone(rows)
