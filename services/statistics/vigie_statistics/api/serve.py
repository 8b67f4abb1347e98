"""The REST interface on its socket: loopback only."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import structlog
import uvicorn

from vigie_common.errors import ConfigurationError
from vigie_statistics.api.app import make_app
from vigie_statistics.query.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from vigie_statistics.history.settings import HistorySettings

_log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Signals are the process's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_api(engine: AsyncEngine, settings: HistorySettings) -> None:
    """Answer until cancelled.

    Raises:
        ConfigurationError: the address is taken.
    """
    listening = listen(settings)
    host, port = listening.getsockname()[:2]
    _log.info(
        "REST interface, on loopback only until there is authentication", url=f"http://{host}:{port}/openapi.json"
    )
    config = uvicorn.Config(
        make_app(History(engine)), log_config=None, access_log=False, lifespan="off", server_header=False
    )
    server = _Server(config)
    try:
        await server.serve(sockets=[listening])
    finally:
        listening.close()


def listen(settings: HistorySettings) -> socket.socket:
    """The socket of the REST interface.

    Raises:
        ConfigurationError: the address is taken.
    """
    host, port = settings.statistics_api_host, settings.statistics_api_port
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as taken:
        listening.close()
        raise ConfigurationError(
            f"VIGIE_STATISTICS_API_PORT: {host}:{port} cannot be listened on ({taken.strerror}): set a free port, or 0"
        ) from None
    return listening
