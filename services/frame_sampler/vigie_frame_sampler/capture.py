"""A capture process: `python -m vigie_frame_sampler.capture`, started by the service, a few dozen cameras each.

Orders come on standard input, frames and health go out on standard output. The end of standard input is the end of
the process, so it never outlives the service. Threads suffice inside: decoding runs outside the interpreter lock.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import cv2
import msgspec

from vigie_common.log import configure_logging
from vigie_common.settings import Settings, read_settings
from vigie_frame_sampler.camera_capture import CameraCapture
from vigie_frame_sampler.outbox import Outbox
from vigie_frame_sampler.picture import Limits
from vigie_frame_sampler.plan import CameraPlan
from vigie_frame_sampler.view_watch import ViewMemory
from vigie_frame_sampler.wire import framed, read_framed

if TYPE_CHECKING:
    from collections.abc import Mapping

TICK_S: Final = 0.2
BEAT_S: Final = 1.0
FLUSH_S: Final = 3.0
"""How long a process that was told to stop may take to hand on what waits."""


@dataclass(slots=True)
class CaptureProcess:
    """The cameras of one process."""

    outbox: Outbox
    limits: Limits
    _captures: dict[str, CameraCapture] = field(default_factory=dict, init=False)
    _done: threading.Event = field(default_factory=threading.Event, init=False)

    def obey(self, order: Mapping[str, Any]) -> None:
        """Carry out {"start": plan, "view": what is known}, {"update": plan} or {"stop": camera id}."""
        if "start" in order:
            view = msgspec.convert(order.get("view", {}), ViewMemory)
            self._start(msgspec.convert(order["start"], CameraPlan), view)
        elif "update" in order:
            plan = msgspec.convert(order["update"], CameraPlan)
            self._captures[plan.camera_id].update(plan)
        elif "stop" in order:
            self._stop(order["stop"])

    def close(self) -> None:
        """Stop every camera; what they have given can still be taken from the outbox."""
        for camera_id in list(self._captures):
            self._captures.pop(camera_id).stop()
        self._done.set()
        self.outbox.close()

    def send(self, pipe: BinaryIO) -> None:
        """Hand on what the cameras give until the process is closed and the outbox empty."""
        while True:
            message = self.outbox.take(BEAT_S)
            if message is None and self._done.is_set():
                return
            try:
                pipe.write(framed(message if message is not None else {"beat": True}))
                pipe.flush()
            except BrokenPipeError:
                return  # the service is gone: standard input ends too

    def tick(self) -> None:
        """Give every camera the occasion to say that it has nothing to say."""
        while not self._done.wait(TICK_S):
            for capture in list(self._captures.values()):
                capture.tick()

    def _start(self, plan: CameraPlan, view: ViewMemory) -> None:
        self._stop(plan.camera_id)
        lossless = plan.lossless

        def emit(message: dict[str, Any]) -> None:
            self.outbox.put(plan.camera_id, message, lossless=lossless)

        capture = CameraCapture(plan, emit, self.limits, view)
        self._captures[plan.camera_id] = capture
        threading.Thread(target=capture.run, name=plan.camera_id, daemon=True).start()

    def _stop(self, camera_id: str) -> None:
        capture = self._captures.pop(camera_id, None)
        if capture is not None:
            capture.stop()
            self.outbox.forget(camera_id)


def main() -> None:
    """Obey until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: the service decides
    configure_logging(read_settings(Settings), "frame_sampler")
    cv2.setNumThreads(1)
    threading.excepthook = _crash
    # nothing a library prints may get between the messages
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=1 << 16)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    orders = sys.stdin.buffer
    opening = read_framed(orders) or {}
    process = CaptureProcess(Outbox(int(opening.get("images", 8))), msgspec.convert(opening.get("limits", {}), Limits))
    sender = threading.Thread(target=process.send, args=(pipe,), daemon=True)
    sender.start()
    threading.Thread(target=process.tick, daemon=True).start()
    while (order := read_framed(orders)) is not None:
        process.obey(order)
    process.close()
    sender.join(FLUSH_S)
    # threads may still hang in a library's read, which only the end of the process ends
    os._exit(0)


def _crash(fault: threading.ExceptHookArgs) -> None:
    """A fault of the program: a thread that is silently missing would be worse than a fresh process."""
    sys.excepthook(fault.exc_type, fault.exc_value or SystemError("unknown fault"), fault.exc_traceback)
    sys.stderr.flush()
    os._exit(70)


if __name__ == "__main__":
    main()
