"""A scene drawn: the ground plan in perspective, bodies as plain shapes, and on top truth, detections or tracks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
import cv2
import numpy as np
import numpy.typing as npt

from vigie_common.taxonomy import CLASS_NAMES, ObjectClass
from vigie_scene.bodies import VEHICLES
from vigie_scene.kernels.layout import HIDER
from vigie_scene.kernels.sight import NEAREST_M

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vigie_scene.film import Take
    from vigie_scene.spec import Scene

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

SKY: Final[Colour] = (216, 205, 190)
EARTH: Final[Colour] = (150, 165, 160)
SURFACES: Final[Mapping[str, Colour]] = {
    "road": (96, 94, 92),
    "pavement": (168, 168, 170),
    "crossing": (226, 226, 226),
    "grass": (104, 150, 110),
    "bay": (118, 112, 104),
}
BODIES: Final[Mapping[str, Colour]] = {
    "person": (150, 92, 48),
    "bicycle": (60, 60, 60),
    "car": (74, 84, 170),
    "van": (160, 150, 140),
    "bus": (60, 150, 190),
    "truck": (90, 120, 90),
    "bag": (40, 60, 90),
    "fire": (30, 110, 245),
    "smoke": (190, 190, 190),
}
TRUTH: Final[Colour] = (80, 200, 80)
FOUND: Final[Colour] = (40, 170, 250)
FALSE: Final[Colour] = (60, 60, 230)
ZONE: Final[Colour] = (200, 130, 30)
LINE: Final[Colour] = (30, 30, 220)
HIDER_COLOUR: Final[Colour] = (70, 96, 82)
_FAR_M: Final = 400.0
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def _outline(scene: Scene, corners: Any) -> npt.NDArray[np.int32] | None:
    """A ground polygon in the image, cut off at the camera; None: nothing of it lies ahead."""
    points = np.array(corners, dtype=float)
    seen = scene.lens.project(points)[:, 2] - 2 * NEAREST_M
    kept: list[Any] = []
    for k in range(len(points)):
        n = (k + 1) % len(points)
        if seen[k] > 0:
            kept.append(points[k])
        if (seen[k] > 0) != (seen[n] > 0):
            kept.append(points[k] + seen[k] / (seen[k] - seen[n]) * (points[n] - points[k]))
    if len(kept) < 2:
        return None
    pixels = scene.lens.project(np.array(kept))[:, :2]
    return np.round(pixels.clip(-20_000, 20_000)).astype(np.int32)


def backdrop(scene: Scene, *, geometry: bool = True) -> Image:
    """The empty street (height, width, 3) BGR, with its zones and lines."""
    lens, street = scene.lens, scene.ground
    image = np.full((lens.height, lens.width, 3), SKY, dtype=np.uint8)
    far = [(-_FAR_M, -_FAR_M), (_FAR_M, -_FAR_M), (_FAR_M, _FAR_M), (-_FAR_M, _FAR_M)]
    for colour, area in [(EARTH, far), *((SURFACES[s.kind], s.area) for s in street.surfaces)]:
        if (outline := _outline(scene, area)) is not None:
            cv2.fillPoly(image, [outline], colour, cv2.LINE_AA)
    for lane in street.lanes.values():
        for a, b in zip(lane.points, lane.points[1:], strict=False):
            _dashes(image, scene, np.array(a), np.array(b))
    if geometry:
        _geometry(image, scene)
    return image


def _dashes(image: Image, scene: Scene, a: Any, b: Any) -> None:
    length = float(np.hypot(*(b - a)))
    for start in np.arange(0.0, length, 6.0):
        ends = np.array([a + (b - a) * min(at, length) / length for at in (start, start + 1.5)])
        if (outline := _outline(scene, ends)) is not None and len(outline) == 2:
            cv2.line(image, outline[0].tolist(), outline[1].tolist(), (120, 118, 116), 1, cv2.LINE_AA)


def _geometry(image: Image, scene: Scene) -> None:
    tint = image.copy()
    for name, area in scene.ground.zones.items():
        if (outline := _outline(scene, area)) is None:
            continue
        cv2.fillPoly(tint, [outline], ZONE)
        cv2.polylines(image, [outline], isClosed=True, color=ZONE, thickness=2, lineType=cv2.LINE_AA)
        _label(image, name, outline.mean(axis=0), ZONE)
    cv2.addWeighted(tint, 0.12, image, 0.88, 0, image)
    for name, line in scene.ground.lines.items():
        if (outline := _outline(scene, (line.start, line.end))) is None:
            continue
        cv2.arrowedLine(image, outline[0].tolist(), outline[1].tolist(), LINE, 2, cv2.LINE_AA, tipLength=0.03)
        _label(image, name, outline[0] + (6, -6), LINE)


def _label(image: Image, text: str, at: Any, colour: Colour) -> None:
    (wide, high), _ = cv2.getTextSize(text, _FONT, 0.45, 1)
    x = int(np.clip(at[0], 1, max(1, image.shape[1] - wide - 1)))
    y = int(np.clip(at[1], high + 1, image.shape[0] - 2))
    cv2.putText(image, text, (x, y), _FONT, 0.45, (250, 250, 250), 3, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), _FONT, 0.45, colour, 1, cv2.LINE_AA)


def draw(take: Take, frame: int, *, truth: bool = False, detections: bool = True, on: Image | None = None) -> Image:
    """One frame as the camera sees it (height, width, 3) BGR.

    Args:
        take: what was filmed.
        frame: which one, from 0.
        truth: frames round what is there, dashed by how much is hidden.
        detections: frames round what the detector says, red where nothing is there.
        on: the empty street, when many are drawn.
    """
    image = (backdrop(take.scene) if on is None else on).copy()
    _bodies(image, take, frame)
    if truth:
        rows = range(take.truth.starts[frame], take.truth.starts[frame + 1])
        for row in rows:
            name = take.world.entities[take.truth.entity[row]].name
            _box(image, take.truth.box[row], TRUTH, f"{name} {take.truth.visibility[row]:.0%}")
    if detections:
        found = take.detections
        for row in range(found.starts[frame], found.starts[frame + 1]):
            colour = FOUND if found.entity[row] >= 0 else FALSE
            _box(image, found.box[row], colour, f"{CLASS_NAMES[found.kind[row]]} {found.score[row]:.2f}")
    clock = f"{take.scene.scene}  {take.times_ms[frame] / 1000:.1f} s"
    _label(image, clock, (8, image.shape[0] - 10), (40, 40, 40))
    return image


def _box(image: Image, box: Any, colour: Colour, text: str) -> None:
    x1, y1, x2, y2 = np.round(box).astype(int).tolist()
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2)
    _label(image, text, (x1, y1 - 4), colour)


def _bodies(image: Image, take: Take, frame: int) -> None:
    """Everything that is there, the farthest first."""
    lens, truth, world = take.scene.lens, take.truth, take.world
    shapes: list[tuple[float, Any, Colour, ObjectClass]] = []
    for row in range(truth.starts[frame], truth.starts[frame + 1]):
        entity = truth.entity[row]
        kind = ObjectClass(int(truth.kind[row]))
        depth = float(np.hypot(truth.ground[row, 0] - lens.x_m, truth.ground[row, 1] - lens.y_m))
        colour = BODIES.get(kind.name, (120, 120, 120))
        shade = 1 + 0.25 * (((int(entity) * 7919) % 11) / 5 - 1)
        mixed = (int(min(255, colour[0] * shade)), int(min(255, colour[1] * shade)), int(min(255, colour[2] * shade)))
        shapes.append((depth, truth.box[row], mixed, kind))
    for entity in world.entities:
        if entity.mode == HIDER:
            x, y = entity.path[0, 1:3]
            half, top = entity.body.width / 2, entity.body.height
            seen = lens.project([(x - half, y, 0), (x + half, y, 0), (x - half, y, top), (x + half, y, top)])
            if (seen[:, 2] > NEAREST_M).all():
                box = np.concatenate([seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)])
                shapes.append((float(np.hypot(x - lens.x_m, y - lens.y_m)), box, HIDER_COLOUR, ObjectClass.unknown))
    for _, box, colour, kind in sorted(shapes, key=lambda shape: -shape[0]):
        _body(image, box, colour, kind)


def _body(image: Image, box: Any, colour: Colour, kind: ObjectClass) -> None:
    x1, y1, x2, y2 = box.tolist()
    wide, high = x2 - x1, y2 - y1
    edge = (colour[0] // 2, colour[1] // 2, colour[2] // 2)
    if kind is ObjectClass.person and high > wide:
        head = max(1, round(0.09 * high))
        middle = round((x1 + x2) / 2)
        trunk = (round(x1 + 0.15 * wide), round(y1 + 0.18 * high)), (round(x2 - 0.15 * wide), round(y2))
        cv2.rectangle(image, *trunk, colour, -1, cv2.LINE_AA)
        cv2.circle(image, (middle, round(y1) + head), head, (150, 180, 215), -1, cv2.LINE_AA)
        return
    corner, opposite = (round(x1), round(y1)), (round(x2), round(y2))
    cv2.rectangle(image, corner, opposite, colour, -1, cv2.LINE_AA)
    if kind in VEHICLES and high > 12:
        glass = (round(x1 + 0.15 * wide), round(y1 + 0.12 * high)), (round(x2 - 0.15 * wide), round(y1 + 0.42 * high))
        cv2.rectangle(image, *glass, (205, 190, 170), -1, cv2.LINE_AA)
    cv2.rectangle(image, corner, opposite, edge, 1, cv2.LINE_AA)


def write_video(take: Take, path: Path, *, truth: bool = False, detections: bool = True, noise: float = 0.0) -> int:
    """A take as an H.264 video at the sampling's rate; gives the number of frames.

    Args:
        take: what was filmed.
        path: where to; the ending says the container.
        truth: as `draw`.
        detections: as `draw`.
        noise: standard deviation of the camera's noise, grey levels.
    """
    lens = take.scene.lens
    rng = np.random.Generator(np.random.PCG64(take.scene.seed))
    on = backdrop(take.scene, geometry=truth or detections)
    even = (lens.height // 2 * 2, lens.width // 2 * 2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(take.scene.sampling.fps).limit_denominator(1000))
        stream.height, stream.width = even
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast"}
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        for k, at in enumerate(take.times_ms.tolist()):
            image = draw(take, k, truth=truth, detections=detections, on=on)[: even[0], : even[1]]
            if noise:
                grain = noise * rng.standard_normal(image.shape, dtype=np.float32)
                image = (image + grain).clip(0, 255).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            picture.pts, picture.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return len(take.times_ms)
