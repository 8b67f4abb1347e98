"""A take as the records and files that the rest of the house reads."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import numpy as np

from vigie_common.errors import BadInputError
from vigie_common.stream import Message
from vigie_common.taxonomy import CLASS_NAMES, CLASS_ORDINAL
from vigie_scene.substreams import substream
from vigie_tracking.core import TrackingCore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.records import Camera, Detections, Tracks
    from vigie_scene.film import Take
    from vigie_scene.spec import Scene

MODEL: Final = "scene"
"""Name of the simulated detector in the records."""

EPOCH_MS: Final = 1_777_881_600_000
"""2026-05-04T08:00Z, a Monday: when scenes begin unless told otherwise."""


def session_of(scene: Scene, start_ms: int) -> str:
    """A session id (UUIDv7) that follows from the scene, its seed and its start."""
    rest = int.from_bytes(substream(scene.seed, "session", scene.scene).bytes(10), "big")
    value = (start_ms & (2**48 - 1)) << 80 | rest
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def detection_records(take: Take, camera_id: str, start_ms: int = EPOCH_MS) -> Iterator[Detections]:
    """The detections topic's record of every frame. A gap is frames that never came: seq goes on without a hole."""
    scene, found = take.scene, take.detections
    lens, session = scene.lens, session_of(scene, start_ms)
    for seq, at in enumerate(take.times_ms.tolist()):
        rows = slice(found.starts[seq], found.starts[seq + 1])
        x1, y1, x2, y2 = found.box[rows].T.tolist()
        record = {
            "camera_id": camera_id,
            "session": session,
            "seq": seq,
            "captured_at": start_ms + at,
            "clock": "stream",
            "status": "ok",
            "reason": None,
            "frame_ref": {"partition": 0, "offset": seq},
            "width": lens.width,
            "height": lens.height,
            "source_width": lens.width,
            "source_height": lens.height,
            "source_frame": None,
            "models": [{"name": MODEL, "version": scene.detector.errors}],
            "x1": x1,
            "y1": y1,
            "x2": x2,
            "y2": y2,
            "score": found.score[rows].tolist(),
            "object_class": [CLASS_NAMES[kind] for kind in found.kind[rows].tolist()],
            "model_index": [0] * len(x1),
        }
        yield cast("Detections", record)


def track_records(take: Take, camera_id: str, start_ms: int = EPOCH_MS) -> Iterator[Tracks]:
    """What the tracking service would make of them: the real core."""
    core = TrackingCore(0)
    for record in detection_records(take, camera_id, start_ms):
        message = Message("detections", 0, record["seq"], camera_id, record["captured_at"], cast("Any", record))
        for output in core.process(message):
            yield cast("Tracks", output.value)


def camera_record(scene: Scene, camera_id: str, site: str = "scene", tags: tuple[str, ...] = ("scene",)) -> Camera:
    """The camera as rules see it: zones and lines in the image, and a calibration that follows from the lens.

    Raises:
        BadInputError: a zone or line is not wholly in the picture.
    """
    lens = scene.lens
    zones = [
        {"name": name, "x": (seen := _in_image(scene, area, f"zone {name}"))[:, 0].tolist(), "y": seen[:, 1].tolist()}
        for name, area in scene.ground.zones.items()
    ]
    lines = []
    for name, line in scene.ground.lines.items():
        (x1, y1), (x2, y2) = _in_image(scene, (line.start, line.end), f"line {name}").tolist()
        labels = {"in_label": line.in_label, "out_label": line.out_label}
        lines.append({"name": name, "x1": x1, "y1": y1, "x2": x2, "y2": y2, **labels})
    shares = np.array([(0.1, 0.95), (0.9, 0.95), (0.15, 0.6), (0.85, 0.6), (0.5, 0.75), (0.5, 0.55)])
    degrees = lens.latitude_longitude(lens.ground(shares * [lens.width, lens.height]))
    (here,) = lens.latitude_longitude([(lens.x_m, lens.y_m)])
    record = {
        "camera_id": camera_id,
        "site": site,
        "version": f"{scene.scene}-{scene.seed}",
        "effective_at": 0,
        "removed": False,
        "title": {"en": scene.about},
        "time_zone": "Europe/Paris",
        "languages": ["en"],
        "holidays": [],
        "source": {
            "kind": "file",
            "uri": f"{scene.scene}.yaml",
            "credentials": None,
            "loop": False,
            "pace": "fast",
            "start": None,
        },
        "sampling": {"fps": scene.sampling.fps, "width": lens.width},
        "models": [MODEL],
        "tags": list(tags),
        "position": {
            "lat": float(here[0]),
            "lon": float(here[1]),
            "height_m": lens.height_m,
            "heading_deg": lens.heading_deg % 360.0,
        },
        "masks": [],
        "zones": zones,
        "lines": lines,
        "calibration": [
            {"x": float(x), "y": float(y), "lat": float(lat), "lon": float(lon)}
            for (x, y), (lat, lon) in zip(shares, degrees, strict=True)
        ],
    }
    return cast("Camera", record)


def camera_file(scene: Scene, camera_id: str, site: str = "scene") -> str:
    """The same camera as a camera file, for rule tests that name it.

    Raises:
        BadInputError: a zone or line is not wholly in the picture.
    """
    record = camera_record(scene, camera_id, site)
    at = record["position"]
    assert at is not None  # noqa: S101 - camera_record always says where
    lines = [
        f"camera: {camera_id}",
        f"title: {{en: {json.dumps(scene.about)}}}",
        f"site: {site}",
        f"source: {{file: {scene.scene}.mp4}}",
        f"sampling: {{fps: {scene.sampling.fps:g}, width: {scene.lens.width}}}",
        "models: [yolox-nano]",
        "tags: [scene]",
        (
            f"position: {{lat: {at['lat']:.7f}, lon: {at['lon']:.7f}, height: {scene.lens.height_m:g} m, "
            f"heading: {at['heading_deg']:g}}}"
        ),
        "zones:",
    ]
    for zone in record["zones"]:
        corners = ", ".join(f"[{x:.5f}, {y:.5f}]" for x, y in zip(zone["x"], zone["y"], strict=True))
        lines.append(f"  {zone['name']}: [{corners}]")
    lines.append("lines:")
    lines += [
        f"  {line['name']}: {{from: [{line['x1']:.5f}, {line['y1']:.5f}], to: [{line['x2']:.5f}, {line['y2']:.5f}], "
        f"in: {json.dumps(line['in_label'])}, out: {json.dumps(line['out_label'])}}}"
        for line in record["lines"]
    ]
    lines.append("calibration:")
    lines += [
        f"  - {{image: [{point['x']:g}, {point['y']:g}], lat: {point['lat']:.8f}, lon: {point['lon']:.8f}}}"
        for point in record["calibration"]
    ]
    for section in ("zones", "lines"):
        if not record[section]:
            lines.remove(f"{section}:")
    return "\n".join(lines) + "\n"


def _in_image(scene: Scene, points: Any, what: str) -> Any:
    lens = scene.lens
    seen = lens.project(points)
    shares = seen[:, :2] / [lens.width, lens.height]
    outside = ~((seen[:, 2] > 0) & (shares >= 0).all(axis=1) & (shares <= 1).all(axis=1))
    if outside.any():
        x, y = points[int(outside.argmax())]
        raise BadInputError(
            f"scene {scene.scene}: {what}: the corner ({x:g} m, {y:g} m) is not in the picture: "
            "move it, or turn the camera"
        )
    return shares


def mot_truth(take: Take, least_visible: float = 0.0) -> str:
    """The truth as a MOTChallenge `gt.txt`.

    Lines of frame (from 1), id, left, top, width, height, 1, class (ordinal of the taxonomy), visibility.

    Args:
        take: what was filmed.
        least_visible: leaves out what can be seen by less than this share.
    """
    truth, lines = take.truth, []
    for frame in range(len(take.times_ms)):
        for row in range(truth.starts[frame], truth.starts[frame + 1]):
            if truth.visibility[row] < least_visible:
                continue
            x1, y1, x2, y2 = truth.box[row].tolist()
            lines.append(
                f"{frame + 1},{truth.entity[row] + 1},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},"
                f"1,{truth.kind[row]},{truth.visibility[row]:.3f}\n"
            )
    return "".join(lines)


def mot_tracks(take: Take) -> str:
    """What the real tracker makes of a take, as MOTChallenge text: `tracks.txt`, with the classes of `mot_truth`."""
    lines = []
    for record in track_records(take, "scene", 0):
        columns = (record[name] for name in ("track_id", "x1", "y1", "x2", "y2", "score", "object_class"))
        for track, x1, y1, x2, y2, score, kind in zip(*columns, strict=True):
            lines.append(
                f"{record['seq'] + 1},{track},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},"
                f"{score:.3f},{CLASS_ORDINAL[kind]},1\n"
            )
    return "".join(lines)


def recorded_tracks(take: Take) -> str:
    """The CSV of recorded tracks that rule tests read, through the real tracker.

    Columns `t_s,track_id,class,x1,y1,x2,y2,score`: seconds from the start, boxes as shares of the image.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("t_s", "track_id", "class", "x1", "y1", "x2", "y2", "score"))
    for record in track_records(take, "scene", 0):
        for k, track in enumerate(record["track_id"]):
            writer.writerow(
                (
                    f"{record['captured_at'] / 1000:.3f}",
                    track,
                    record["object_class"][k],
                    f"{record['x1'][k] / record['width']:.5f}",
                    f"{record['y1'][k] / record['height']:.5f}",
                    f"{record['x2'][k] / record['width']:.5f}",
                    f"{record['y2'][k] / record['height']:.5f}",
                    f"{record['score'][k]:.3f}",
                )
            )
    return text.getvalue()
