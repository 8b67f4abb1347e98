"""Frames to detections: every frame becomes one record, in order, whatever happens to it.

| what happens | the frame's record | besides |
|---|---|---|
| every model answers | ok (or the frame's own status, when it is looked at under another), with boxes | |
| some models answer, others fail | the same, with the models that ran; `models_missing` names the others | |
| its status was one without an image | the same status, no boxes | |
| it is older than its use, or more than its camera's share under overload | shed | |
| Triton is away or full | waits, tries again, is shed when it is too old | readiness |
| every model fails: three times, or is not served for 10 s | failed | |
| the image is unreadable, no model is known | failed | dead letter, without the image |
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from vigie_common.errors import PoisonRecordError, VigieError
from vigie_common.frame_status import LOOKED_AT
from vigie_common.stream import Done, Message, Output, reject
from vigie_inference.boxes import usable
from vigie_inference.detections import Seen, blind, watched
from vigie_inference.failures import (
    FrameTooOldError,
    ImageRefusedError,
    InferenceFailedError,
    ModelNotServedError,
    OutOfMemoryError,
    TritonAwayError,
    TritonFullError,
    TritonSlowError,
    UnknownModelError,
)
from vigie_inference.fairness import Fairness, Pace
from vigie_inference.lane import Lane, Ticket
from vigie_inference.limiter import Limiter
from vigie_inference.measures import (
    BOXES,
    DROPPED,
    FAILURES,
    FRAMES,
    PARTIAL,
    REQUESTS,
    RETRIES,
    SECONDS,
    SHED,
)
from vigie_inference.served_models import ServedModels

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from vigie_inference.settings import InferenceSettings
    from vigie_inference.triton import Answer, Triton

SERVICE: Final = "inference"
TRIES: Final = 3
"""A frame that a model fails this often is given up."""
BETWEEN_TRIES_S: Final = 0.1
FIRST_LIMIT: Final = 16
"""Images at Triton at once, a model, before anything is known of it."""

_log = structlog.get_logger(__name__)

_OUTCOMES: Final[dict[type[VigieError], str]] = {
    TritonAwayError: "away",
    TritonFullError: "full",
    ModelNotServedError: "not served",
    TritonSlowError: "timed out",
    OutOfMemoryError: "out of memory",
    InferenceFailedError: "failed",
    ImageRefusedError: "refused",
}


def _now() -> float:
    return time.time()


class Inference:
    """The handler of the stream loop."""

    def __init__(self, settings: InferenceSettings, triton: Triton, now: Callable[[], float] = _now) -> None:
        self._settings = settings
        self._max_age_s = settings.inference_max_age
        self._triton = triton
        self._now = now
        self._lanes: dict[str, Lane] = {}
        self._fairness = Fairness()
        self._paces: dict[int, Pace] = {}
        self._watch = ServedModels(triton, now)

    async def handle(self, batch: Sequence[Message]) -> AsyncIterator[Done]:
        """One record a frame, in order; the frames are at Triton at the same time."""
        started = time.perf_counter()
        looked = [message for message in batch if message.value["status"] in LOOKED_AT]
        fresh = {message.offset: message for message in looked if self._left_s(message) > 0}
        excess = self._excess(looked, list(fresh.values()))
        tasks = [None if m.offset in excess else asyncio.create_task(self.frame(m)) for m in batch]
        too_old = 0
        try:
            for message, task in zip(batch, tasks, strict=True):
                if task is None:
                    outputs: tuple[Output, ...] = (self._shed(message, excess[message.offset]),)
                else:
                    outputs = await task
                    too_old += message.offset in fresh and outputs[0].value["status"] == "shed"
                if message is batch[-1]:
                    took_s = time.perf_counter() - started
                    self._learn_pace(message.partition, list(fresh.values()), len(excess), too_old, took_s)
                yield Done(message.offset, outputs)
        finally:
            for task in tasks:
                if task is not None:
                    task.cancel()

    def _excess(self, looked: Sequence[Message], fresh: Sequence[Message]) -> dict[int, str]:
        """Offsets of the frames that are more than their cameras' shares under overload, and why.

        `fresh`: those of `looked` that are not too old as they come.
        """
        if not fresh or not self._max_age_s:
            return {}
        for message in looked:
            self._fairness.saw(message.key, message.appended_at)
        age_s = self._age_s(fresh[-1])
        partition, cameras = fresh[0].partition, [message.key for message in fresh]
        pace = self._paces.get(partition, Pace())
        kept = self._fairness.keep(partition, cameras, age_s, self._max_age_s, pace)
        why = (
            f"Triton cannot keep up, frames wait {age_s:.1f} s of {self._max_age_s:g} s (VIGIE_INFERENCE_MAX_AGE), and "
            "this one is more than its camera's share: give Triton more instances, or the cameras fewer frames"
        )
        return {message.offset: why for message, keep in zip(fresh, kept, strict=True) if not keep}

    def _learn_pace(self, partition: int, fresh: Sequence[Message], excess: int, too_old: int, took_s: float) -> None:
        if fresh:
            at_once = min((self._lane(model).at_once for model in fresh[0].value["models"]), default=1)
            kept, pace = len(fresh) - excess, self._paces.get(partition, Pace())
            self._paces[partition] = pace.after(kept, kept - too_old, took_s, at_once)

    def _shed(self, message: Message, why: str) -> Output:
        SHED.labels("fair share").inc()
        FRAMES.labels("shed").inc()
        record = blind(message.value, (message.partition, message.offset), "shed", why)
        return Output("detections", message.key, record)

    async def frame(self, message: Message) -> tuple[Output, ...]:
        """What becomes of one frame: its detections, and a dead letter when it is to blame."""
        frame, ref = message.value, (message.partition, message.offset)
        letters: tuple[Output, ...] = ()
        try:
            if frame["status"] in LOOKED_AT:
                record = await self._look(message)
            else:
                record = blind(frame, ref, frame["status"], frame["reason"])
        except FrameTooOldError as old:
            SHED.labels("too old").inc()
            record = blind(frame, ref, "shed", str(old))
        except InferenceFailedError as failed:
            _log.warning("frame failed", camera=frame["camera_id"], seq=frame["seq"], error=str(failed))
            record = blind(frame, ref, "failed", str(failed))
        except PoisonRecordError as poison:
            record = blind(frame, ref, "failed", str(poison))
            letters = (reject(SERVICE, message, poison),)
        FRAMES.labels(record["status"]).inc()
        return (Output("detections", message.key, record), *letters)

    async def _look(self, message: Message) -> dict[str, Any]:
        """The record of what the frame's models see, of those that answer.

        Raises:
            VigieError: none does; the first error that is a failure, else the first.
        """
        frame = message.value
        models = list(dict.fromkeys(frame["models"]))
        if not models:
            raise UnknownModelError(
                f'camera "{frame["camera_id"]}": the frame names no model: '
                "give the camera file one of the catalogue's under `models`"
            )
        if frame["jpeg"] is None:
            raise ImageRefusedError(
                f'camera "{frame["camera_id"]}": the frame has status {frame["status"]} but no image: '
                "a frame without an image carries the status that says why"
            )
        jpeg: bytes = frame["jpeg"]
        answers = await asyncio.gather(*(self._ask(message, model, jpeg) for model in models), return_exceptions=True)
        seen: list[Seen] = []
        missing: dict[str, VigieError] = {}
        for model, answer in zip(models, answers, strict=True):
            if isinstance(answer, VigieError):
                missing[model] = answer
                FAILURES.labels(model, type(answer).__name__).inc()
            elif isinstance(answer, BaseException):
                raise answer
            else:
                seen.append(answer)
        if not seen:
            errors = list(missing.values())
            raise next((each for each in errors if not isinstance(each, FrameTooOldError)), errors[0])
        if missing:
            PARTIAL.inc()
        ref = (message.partition, message.offset)
        record = watched(frame, ref, seen, {model: str(why) for model, why in missing.items()})
        kept = Counter(record["model_index"])
        for index, each in enumerate(seen):
            BOXES.labels(each.model).inc(kept[index])
            if kept[index] < len(each.boxes):
                DROPPED.labels(each.model, "too many").inc(len(each.boxes) - kept[index])
        return record

    async def _ask(self, message: Message, model: str, jpeg: bytes) -> Seen:
        """What one model sees; asked until it answers, the frame is too old or it has failed too often."""
        lane = self._lane(model)
        weight = self._fairness.weight(message.key)
        ticket = Ticket(message.key, weight, lambda: self._left_s(message), lambda: self._too_old(message))
        failures = 0
        while True:
            try:
                answer = await self._attempt(lane, ticket, model, jpeg)
                frame = message.value
                boxes, dropped = usable(model, answer.boxes, frame["width"], frame["height"])
            except (TritonAwayError, TritonFullError) as wait:
                RETRIES.labels(model, type(wait).__name__).inc()
            except ModelNotServedError as missing:
                self._watch.missed(model, missing)
                await self._watch.still_hoped_for(model, missing)
                lane.halt(away=True)
                RETRIES.labels(model, type(missing).__name__).inc()
            except InferenceFailedError as failed:
                failures += 1
                if failures == TRIES:
                    raise type(failed)(f"given up after {TRIES} tries: {failed}{_fix(failed)}") from failed
                RETRIES.labels(model, type(failed).__name__).inc()
                await asyncio.sleep(BETWEEN_TRIES_S)
            else:
                self._watch.answered(model)
                for why, count in dropped.items():
                    DROPPED.labels(model, why).inc(count)
                return Seen(model, answer.version, boxes)

    def _lane(self, model: str) -> Lane:
        if model not in self._lanes:
            least, most = self._settings.inference_in_flight_least, self._settings.inference_in_flight_most
            first = float(min(max(FIRST_LIMIT, least), most))
            self._lanes[model] = Lane(model, Limiter(least, most, self._settings.inference_timeout, first))
        return self._lanes[model]

    async def _attempt(self, lane: Lane, ticket: Ticket, model: str, jpeg: bytes) -> Answer:
        """One attempt, when it is this frame's turn; tells the lane how it went."""
        async with lane.turn(ticket) as in_flight:
            sent = time.perf_counter()
            try:
                answer = await self._triton.answer(model, jpeg)
            except VigieError as error:
                REQUESTS.labels(model, _OUTCOMES.get(type(error), "failed")).inc()
                if isinstance(error, TritonAwayError):
                    self._triton.forget_versions()
                    lane.limiter.forget()
                    lane.halt(away=True)
                else:
                    lane.answers()
                if isinstance(error, (TritonFullError, TritonSlowError, OutOfMemoryError)):
                    lane.limiter.overloaded(time.perf_counter(), sent)
                if isinstance(error, TritonFullError):
                    lane.halt(away=False)
                raise
            took = time.perf_counter() - sent
            lane.answers()
            lane.limiter.answered(time.perf_counter(), took, in_flight)
        REQUESTS.labels(model, "answered").inc()
        SECONDS.labels(model).observe(took)
        return answer

    def _left_s(self, message: Message) -> float:
        return self._max_age_s - self._age_s(message) if self._max_age_s else math.inf

    def _age_s(self, message: Message) -> float:
        return self._now() - message.appended_at / 1000

    def _too_old(self, message: Message) -> FrameTooOldError:
        return FrameTooOldError(
            f"{self._age_s(message):.1f} s old and its turn had not come, the limit is {self._max_age_s:g} s "
            "(VIGIE_INFERENCE_MAX_AGE): give Triton more instances, or the cameras fewer frames"
        )


def _fix(failed: InferenceFailedError) -> str:
    return _FIXES.get(type(failed), ": read Triton's log")


_FIXES: Final[dict[type[VigieError], str]] = {
    OutOfMemoryError: ": give Triton more memory or fewer instances, or lower VIGIE_INFERENCE_IN_FLIGHT_MOST",
    TritonSlowError: ": give Triton more instances, or raise VIGIE_INFERENCE_TIMEOUT",
}
