"""A camera's view with what its file says drawn on it: zones, lines, masks, calibration points, a grid of metres. Pure.

Colours are BGR. Every stroke has a dark rim and every word a plate, so that both are legible on any picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import hypot
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from vigie_alert.lettering import put_text, text_height, text_width
from vigie_common.errors import BadInputError
from vigie_common.ground_plane import ControlPoint, ground_plane

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vigie_common.ground_plane import GroundPlane

    Image = NDArray[np.uint8]
    Colour = tuple[int, int, int]
    Pixel = tuple[int, int]

NARROWEST: Final = 960
"""Pixels: a smaller picture is enlarged, so that words on it are legible at two thirds of that."""

# apart from each other for colour-blind eyes too (Okabe & Ito)
_ZONES: Final[tuple[Colour, ...]] = ((233, 180, 86), (66, 228, 240), (115, 158, 0), (167, 121, 204), (0, 159, 230))
_LINE: Final[Colour] = (80, 80, 255)
_POINT: Final[Colour] = (255, 255, 255)
_MASK: Final[Colour] = (150, 150, 150)
_TRACK: Final[Colour] = (120, 255, 120)
_GRID: Final[Colour] = (230, 230, 90)
_INK: Final[Colour] = (20, 20, 20)
_BESIDE: Final = sorted(
    product((0, -1.1, 1.1), (0, -1.1, 1.1, -2.2, 2.2, -3.3, 3.3)), key=lambda d: hypot(3 * d[0], d[1])
)
"""Where a plate goes, in its own widths and heights from where it should be: the first free place."""
_TRACK_SCALE: Final = 0.42
"""Of the letters at a track: there may be many."""
_STEPS_M: Final = (0.5, 1, 2, 5, 10, 20, 50, 100)
_GRID_LINES: Final = 12
_ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg"})
_WORDS: Final = {"fr": {"mask": "masque", "grid": "maille", "north": "N"}, "en": {"grid": "grid"}}


@dataclass(frozen=True, slots=True)
class _Pen:
    """An image and the scale of everything that is drawn into it."""

    image: Image
    unit: float
    taken: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Where no plate may go: left, top, right, bottom."""
    words: list[tuple[str, Pixel, Colour, float]] = field(default_factory=list)
    """Waiting for all strokes to be drawn: what is said first has its place first."""

    def at(self, x: float, y: float) -> Pixel:
        height, width = self.image.shape[:2]
        return round(x * (width - 1)), round(y * (height - 1))

    def px(self, size: float) -> int:
        return max(round(size * self.unit), 1)

    def stroke(
        self, points: Sequence[tuple[float, float]], colour: Colour, thick: float, *, closed: bool = False
    ) -> None:
        """A line with a dark rim; pixels may be fractions."""
        polygon = [np.rint(np.array(points) * 16).astype(np.int32)]
        for ink, width in ((_INK, thick + 2), (colour, thick)):
            cv2.polylines(self.image, polygon, closed, ink, self.px(width), cv2.LINE_AA, 4)

    def arrow(self, start: Pixel, end: Pixel, colour: Colour) -> None:
        for ink, width in ((_INK, 5), (colour, 3)):
            cv2.arrowedLine(self.image, start, end, ink, self.px(width), cv2.LINE_AA, tipLength=0.3)
        (left, right), (top, bottom) = (sorted(pair) for pair in zip(start, end, strict=True))
        dx, dy = round((right - left) * 0.3), round((bottom - top) * 0.3)
        self.taken.append((left + dx, top + dy, right - dx, bottom - dy))

    def dot(self, centre: Pixel, colour: Colour, radius: float, *, hollow: bool = False) -> None:
        cv2.circle(self.image, centre, self.px(radius + 2), _INK, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(self.image, centre, self.px(radius), colour, cv2.FILLED, cv2.LINE_AA)
        if hollow:
            cv2.circle(self.image, centre, self.px(radius * 0.45), _INK, cv2.FILLED, cv2.LINE_AA)

    def label(self, text: str, centre: Pixel, colour: Colour, scale: float = 0.6) -> None:
        """Have a plate with dark letters at `centre`."""
        self.words.append((text, centre, colour, scale))

    def finish(self) -> Image:
        """The image with its plates on it, each beside its place where others are, and inside the image."""
        for text, centre, colour, scale in self.words:
            self._write(text, centre, colour, scale * self.unit)
        return self.image

    def _write(self, text: str, centre: Pixel, colour: Colour, scale: float) -> None:
        pad = self.px(8 * scale / self.unit)
        wide, high = text_width(text, scale, 1) + 2 * pad, round(text_height(scale) * 1.4) + 2 * pad
        plates = [self._plate((centre[0] + dx * wide, centre[1] + dy * high), wide, high) for dx, dy in _BESIDE]
        x, y, right, bottom = next((plate for plate in plates if self._free(plate)), plates[0])
        self.taken.append((x, y, right, bottom))
        cv2.rectangle(self.image, (x, y), (right, bottom), colour, cv2.FILLED)
        cv2.rectangle(self.image, (x, y), (right, bottom), _INK, 1)
        put_text(self.image, text, (x + pad, bottom - pad - round(text_height(scale) * 0.2)), scale, _INK, 1)

    def _plate(self, centre: tuple[float, float], wide: int, high: int) -> tuple[int, int, int, int]:
        height, width = self.image.shape[:2]
        x = min(max(round(centre[0]) - wide // 2, 0), max(width - wide, 0))
        y = min(max(round(centre[1]) - high // 2, 0), max(height - high, 0))
        return x, y, x + wide, y + high

    def _free(self, plate: tuple[int, int, int, int]) -> bool:
        left, top, right, bottom = plate
        return all(right < l or r < left or bottom < t or b < top for l, t, r, b in self.taken)


def draw_camera(
    image: Image, camera: Mapping[str, Any], language: str = "en", tracks: Mapping[str, Any] | None = None
) -> Image:
    """The view with the masks, zones, lines and calibration points of a Camera record; `image` stays as it is.

    With `tracks`, the Tracks record of this very frame, the boxes of what is tracked, numbered in its order, too.
    """
    pen = _pen(image)
    for mask in camera["masks"]:
        _draw_mask(pen, mask, language)
    for number, zone in enumerate(camera["zones"]):
        corners = [pen.at(x, y) for x, y in zip(zone["x"], zone["y"], strict=True)]
        colour = _ZONES[number % len(_ZONES)]
        _fill(pen.image, corners, colour, 0.22)
        pen.stroke(corners, colour, 2, closed=True)
    for line in camera["lines"]:
        _draw_line(pen, line)
    _draw_points(pen, [ControlPoint(**point) for point in camera["calibration"]], ())
    for number, zone in enumerate(camera["zones"]):  # a zone is large: its name gives way to those of the others
        middle = pen.at(*_inside(zone["x"], zone["y"]))
        pen.label(zone["name"], middle, _ZONES[number % len(_ZONES)])
    if tracks is not None:
        _draw_tracks(pen, tracks)
    return pen.finish()


def draw_grid(image: Image, plane: GroundPlane, points: Sequence[ControlPoint], language: str = "en") -> Image:
    """The view with a grid of metres on the ground, north, and the points with their residuals; `image` stays."""
    pen = _pen(image)
    height, width = pen.image.shape[:2]
    step, east, north = _extent(plane, points)
    for constant, other, along_east in [(e, north, False) for e in east] + [(n, east, True) for n in north]:
        places = [(t, constant) if along_east else (constant, t) for t in np.linspace(other[0], other[-1], 120)]
        seen = [plane.image(e, n) for e, n in places]
        for part in _runs(seen):
            pen.stroke([(x * (width - 1), y * (height - 1)) for x, y in part], _GRID, 1)
    start = (0.5, (1.0 + min(point.y for point in points)) / 2)
    here = plane.metres(*start)
    end = plane.image(here[0], here[1] + step)
    if all(-0.5 < v < 1.5 for v in end):
        pen.arrow(pen.at(*start), pen.at(*end), _GRID)
        pen.label("N", pen.at(*end), _GRID)
    _draw_points(pen, points, plane.residuals_m)
    word = _WORDS[language].get("grid", "grid")
    pen.label(f"{word} {step:g} m", (pen.px(70), pen.image.shape[0] - pen.px(20)), _GRID)
    return pen.finish()


def check_picture_name(path: Path) -> None:
    """Nothing, where a picture can be written under this name.

    Raises:
        BadInputError: its ending is of no kind of picture that is written here.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise BadInputError(f"{path}: no picture is written as {path.suffix or 'that'}: use .png or .jpg")


def write_picture(image: Image, path: Path) -> None:
    """Write a picture; the ending of the name says how.

    Raises:
        BadInputError: nobody writes such a picture.
        OSError: it cannot be written there.
    """
    check_picture_name(path)
    _, data = cv2.imencode(path.suffix.lower(), image)
    path.write_bytes(data.tobytes())


def read_picture(data: bytes, name: str) -> Image:
    """The picture in these bytes; `name` is named in errors.

    Raises:
        BadInputError: it is none.
    """
    packed = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(packed, cv2.IMREAD_COLOR) if packed.size else None
    if image is None:
        raise BadInputError(f"{name}: not a picture that can be read: give a JPEG or PNG")
    return image.astype(np.uint8, copy=False)


def burn_masks(image: Image, masks: Iterable[Mapping[str, Any]]) -> Image:
    """The picture without what the masks hide, as the sampler would have given it."""
    burnt = image.copy()
    height, width = image.shape[:2]
    for mask in masks:
        corners = np.stack([np.array(mask["x"]) * width, np.array(mask["y"]) * height], axis=1)
        cv2.fillPoly(burnt, [np.rint(corners).astype(np.int32)], (0, 0, 0))
    return burnt


def _pen(image: Image) -> _Pen:
    height, width = image.shape[:2]
    if width < NARROWEST:
        enlarged = cv2.resize(image, (NARROWEST, round(height * NARROWEST / width)), interpolation=cv2.INTER_CUBIC)
        return _Pen(enlarged.astype(np.uint8, copy=False), 1.0)
    return _Pen(image.copy(), width / NARROWEST)


def _fill(image: Image, corners: Sequence[Pixel], colour: Colour, share: float) -> None:
    filled = image.copy()
    cv2.fillPoly(filled, [np.array(corners, np.int32)], colour)
    cv2.addWeighted(filled, share, image, 1 - share, 0, dst=image)


def _draw_mask(pen: _Pen, mask: Mapping[str, Any], language: str) -> None:
    """Hatched, so that nobody takes it for a zone."""
    corners = [pen.at(x, y) for x, y in zip(mask["x"], mask["y"], strict=True)]
    area = np.zeros(pen.image.shape[:2], np.uint8)
    cv2.fillPoly(area, [np.array(corners, np.int32)], 255)
    hatched = pen.image.copy()
    height, width = pen.image.shape[:2]
    for x in range(-height, width, pen.px(14)):
        cv2.line(hatched, (x, height), (x + height, 0), _MASK, pen.px(2), cv2.LINE_AA)
    pen.image[area > 0] = hatched[area > 0]
    pen.stroke(corners, _MASK, 2, closed=True)
    word = _WORDS[language].get("mask", "mask")
    pen.label(f"{word} {mask['name']}", pen.at(*_inside(mask["x"], mask["y"])), _MASK)


def _draw_line(pen: _Pen, line: Mapping[str, Any]) -> None:
    """The line from its full end to its hollow one, and across it an arrow the way that counts as in."""
    start, end = pen.at(line["x1"], line["y1"]), pen.at(line["x2"], line["y2"])
    pen.stroke([start, end], _LINE, 4)
    pen.dot(start, _LINE, 7)
    pen.dot(end, _LINE, 7, hollow=True)
    along = np.array(end, float) - np.array(start, float)
    size = float(np.linalg.norm(along)) or 1.0
    right = np.array([-along[1], along[0]]) / size  # of somebody who looks along the line, on the screen
    middle = (np.array(start) + np.array(end)) / 2
    reach = min(max(0.25 * size, pen.px(45)), pen.px(80))
    head, tail = middle + right * reach, middle - right * reach * 0.8
    pen.arrow(_pixel(middle - right * reach * 0.5), _pixel(head), _LINE)
    pen.label(line["in_label"], _pixel(head + right * pen.px(16)), _LINE)
    pen.label(line["out_label"], _pixel(tail - right * pen.px(8)), _LINE)
    pen.label(line["name"], _pixel(np.array(start) + along * 0.15), _POINT)


def _draw_tracks(pen: _Pen, tracks: Mapping[str, Any]) -> None:
    """Each with its number in the record; boxes that are none, or far too large, are left out."""
    names = ("x1", "y1", "x2", "y2", "object_class")
    for number, (x1, y1, x2, y2, what) in enumerate(zip(*(tracks[name] for name in names), strict=True), 1):
        box = np.array([x1, y1, x2, y2]) / np.array([tracks["width"], tracks["height"]] * 2)
        if not (np.abs(box) < 2).all():
            continue
        (left, top), (right, bottom) = pen.at(box[0], box[1]), pen.at(box[2], box[3])
        pen.stroke([(left, top), (right, top), (right, bottom), (left, bottom)], _TRACK, 3, closed=True)
        pen.label(f"{what} {number}", ((left + right) // 2, top - pen.px(12)), _TRACK, _TRACK_SCALE)


def _draw_points(pen: _Pen, points: Sequence[ControlPoint], residuals_m: Sequence[float]) -> None:
    if points and not residuals_m:
        residuals_m = ground_plane(points).residuals_m
    for number, (point, residual) in enumerate(zip(points, residuals_m, strict=True), 1):
        x, y = pen.at(point.x, point.y)
        arm = pen.px(9)
        pen.stroke([(x - arm, y), (x + arm, y)], _POINT, 2)
        pen.stroke([(x, y - arm), (x, y + arm)], _POINT, 2)
        said = f"{number}: {residual:.2f} m" if len(points) > 4 else f"{number}"
        pen.label(said, (x, y - pen.px(24)), _POINT)


def _inside(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """A place well inside a polygon: where its edge is farthest (its centroid may lie outside)."""
    size = 200
    corners = np.rint(np.stack([np.array(xs), np.array(ys)], axis=1) * (size - 1)).astype(np.int32)
    area = np.zeros((size + 2, size + 2), np.uint8)
    cv2.fillPoly(area, [corners + 1], 1)
    depth = cv2.distanceTransform(area, cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return (int(x) - 1) / (size - 1), (int(y) - 1) / (size - 1)


def _extent(plane: GroundPlane, points: Sequence[ControlPoint]) -> tuple[float, NDArray[Any], NDArray[Any]]:
    """The step of the grid, and the metres east and north of its lines: the points and half their spread round."""
    ground = np.array([plane.local(p.lat, p.lon) for p in points])
    low, high = ground.min(axis=0), ground.max(axis=0)
    around = 0.5 * float((high - low).max())
    low, high = low - around, high + around
    step = next((s for s in _STEPS_M if float((high - low).max()) / s <= _GRID_LINES), _STEPS_M[-1])
    east, north = (np.arange(np.floor(low[i] / step), np.ceil(high[i] / step) + 1) * step for i in (0, 1))
    return step, east, north


def _runs(seen: Iterable[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The parts of a line that are in the image or close to it."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in seen:
        if -0.5 < x < 1.5 and -0.5 < y < 1.5:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _pixel(place: NDArray[Any]) -> Pixel:
    return round(float(place[0])), round(float(place[1]))
