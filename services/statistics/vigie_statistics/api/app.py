"""The REST interface: questions to the history over HTTP, described by OpenAPI.

It reads only, and asks nobody who they are. So it answers on loopback only, and to a name of loopback only: a page in a
browser must not reach it under another.
"""

# FastAPI reads these annotations at run time: no postponed evaluation here

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.middleware.trustedhost import TrustedHostMiddleware

from vigie_common.database import passes_by_waiting
from vigie_common.errors import BadInputError, DependencyError
from vigie_statistics.history.database import DATABASE
from vigie_statistics.query import export as exported
from vigie_statistics.query.history import History
from vigie_statistics.query.measures import Direction, Measure, Window
from vigie_statistics.query.model import (
    Asked,
    Comparison,
    ModalShare,
    Ranked,
    Series,
    SeriesFigures,
    TypicalWeek,
)
from vigie_statistics.query.open_data import Method, open_rows
from vigie_statistics.query.period import checked, parse_moment

NAMES: Final = ["127.0.0.1", "localhost", "[::1]"]
_LIMIT: Final = 10_000
_MOMENT: Final = "7d (that long ago), 2026-05-01 or 2026-05-01T18:00+02:00; local to the site without an offset"


@dataclass(frozen=True)
class Problem:
    """Why a question has no answer, and what to do."""

    detail: str


Since = Annotated[str, Query(description=f"first instant: {_MOMENT}", max_length=40)]
Until = Annotated[str, Query(description=f"first instant after the period: now, {_MOMENT}", max_length=40)]
Text = Annotated[str | None, Query(max_length=200)]
ObjectClass = Annotated[
    str | None, Query(alias="class", max_length=200, description="empty: the series of all classes")
]


def make_app(history: History, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> FastAPI:
    """The application.

    Args:
        history: what answers.
        now: the wall clock, ms: what `7d` and `now` are measured from.
    """
    app = FastAPI(
        title="Vigie statistics",
        version="1",
        description=(
            "Counts, occupancy, dwell and congestion, each with its coverage; raw and corrected are two fields. "
            "There is no authentication yet: it answers on loopback only."
        ),
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses={
            400: {"model": Problem, "description": "The question is wrong"},
            503: {"model": Problem, "description": "The database does not answer"},
        },
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=NAMES)
    _problems(app)

    async def asked(
        since: Since = "7d",
        until: Until = "now",
        window: Annotated[Window | None, Query(description="none: what suits the period")] = None,
        measure: Measure = "crossings",
        site: Text = None,
        camera: Text = None,
        place: Text = None,
        object_class: ObjectClass = None,
        direction: Direction | None = None,
    ) -> Asked:
        zone, instant = await history.time_zone(), now()
        begin = parse_moment(since, zone, instant)
        end = parse_moment(until, zone, instant, end=True, name="until")
        return Asked(*checked(begin, end), window, measure, site, camera, place, object_class, direction)

    question = Annotated[Asked, Depends(asked)]
    number = Annotated[int, Query(ge=1, le=1000)]

    @app.get("/v1/series")
    async def series(asked: question, limit: number = 1000) -> list[Series]:
        """What is measured where."""
        return await history.series(asked, limit)

    @app.get("/v1/figures")
    async def figures(asked: question) -> list[SeriesFigures]:
        """Series over a period, window by window, with the total of each."""
        return await history.figures(asked, _LIMIT)

    @app.get("/v1/compare")
    async def compare(
        asked: question,
        earlier: Annotated[str, Query(description=f"first instant of the period compared to: {_MOMENT}")] = "14d",
    ) -> list[Comparison]:
        """Each series in two periods of the same length."""
        return await history.compare(asked, parse_moment(earlier, await history.time_zone(), now(), name="earlier"))

    @app.get("/v1/typical-week")
    async def typical_week(asked: question) -> list[TypicalWeek]:
        """Median and spread of each hour of the week; give a period of several weeks."""
        return await history.typical_week(asked)

    @app.get("/v1/top")
    async def top(asked: question, limit: number = 10) -> list[Ranked]:
        """The places with the most."""
        return await history.top(asked, limit)

    @app.get("/v1/modal-split")
    async def modal_split(asked: question) -> list[ModalShare]:
        """The share of pedestrians, bicycles, motorcycles, cars, buses and lorries."""
        return await history.modal_split(asked)

    @app.get("/v1/unusual")
    async def unusual(asked: question, limit: number = 1000) -> list[dict[str, Any]]:
        """Hours that were unusual for their hour of the week: the notices, and the time zone of their site."""
        return await history.unusual(asked, limit)

    @app.get("/v1/export", response_class=Response, responses={200: {"content": _FILES}})
    async def export(
        asked: question,
        form: Annotated[exported.Format, Query(alias="format")] = "csv",
        open_data: Annotated[
            Literal["no"] | Method, Query(alias="open", description="hide or round what could tell of a person")
        ] = "no",
    ) -> Response:
        """Figures as CSV or Parquet; as open data: crossings by hour, small counts hidden or rounded."""
        data = await exported_bytes(history, asked, form, open_data)
        return Response(data, media_type=_MEDIA[form])

    return app


_MEDIA: Final[dict[str, str]] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_FILES: Final[dict[str, Any]] = {media: {} for media in _MEDIA.values()}


async def exported_bytes(
    history: History, asked: Asked, form: exported.Format, open_data: Literal["no"] | Method
) -> bytes:
    """The file of an export.

    Raises:
        BadInputError: the question is wrong, or these figures are not for open data.
    """
    if open_data == "no":
        columns, rows = exported.COLUMNS, exported.rows(await history.figures(asked))
    else:
        hours = Asked(**{name: getattr(asked, name) for name in Asked.__dataclass_fields__} | {"window": "h1"})
        if asked.window not in {None, "h1"}:
            raise BadInputError(f"window {asked.window}: open data is published by hour: leave it out, or h1")
        if asked.object_class:
            raise BadInputError(
                f"class {asked.object_class}: open data has every class of a place at once, or sums would give hidden "
                "counts away: leave it out"
            )
        columns = exported.OPEN_COLUMNS
        rows = open_rows(await history.figures(hours), await history.time_zones(), method=open_data)
    return exported.as_csv(rows, columns) if form == "csv" else exported.as_parquet(rows, columns)


def _problems(app: FastAPI) -> None:
    """Every refusal is a sentence."""

    def told(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answer(_: Request, error: Exception) -> Response:
            return JSONResponse({"detail": str(error)}, status)

        return answer

    async def database(_: Request, error: Exception) -> Response:
        if not passes_by_waiting(error):
            raise error
        return JSONResponse({"detail": DATABASE.unanswered(error)}, 503)

    app.add_exception_handler(BadInputError, told(400))
    app.add_exception_handler(DependencyError, told(503))
    for kind in (DBAPIError, OSError):
        app.add_exception_handler(kind, database)
