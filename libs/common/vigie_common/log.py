"""Structured logs: JSON in containers, readable on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from vigie_common.settings import Settings


def configure_logging(settings: Settings, service: str) -> None:
    """Send every log line, the libraries' too, to standard error in one form."""
    named = {"service": service} | ({"instance": settings.instance_id} if settings.instance_id else {})
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        lambda _logger, _method, event: {**named, **event},  # in every thread: a library may have its own
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    handler.addFilter(_RateLimit())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in ("aiokafka", "asyncio", "aiohttp.access", "faust", "mode", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _RateLimit(logging.Filter):
    """Lets at most `BURST` lines a `WINDOW_S` through for each place of a library that logs.

    A client library writes hundreds of lines during one broker outage. Vigie's own lines always pass.
    """

    BURST = 5
    WINDOW_S = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("vigie"):
            return True
        place = (record.pathname, record.lineno)
        since, count = self._seen.get(place, (record.created, 0))
        if record.created - since > self.WINDOW_S:
            since, count = record.created, 0
        self._seen[place] = (since, count + 1)
        return count < self.BURST
