"""The Camera record (`schemas/camera`) that a camera file becomes, and the one that takes a camera out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie_common.digest import content_digest
from vigie_common.instants import parse_instant
from vigie_common.units import parse_distance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vigie_common.camera_file import CameraFile
    from vigie_common.site_file import SiteFile


def camera_record(camera: CameraFile, site: SiteFile, folder: Path, effective_at: int) -> dict[str, Any]:
    """The Camera record (`schemas/camera`) of a camera file.

    `version` is the digest of everything but `effective_at`: the same file gives the same version.

    Args:
        camera: content of the file.
        site: its site: time zone, languages and holidays travel along.
        folder: where relative paths of the source begin.
        effective_at: event time from which it holds, ms.
    """
    source, position = camera.source, camera.position
    uri = str(getattr(source, source.kind))
    content: dict[str, Any] = {
        "camera_id": camera.camera,
        "site": site.site,
        "removed": False,
        "title": dict(camera.title),
        "time_zone": site.time_zone,
        "languages": list(site.languages),
        "holidays": sorted(site.holidays),
        "source": {
            "kind": source.kind,
            "uri": uri if source.remote else str((folder / uri).resolve()),
            "credentials": source.credentials,
            "loop": source.loop,
            "pace": source.pace,
            "start": parse_instant(source.start, site.time_zone) if source.start is not None else None,
        },
        "sampling": {
            "fps": float(camera.sampling.fps),
            "still_fps": None if camera.sampling.still_fps is None else float(camera.sampling.still_fps),
            "width": camera.sampling.width,
        },
        "models": list(camera.models),
        "tags": sorted(camera.tags),
        "position": None
        if position is None
        else {
            "lat": float(position.lat),
            "lon": float(position.lon),
            "height_m": None if position.height is None else parse_distance(position.height).value,
            "heading_deg": None if position.heading is None else float(position.heading),
        },
        "masks": _polygons(camera.masks),
        "zones": _polygons(camera.zones),
        "lines": [
            {
                "name": name,
                "x1": float(line.from_[0]),
                "y1": float(line.from_[1]),
                "x2": float(line.to[0]),
                "y2": float(line.to[1]),
                "in_label": line.in_,
                "out_label": line.out,
            }
            for name, line in sorted(camera.lines.items())
        ],
        "calibration": [
            {"x": float(p.image[0]), "y": float(p.image[1]), "lat": float(p.lat), "lon": float(p.lon)}
            for p in camera.calibration
        ],
    }
    return {
        **content,
        "version": content_digest(content),
        "effective_at": effective_at,
        "view_confirmed_at": None,
    }


def removal_record(record: Mapping[str, Any], effective_at: int) -> dict[str, Any]:
    """The Camera record that takes a camera out of service at `effective_at`."""
    apart = {"version", "effective_at", "view_confirmed_at"}
    content = {**{name: value for name, value in record.items() if name not in apart}, "removed": True}
    return {**content, "version": content_digest(content), "effective_at": effective_at, "view_confirmed_at": None}


def _polygons(shapes: Mapping[str, list[list[float]]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "x": [float(p[0]) for p in points], "y": [float(p[1]) for p in points]}
        for name, points in sorted(shapes.items())
    ]
