"""Health and metrics of a service, over HTTP: `/live`, `/ready`, `/metrics`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest


@dataclass(slots=True)
class Health:
    """Alive means that every loop goes round; ready means that every dependency answers."""

    stale_after_s: float = 30.0
    _beats: dict[str, float] = field(default_factory=dict)
    _ready: dict[str, tuple[bool, str]] = field(default_factory=dict)

    def beat(self, loop: str) -> None:
        """The loop has gone round once more."""
        self._beats[loop] = time.monotonic()

    def gone(self, loop: str) -> None:
        """The loop has ended on purpose."""
        self._beats.pop(loop, None)

    def ready(self, name: str, ok: bool, why: str = "") -> None:  # noqa: FBT001 - reads as what it says
        """State of a dependency, with a reason when it does not answer."""
        self._ready[name] = (ok, why)

    def live_report(self) -> tuple[bool, dict[str, object]]:
        """Whether every loop moves, and since when each has not."""
        now = time.monotonic()
        ages = {loop: round(now - at, 1) for loop, at in self._beats.items()}
        return all(age <= self.stale_after_s for age in ages.values()), {"loops_age_s": ages}

    def ready_report(self) -> tuple[bool, dict[str, object]]:
        """Whether every dependency answers; nothing declared yet is not ready."""
        return bool(self._ready) and all(ok for ok, _ in self._ready.values()), {
            name: "ok" if ok else why or "not ready" for name, (ok, why) in self._ready.items()
        }


async def serve_http(health: Health, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Answer on this address; gives the runner, to be cleaned up, and the port.

    Raises:
        OSError: the address is taken.
    """

    async def live(_: web.Request) -> web.Response:
        return _report(*health.live_report())

    async def ready(_: web.Request) -> web.Response:
        return _report(*health.ready_report())

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner, int(runner.addresses[0][1])


def _report(ok: bool, detail: dict[str, object]) -> web.Response:  # noqa: FBT001 - private
    return web.Response(status=200 if ok else 503, text=json.dumps(detail), content_type="application/json")
