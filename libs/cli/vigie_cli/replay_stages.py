"""A recording through the services' own cores in one process; only Triton is outside.

Frames are read ahead and several are at Triton at once; from there on everything happens in their order, so the
same recording, camera and rules give the same records.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vigie_alert.book import AlertBook
from vigie_common.errors import PoisonRecordError
from vigie_common.stream import ConfigVersion, FixedView, Message, Output
from vigie_inference.service import Inference
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import Triton
from vigie_rule_engine.core import RuleCore
from vigie_tracking.core import TrackingCore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

_AHEAD: Final = 16
"""Frames read and at Triton ahead of the one that is tracked."""


@dataclass(slots=True)
class Totals:
    """What has passed, for the summary and the progress."""

    by_status: dict[str, int] = field(default_factory=dict)
    detections: int = 0
    tracked_boxes: int = 0
    rule_events: int = 0
    alert_revisions: int = 0
    dead_letters: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage. Reading and inference run side by side with the others: theirs is the time waited for them."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame brought."""

    tracks: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    revisions: Sequence[Mapping[str, Any]]


def fixed_configuration(camera: Mapping[str, Any] | None, bundle: Mapping[str, Any] | None) -> FixedView:
    """The given files hold throughout, whatever the time of the recording."""
    versions: dict[str, dict[str, ConfigVersion]] = {}
    if camera is not None:
        versions["cameras"] = {camera["camera_id"]: ConfigVersion(camera["camera_id"], 0, 0, 0, camera)}
    if bundle is not None:
        versions["rules"] = {bundle["site"]: ConfigVersion(bundle["site"], 0, 0, 0, bundle)}
    return FixedView(versions)


async def replay_frames(
    frames: Iterator[Mapping[str, Any]], triton_url: str, configuration: FixedView, totals: Totals
) -> AsyncIterator[Step]:
    """Every frame through detection, tracking, rules and alerts.

    Raises:
        vigie_common.errors.VigieError: the recording cannot be read.
    """
    rules = RuleCore(0, "replay") if configuration.versions.get("cameras") else None
    tracking, book = TrackingCore(0), AlertBook()
    async for detected in _detected(frames, triton_url, totals):
        tracks = _through("tracking", tracking.process, detected, configuration, totals)
        events = [
            event
            for record in tracks
            if rules is not None
            for event in _through("rules", rules.process, record, configuration, totals)
        ]
        totals.tracked_boxes += sum(len(record.value["track_id"]) for record in tracks)
        yield _alerts(tracks, events, book, totals)
    if rules is not None:
        yield _alerts((), rules.finish(), book, totals)


def _alerts(tracks: Sequence[Output], events: Sequence[Output], book: AlertBook, totals: Totals) -> Step:
    happened = [event.value for event in events if event.topic == "rule-events"]
    with totals.stage("alerts"):
        revisions = [dated(revision) for event in happened for revision in book.apply_event(event)]
    totals.rule_events += len(happened)
    totals.alert_revisions += len(revisions)
    return Step([record.value for record in tracks], happened, revisions)


def dated(revision: Mapping[str, Any]) -> dict[str, Any]:
    """A revision as a replay publishes it: produced at its event time, so that two runs are the same."""
    return {**revision, "produced_at": revision["updated_at"], "late_by_ms": 0}


def _through(
    stage: str,
    process: Callable[[Message, FixedView], Sequence[Output]],
    record: Output,
    configuration: FixedView,
    totals: Totals,
) -> Sequence[Output]:
    with totals.stage(stage):
        try:
            return process(_message(record.topic, record.key, record.value), configuration)
        except PoisonRecordError:
            totals.dead_letters += 1
            return ()


def _message(topic: str, key: str, value: Mapping[str, Any]) -> Message:
    return Message(topic, 0, value["seq"], key, value["captured_at"], value)


async def _detected(frames: Iterator[Mapping[str, Any]], triton_url: str, totals: Totals) -> AsyncIterator[Output]:
    """The Detections of every frame, in order."""
    triton = Triton(triton_url)
    inference = Inference(InferenceSettings(inference_max_age=0.0, inference_in_flight_most=_AHEAD), triton)
    waiting: deque[asyncio.Task[tuple[Output, ...]]] = deque()
    loop = asyncio.get_running_loop()
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < _AHEAD:
                with totals.stage("sampling"):
                    frame = await loop.run_in_executor(None, next, frames, None)
                if frame is None:
                    more = False
                else:
                    waiting.append(asyncio.create_task(inference.frame(_message("frames", frame["camera_id"], frame))))
            if not waiting:
                return
            with totals.stage("inference"):
                outputs = await waiting.popleft()
            for output in outputs:
                if output.topic != "detections":
                    totals.dead_letters += 1
                    continue
                status = output.value["status"]
                totals.by_status[status] = totals.by_status.get(status, 0) + 1
                totals.detections += len(output.value["score"])
                yield output
    finally:
        for task in waiting:
            task.cancel()
        await triton.close()
