"""What a capture needs to know of a camera: one version of its record, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIVE_KINDS: Final = ("rtsp", "mjpeg", "snapshot")
"""Cameras on the network: their images come whether one looks or not."""

KINDS: Final = (*LIVE_KINDS, "file", "folder")
"""Source kinds that this sampler can read."""

MAX_FPS: Final = 60.0
MIN_WIDTH: Final = 16
MAX_WIDTH: Final = 7680


@dataclass(frozen=True, slots=True)
class Mask:
    """A polygon hidden before the image leaves the sampler: vertices 0..1, origin top left."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """One version of one camera, as far as the sampler is concerned."""

    camera_id: str
    version: str
    kind: str
    uri: str
    fps: float
    width: int
    credentials: str | None = None
    loop: bool = False
    pace: str = "real"
    start_ms: int | None = None
    still_fps: float | None = None
    view_confirmed_at: int | None = None
    models: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the images come whether one looks or not."""
        return self.kind in LIVE_KINDS

    @property
    def lossless(self) -> bool:
        """Whether the decoder waits for a slow consumer: recordings read as fast as possible."""
        return not self.live and self.pace == "fast"

    @property
    def heartbeat_s(self) -> float:
        """Seconds without an image after which a record says so."""
        return max(1.0, 2.0 / self.fps)

    def same_capture(self, other: CameraPlan) -> bool:
        """Whether a running capture of this plan can go over to the other one without a new session."""
        return _capture_key(self) == _capture_key(other)


def _capture_key(plan: CameraPlan) -> tuple[object, ...]:
    # JPEG pictures are decoded no larger than the width asks, so a source of them has to know it
    decoded = plan.width if plan.kind in {"mjpeg", "snapshot"} else None
    return (plan.kind, plan.uri, plan.credentials, plan.loop, plan.pace, plan.start_ms, plan.fps, decoded)


def plan_from_record(record: Mapping[str, Any]) -> CameraPlan:
    """The plan of a Camera record (`schemas/camera`).

    Raises:
        BadInputError: the source cannot be read by this sampler, or a figure is out of its range.
    """
    camera_id = str(record["camera_id"])
    source, sampling = record["source"], record["sampling"]
    kind, fps, width = str(source["kind"]), float(sampling["fps"]), int(sampling["width"])
    if kind not in KINDS:
        raise BadInputError(f"camera {camera_id}: source kind {kind!r} cannot be read; use one of {', '.join(KINDS)}")
    if not source["uri"]:
        raise BadInputError(f"camera {camera_id}: source.{kind} is empty; give its address or path")
    if not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
        raise BadInputError(
            f"camera {camera_id}: sampling.fps {fps:g} is outside 0..{MAX_FPS:g}; give frames a second, such as 2"
        )
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise BadInputError(
            f"camera {camera_id}: sampling.width {width} is outside {MIN_WIDTH}..{MAX_WIDTH}; give pixels, such as 960"
        )
    return CameraPlan(
        camera_id=camera_id,
        version=str(record["version"]),
        kind=kind,
        uri=str(source["uri"]),
        fps=fps,
        width=width,
        credentials=source.get("credentials"),
        loop=bool(source.get("loop", False)),
        pace=str(source.get("pace", "real")),
        start_ms=epoch_ms(source.get("start")),
        still_fps=_still_fps(camera_id, sampling.get("still_fps"), fps),
        view_confirmed_at=epoch_ms(record.get("view_confirmed_at")),
        models=tuple(record.get("models", ())),
        masks=masks_from_records(camera_id, record.get("masks", ())),
    )


def _still_fps(camera_id: str, value: float | None, fps: float) -> float | None:
    if value is None:
        return None
    if not (math.isfinite(value) and 0 < value <= fps):
        raise BadInputError(
            f"camera {camera_id}: sampling.still_fps {value:g} is outside 0..fps ({fps:g}); "
            "give the rate of a still scene, such as 0.5, or null"
        )
    return float(value)


def masks_from_records(camera_id: str, records: Sequence[Mapping[str, Any]]) -> tuple[Mask, ...]:
    """The masks of a camera's polygon records {name, x, y}.

    Raises:
        BadInputError: fewer than three vertices, x and y of different length, or a vertex outside 0..1.
    """
    return tuple(_mask(camera_id, record) for record in records)


def _mask(camera_id: str, record: Mapping[str, Any]) -> Mask:
    name, xs, ys = str(record["name"]), tuple(record["x"]), tuple(record["y"])
    where = f"camera {camera_id}: mask {name!r}"
    if len(xs) != len(ys) or len(xs) < 3:
        raise BadInputError(f"{where} has {len(xs)} x and {len(ys)} y; give three vertices or more")
    outside = next((p for p in zip(xs, ys, strict=True) if not all(0.0 <= v <= 1.0 for v in p)), None)
    if outside is not None:
        raise BadInputError(f"{where}: vertex {outside} is outside 0..1; divide pixels by the image's size")
    return Mask(name, tuple((float(x), float(y)) for x, y in zip(xs, ys, strict=True)))


def epoch_ms(value: Any) -> int | None:
    """Milliseconds since 1970 UTC of an Avro timestamp, decoded as a number or as a datetime."""
    if value is None:
        return None
    return round(value.timestamp() * 1000) if hasattr(value, "timestamp") else int(value)
