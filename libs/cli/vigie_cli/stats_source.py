"""Where figures come from: the database, or the REST interface at its address. Both answer alike, as plain data."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from vigie_common.errors import BadInputError, DependencyError
from vigie_common.settings import read_settings
from vigie_statistics.api.app import exported_bytes
from vigie_statistics.history.database import DATABASE
from vigie_statistics.history.settings import HistorySettings
from vigie_statistics.query import Asked, open_history
from vigie_statistics.query.period import checked, parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_statistics.query import History

_TIMEOUT_S: Final = 60
_FIELDS: Final = ("measure", "site", "camera", "place", "direction", "window")


@dataclass(frozen=True, slots=True)
class Source:
    """Answers questions by their path in the REST interface; `query` holds its parameters, None left out."""

    database: str | None
    api: str | None

    def ask(self, path: str, query: Mapping[str, str | None]) -> Any:
        """The answer, as JSON has it.

        Raises:
            BadInputError: the question is wrong.
            DependencyError: nobody answers.
        """
        if self.api is not None:
            return json.loads(self._fetched(self.api, path, query))
        return asyncio.run(self._local(path, query))

    def export(self, query: Mapping[str, str | None]) -> bytes:
        """The file of an export.

        Raises:
            BadInputError: the question is wrong.
            DependencyError: nobody answers.
        """
        if self.api is not None:
            return self._fetched(self.api, "export", query)
        answer: bytes = asyncio.run(self._local("export", query))
        return answer

    async def _local(self, path: str, query: Mapping[str, str | None]) -> Any:
        url = self.database or read_settings(HistorySettings).statistics_database_url.get_secret_value()
        async with open_history(url) as history:
            try:
                return await _answer(history, path, query)
            except (DBAPIError, OSError) as error:
                if "no such table" in str(error) or "does not exist" in str(error):
                    raise DependencyError(
                        "the statistics database has no history yet: start `python -m vigie_statistics history`, or "
                        f"check {DATABASE.variable} or --database"
                    ) from None
                raise DependencyError(DATABASE.unanswered(error)) from None

    def _fetched(self, api: str, path: str, query: Mapping[str, str | None]) -> bytes:
        parts = urllib.parse.urlsplit(api)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise BadInputError(
                f"--api {api}: not an address: write http://127.0.0.1:PORT, as the history's log says it"
            )
        given = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        address = f"{api.rstrip('/')}/v1/{path}?{given}"
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - its scheme is checked
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError as refused:
            with refused:
                said = _detail(refused.read())
            if refused.code < 500:
                raise BadInputError(said) from None
            raise DependencyError(f"{api}: {said}") from None
        except (urllib.error.URLError, TimeoutError) as silent:
            why = getattr(silent, "reason", silent)
            raise DependencyError(
                f"{api}: does not answer ({why}): start the history, or give the address that its log says"
            ) from None


async def _answer(history: History, path: str, query: Mapping[str, str | None]) -> Any:
    now = time.time_ns() // 1_000_000
    zone = await history.time_zone()

    def moment(name: str, usual: str) -> int:
        return parse_moment(query.get(name) or usual, zone, now, end=name == "until", name=name)

    since, until = checked(moment("since", "7d"), moment("until", "now"))
    asked = Asked(since, until, object_class=query.get("class"), **{name: query.get(name) for name in _FIELDS})
    limit = int(query.get("limit") or 10)
    if path == "top":
        return [asdict(one) for one in await history.top(asked, limit)]
    if path == "figures":
        return [asdict(one) for one in await history.figures(asked)]
    if path == "modal-split":
        return [asdict(one) for one in await history.modal_split(asked)]
    if path == "unusual":
        return await history.unusual(asked, limit)
    form, method = query.get("format"), query.get("open")
    return await exported_bytes(
        history,
        asked,
        "parquet" if form == "parquet" else "csv",
        "round" if method == "round" else "suppress" if method == "suppress" else "no",
    )


def _detail(body: bytes) -> str:
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:500]
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in detail)
