"""Frames to detections: every frame becomes one record, in order, whatever happens to it.

| what happens | the frame's record | besides |
|---|---|---|
| every model answers | ok, with boxes | |
| its status was not ok | the same status, no boxes | |
| it is older than its use | shed | |
| Triton is down or full | waits, tries again, is shed when it is too old | readiness |
| Triton fails three times | failed | |
| the image is unreadable, the model unknown | failed | dead letter, without the image |
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from vigie_common.errors import PoisonRecordError
from vigie_common.stream import Done, Message, Output, reject
from vigie_inference.detections import Seen, blind, watched
from vigie_inference.failures import (
    FrameTooOldError,
    ImageRefusedError,
    InferenceFailedError,
    ModelNotServedError,
    TritonAwayError,
    UnknownModelError,
)
from vigie_inference.measures import BOXES, FRAMES, IN_FLIGHT, RETRIES, SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from vigie_inference.settings import InferenceSettings
    from vigie_inference.triton import Boxes, Triton

SERVICE: Final = "inference"
TRIES: Final = 3
"""A frame that Triton fails this often is given up."""
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 2.0
NOT_SERVED_S: Final = 30.0
"""A model that Triton has but has not served for so long fails its frames instead of holding them up."""

_log = structlog.get_logger(__name__)


def _now() -> float:
    return time.time()


class Inference:
    """The handler of the stream loop."""

    def __init__(self, settings: InferenceSettings, triton: Triton, now: Callable[[], float] = _now) -> None:
        self._max_age_s = settings.inference_max_age
        self._limit = settings.inference_in_flight
        self._triton = triton
        self._now = now
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._not_served_since: dict[str, float] = {}

    async def handle(self, batch: Sequence[Message]) -> AsyncIterator[Done]:
        """One record a frame, in order; the frames are at Triton at the same time."""
        tasks = [asyncio.create_task(self.frame(message)) for message in batch]
        try:
            for message, task in zip(batch, tasks, strict=True):
                yield Done(message.offset, await task)
        finally:
            for task in tasks:
                task.cancel()

    async def frame(self, message: Message) -> tuple[Output, ...]:
        """What becomes of one frame: its detections, and a dead letter when it is to blame."""
        frame, ref = message.value, (message.partition, message.offset)
        letters: tuple[Output, ...] = ()
        try:
            if frame["status"] == "ok":
                record = watched(frame, ref, await self._look(message))
            else:
                record = blind(frame, ref, frame["status"], frame["reason"])
        except FrameTooOldError as old:
            record = blind(frame, ref, "shed", str(old))
        except InferenceFailedError as failed:
            _log.warning("frame failed", camera=frame["camera_id"], seq=frame["seq"], error=str(failed))
            record = blind(frame, ref, "failed", str(failed))
        except PoisonRecordError as poison:
            record = blind(frame, ref, "failed", str(poison))
            letters = (reject(SERVICE, message, poison),)
        FRAMES.labels(record["status"]).inc()
        return (Output("detections", message.key, record), *letters)

    async def _look(self, message: Message) -> list[Seen]:
        """What each of the frame's models sees; the first error, once all have ended."""
        frame = message.value
        models = list(dict.fromkeys(frame["models"]))
        if not models:
            raise UnknownModelError(
                f'camera "{frame["camera_id"]}": the frame names no model: '
                "give the camera file one of the catalogue's under `models`"
            )
        if frame["jpeg"] is None:
            raise ImageRefusedError(
                f'camera "{frame["camera_id"]}": the frame has status ok but no image: '
                "a frame without an image carries the status that says why"
            )
        jpeg: bytes = frame["jpeg"]
        if len(models) == 1:
            return [await self._ask(message, models[0], jpeg)]
        answers = await asyncio.gather(*(self._ask(message, model, jpeg) for model in models), return_exceptions=True)
        seen = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            seen.append(answer)
        return seen

    async def _ask(self, message: Message, model: str, jpeg: bytes) -> Seen:
        """One model's answer, tried until it comes, the frame is too old or Triton has failed too often."""
        pause, failures = FIRST_PAUSE_S, 0
        while True:
            try:
                return await self._attempt(message, model, jpeg)
            except TritonAwayError as away:
                self._triton.forget_versions()
                RETRIES.labels(model, type(away).__name__).inc()
            except ModelNotServedError as missing:
                await self._still_hoped_for(model, missing)
                RETRIES.labels(model, type(missing).__name__).inc()
            except InferenceFailedError as failed:
                failures += 1
                if failures == TRIES:
                    raise InferenceFailedError(f"given up after {TRIES} tries: {failed}") from failed
                RETRIES.labels(model, type(failed).__name__).inc()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _attempt(self, message: Message, model: str, jpeg: bytes) -> Seen:
        """One attempt, as soon as fewer than the limit are at Triton for this model."""
        slot = self._slots.setdefault(model, asyncio.Semaphore(self._limit))
        async with slot:
            self._refuse_old(message)
            version = await self._triton.version(model)
            IN_FLIGHT.labels(model).inc()
            started = time.perf_counter()
            try:
                boxes: Boxes = await self._triton.detect(model, jpeg)
            finally:
                IN_FLIGHT.labels(model).dec()
            SECONDS.labels(model).observe(time.perf_counter() - started)
        self._not_served_since.pop(model, None)
        BOXES.labels(model).inc(len(boxes))
        return Seen(model, version, boxes)

    def _refuse_old(self, message: Message) -> None:
        age_s = self._now() - message.appended_at / 1000
        if self._max_age_s and age_s > self._max_age_s:
            raise FrameTooOldError(
                f"{age_s:.1f} s old when its turn came, the limit is {self._max_age_s:g} s "
                "(VIGIE_INFERENCE_MAX_AGE): give Triton more instances, or the cameras fewer frames"
            )

    async def _still_hoped_for(self, model: str, missing: ModelNotServedError) -> None:
        """Nothing, when a model that is not served may be served soon.

        Raises:
            UnknownModelError: Triton's repository has no such model.
            InferenceFailedError: it has, but has not served it for long.
        """
        self._triton.forget_versions()
        try:
            known: dict[str, Any] = dict(await self._triton.models())
        except (TritonAwayError, InferenceFailedError):
            return  # it is starting or stopping
        if model not in known:
            raise UnknownModelError(
                f'model "{model}" is not in the repository of Triton {self._triton.url}, which has '
                f"{', '.join(sorted(known)) or 'none'}: name one of these in the camera file, or add it "
                "(docs/how-to/add-a-model.md)"
            ) from missing
        since = self._not_served_since.setdefault(model, self._now())
        if self._now() - since > NOT_SERVED_S:
            raise InferenceFailedError(
                f'model "{model}" is in the repository of Triton {self._triton.url} but has not been served for '
                f"{NOT_SERVED_S:g} s ({missing}): load it, or read Triton's log"
            ) from missing
