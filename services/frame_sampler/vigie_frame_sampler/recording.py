"""The frames of a recording in one process, as fast as the machine allows: the same file gives the same records."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from vigie_frame_sampler.clock import RecordingClock
from vigie_frame_sampler.frames import FrameRecord, FrameWriter
from vigie_frame_sampler.plan import CameraPlan, Mask
from vigie_frame_sampler.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_REPLAYS = UUID("6a0b6f8e-0f0a-5f3c-9d57-6f1f0f4c2b11")


def read_recording(
    path: Path,
    fps: float,
    width: int,
    masks: Sequence[Mask] = (),
    start_ms: int = 0,
    *,
    camera_id: str = "replay",
    camera_version: str = "",
    models: Sequence[str] = (),
) -> Iterator[FrameRecord]:
    """The Frame records of a video file, or of a folder of videos and images; the last one has status `ended`.

    Args:
        path: file or folder.
        fps: frames a second of event time; never more than the recording has.
        width: pixels of the sampled frame; never more than the source has.
        masks: burned into each image.
        start_ms: event time of the first picture, ms since 1970 UTC.
        camera_id: of the records.
        camera_version: of the records.
        models: of the records.

    Raises:
        BadInputError: the recording cannot be read; the message names it and the fix.
    """
    plan = CameraPlan(
        camera_id=camera_id,
        version=camera_version,
        kind="folder" if path.is_dir() else "file",
        uri=str(path),
        fps=fps,
        width=width,
        pace="fast",
        start_ms=start_ms,
        models=tuple(models),
        masks=tuple(masks),
    )
    source, clock = open_source(plan), RecordingClock(start_ms)
    # not a new id each time: a replay gives the same bytes again
    writer = FrameWriter(plan, lambda: str(uuid5(_REPLAYS, f"{camera_id}/{path.name}/{start_ms}")))
    last_ms = start_ms
    for picture in source.pictures(lambda: False):
        last_ms = clock.at(picture.media_s)
        yield writer.image(picture, last_ms, clock.name)
    yield writer.absence("ended", source.remark() or "end of the recording", last_ms + 1, clock.name)
