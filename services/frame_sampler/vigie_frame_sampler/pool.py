"""The pool of capture processes: a few dozen cameras each, replaced when one dies or hangs.

What one process suffers, only its own cameras feel. Its messages are read no faster than Kafka takes them: a full
pipe is what makes the captures give up their oldest images.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from vigie_frame_sampler.metrics import CAMERAS, PROCESSES, RESTARTS
from vigie_frame_sampler.wire import framed, receive_framed

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable

    from vigie_frame_sampler.plan import CameraPlan
    from vigie_frame_sampler.settings import FrameSamplerSettings
    from vigie_frame_sampler.view_watch import ViewMemory

Message = dict[str, Any]
PIPE_BYTES: Final = 256 << 10
RESTART_S: Final = (0.2, 10.0)
"""Seconds before a process is replaced the first time, doubled each time it dies young, up to the longest."""
YOUNG_S: Final = 30.0
START_S: Final = 60.0
"""A process may take so long to load its libraries on a busy machine."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class CapturePool:
    """Captures of every camera this sampler owns.

    Args:
        settings: sizes and time-outs.
        receive: takes each message of a camera, in the camera's order; reading waits for it.
        fail: is told what `receive` raised, the end of this sampler.
        views: what is known of each camera's view when its capture starts; others keep it up to date.
    """

    settings: FrameSamplerSettings
    receive: Callable[[Message], Awaitable[None]]
    fail: Callable[[BaseException], None]
    views: dict[str, ViewMemory] = field(default_factory=dict)
    _groups: list[_Group] = field(default_factory=list, init=False)
    _by_camera: dict[str, _Group] = field(default_factory=dict, init=False)

    @property
    def plans(self) -> dict[str, CameraPlan]:
        """What is captured now, by camera."""
        return {camera_id: group.plans[camera_id] for camera_id, group in self._by_camera.items()}

    def capture(self, plan: CameraPlan) -> None:
        """Capture this version of the camera: begin, go over to it, or nothing where it runs already."""
        group = self._by_camera.get(plan.camera_id)
        if group is None:
            group = self._roomiest()
            self._by_camera[plan.camera_id] = group
            group.plans[plan.camera_id] = plan
            group.start(plan)
        elif group.plans[plan.camera_id] != plan:
            same = group.plans[plan.camera_id].same_capture(plan)
            group.plans[plan.camera_id] = plan
            if same:
                group.order({"update": asdict(plan)})
            else:
                group.start(plan)
        CAMERAS.set(len(self._by_camera))

    def release(self, camera_id: str) -> None:
        """Capture this camera no longer."""
        group = self._by_camera.pop(camera_id, None)
        if group is not None:
            del group.plans[camera_id]
            group.order({"stop": camera_id})
            if not group.plans:
                self._groups.remove(group)
                group.retire()
        CAMERAS.set(len(self._by_camera))

    async def close(self, within_s: float) -> None:
        """End every process; what they still hand on is received, as far as there is time."""
        self._by_camera.clear()
        groups, self._groups = self._groups, []
        for group in groups:
            group.retire()
        await asyncio.gather(*(group.ended(within_s) for group in groups))
        CAMERAS.set(0)

    def _roomiest(self) -> _Group:
        group = min(self._groups, key=lambda g: len(g.plans), default=None)
        if group is None or len(group.plans) >= self.settings.captures_per_process:
            group = _Group(self.settings, self._received, self.fail, self.views)
            self._groups.append(group)
            group.begin()
        return group

    async def _received(self, group: _Group, message: Message) -> None:
        camera_id = message.get("camera")
        if camera_id is not None and (group.retired.is_set() or self._by_camera.get(camera_id) is group):
            await self.receive(message)


@dataclass(slots=True, eq=False)
class _Group:
    """The cameras of one process, and the process, or the next one."""

    settings: FrameSamplerSettings
    received: Callable[[_Group, Message], Awaitable[None]]
    fail: Callable[[BaseException], None]
    views: dict[str, ViewMemory]
    plans: dict[str, CameraPlan] = field(default_factory=dict)
    process: Process | None = None
    retired: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Keep a process running from now on."""
        self._task = asyncio.create_task(self._keep())
        self._task.add_done_callback(self._finished)

    def order(self, order: Message) -> None:
        """Tell the process; one that is being replaced is told everything when it starts."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.write(framed(order))

    def start(self, plan: CameraPlan) -> None:
        """Tell the process to capture, and what is known of the view."""
        view = self.views.get(plan.camera_id)
        self.order({"start": asdict(plan)} | ({} if view is None else {"view": asdict(view)}))

    def retire(self) -> None:
        """Let the process end."""
        self.retired.set()
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    async def ended(self, within_s: float) -> None:
        """Wait for the end; a process that takes longer is killed."""
        if self._task is None:
            return
        done, _ = await asyncio.wait({self._task}, timeout=within_s)
        if not done:
            self._kill()
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1.0)

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def _keep(self) -> None:
        loop, shortest, longest = asyncio.get_running_loop(), *RESTART_S
        wait_s = shortest
        while not self.retired.is_set():
            begun = loop.time()
            why = await self._run_one()
            if self.retired.is_set():
                return
            wait_s = shortest if loop.time() - begun > YOUNG_S else min(wait_s * 2, longest)
            RESTARTS.labels(why).inc()
            _log.warning("capture process ended: starting another", why=why, cameras=sorted(self.plans), wait_s=wait_s)
            await asyncio.sleep(wait_s)

    async def _run_one(self) -> str:
        """Why the process ended."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vigie_frame_sampler.capture", stdin=PIPE, stdout=PIPE, limit=PIPE_BYTES
        )
        self.process = process
        PROCESSES.inc()
        try:
            self.order({"images": self.settings.capture_queue_images, "limits": self._limits()})
            for plan in self.plans.values():
                self.start(plan)
            if self.retired.is_set():
                self.retire()
            return await self._listen(process)
        finally:
            self.process = None
            PROCESSES.dec()
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _listen(self, process: Process) -> str:
        assert process.stdout is not None  # noqa: S101 - it was asked for with PIPE
        patience_s = START_S
        while True:
            try:
                async with asyncio.timeout(patience_s):
                    message = await receive_framed(process.stdout)
            except asyncio.IncompleteReadError:
                return "died"
            except TimeoutError:
                return "hung"
            patience_s = self.settings.capture_hung_s
            await self.received(self, message)

    def _limits(self) -> dict[str, float | str | None]:
        settings = self.settings
        return {
            "open_s": settings.capture_open_timeout_s,
            "read_s": settings.capture_read_timeout_s,
            "ca_file": settings.capture_ca_file,
            "loop_filter": settings.capture_loop_filter,
        }

    def _kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
