"""What is wrong in camera files, and what is allowed there but rarely meant: one engine for every way to check."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vigie_common.camera_file import control_points
from vigie_common.errors import BadInputError
from vigie_common.geometry import length
from vigie_common.ground_plane import doubtful_point, ground_plane
from vigie_rule_engine.lint import read_cameras

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vigie_common.camera_file import CameraFile
    from vigie_common.yaml_document import Problem
    from vigie_common.yaml_model import Located

RESIDUAL_M: Final = 1.0
"""Root mean square of a calibration's residuals above which it is told."""
_SMALL: Final = 4e-4
"""Share of the image: 14 × 14 pixels of 960 × 540."""
_SHORT: Final = 0.03
_COVERED: Final = 0.5
_FAR_M: Final = 500.0
_CANVAS: Final = (640, 360)


@dataclass(frozen=True, slots=True)
class Findings:
    """Of a folder or file."""

    checked: int
    """Camera files that were read, right or wrong."""
    site: str
    errors: tuple[Problem, ...]
    """What `apply` refuses."""
    warnings: tuple[Problem, ...]
    """What it takes, but is rarely meant."""


def check_cameras(place: Path, models: Collection[str] | None, residual_m: float = RESIDUAL_M) -> Findings:
    """The findings of a folder of camera files, or of one file with what its folder says of it.

    Args:
        place: a folder as `read_cameras` takes it, or a camera file.
        models: names in the model catalogue; None: not checked.
        residual_m: a calibration may be so wrong.

    Raises:
        BadInputError: there is no site file, or no camera file.
    """
    one = place.is_file()
    cameras = read_cameras(place.parent if one else place, models)
    errors: Sequence[Problem] = cameras.problems
    warnings = sorted(
        {w for located in cameras.cameras for w in camera_warnings(located, residual_m)}
        | set(_shared_sources(cameras.cameras))
    )
    files = {located.document.file for located in cameras.cameras} | {problem.file for problem in errors}
    if one:
        files &= {str(place)}
        errors = [problem for problem in errors if problem.file in files]
        warnings = [problem for problem in warnings if problem.file in files]
    if not files:
        raise BadInputError(
            f"{place}: no camera file in it nor in cameras/ below it: give the folder that holds them, "
            "each a file of its own ending in .yaml"
        )
    return Findings(len(files), cameras.site.site, tuple(errors), tuple(warnings))


def camera_warnings(located: Located[CameraFile], residual_m: float = RESIDUAL_M) -> list[Problem]:
    """What one right camera file says that is rarely meant."""
    return [*_shapes(located), *_under_masks(located), *_calibration(located, residual_m)]


def _shapes(located: Located[CameraFile]) -> Iterable[Problem]:
    """Zones that hold nobody and lines that nobody crosses."""
    for name, zone in located.content.zones.items():
        area = _area(zone)
        if area < _SMALL:
            message = (
                f"zones.{name}: covers {area * 100:.3f} % of the image, smaller than the foot of anybody in it: "
                "draw it larger, or remove it"
            )
            yield located.problem(["zones", name], message, of_key=True)
    for name, line in located.content.lines.items():
        span = length(line.from_, line.to)
        if span < _SHORT:
            message = (
                f"lines.{name}: {span * 100:.1f} % of the image long, passages beside it are not counted: "
                "draw it across the whole way"
            )
            yield located.problem(["lines", name], message, of_key=True)


def _under_masks(located: Located[CameraFile]) -> Iterable[Problem]:
    """Zones, lines and calibration points that masks hide: what is there cannot be seen."""
    camera = located.content
    if not camera.masks:
        return
    drawn = {name: _filled(mask) for name, mask in camera.masks.items()}
    hidden = np.any(list(drawn.values()), axis=0)
    for name, zone in camera.zones.items():
        inside = _filled(zone)
        share = float(hidden[inside].mean()) if inside.any() else 0.0
        if share >= _COVERED:
            whose = ", ".join(mask for mask, pixels in drawn.items() if (pixels & inside).any())
            message = f"zones.{name}: {share * 100:.0f} % of it is hidden by masks ({whose}): move one of them"
            yield located.problem(["zones", name], message, of_key=True)
    for name, line in camera.lines.items():
        share = float(np.mean([_hides(hidden, _between(line.from_, line.to, k / 200)) for k in range(201)]))
        if share >= _COVERED:
            what = "all of it" if share == 1 else f"{share * 100:.0f} % of it"
            message = f"lines.{name}: {what} is hidden by masks, where nobody is counted: move one of them"
            yield located.problem(["lines", name], message, of_key=True)
    for i, point in enumerate(camera.calibration):
        if _hides(hidden, point.image):
            message = (
                f"calibration[{i}]: point {i + 1} is hidden by a mask: nobody can check it on the picture; "
                "choose one that is seen"
            )
            yield located.problem(["calibration", i], message)


def _calibration(located: Located[CameraFile], residual_m: float) -> Iterable[Problem]:
    """A calibration that does not fit itself, or the camera's own place."""
    camera = located.content
    points = control_points(camera)
    if not points:
        return
    plane = ground_plane(points)
    if plane.rms_m > residual_m:
        doubtful = doubtful_point(points)
        worst, fix = (
            (0, "look at them one by one, or add a sixth, which shows the wrong one")
            if doubtful is None
            else (
                doubtful[0],
                f"without point {doubtful[0] + 1} the others agree to {doubtful[1]:.1f} m: look at it first",
            )
        )
        message = (
            f"calibration: the points disagree by {plane.rms_m:.1f} m (root mean square; {residual_m:g} m is allowed); "
            f"{fix}"
        )
        yield located.problem(["calibration", worst], message)
    if camera.position is not None:
        away = hypot(*plane.local(camera.position.lat, camera.position.lon))
        if away > _FAR_M:
            message = (
                f"position: {away / 1000:.1f} km from the calibration points: one of the two has a wrong lat or lon"
            )
            yield located.problem(["position"], message, of_key=True)


def _shared_sources(cameras: Iterable[Located[CameraFile]]) -> Iterable[Problem]:
    """Cameras that read the same picture: mostly a copied file."""
    first: dict[tuple[str, str], str] = {}
    for located in cameras:
        source = located.content.source
        key = (source.kind, str(getattr(source, source.kind)))
        if key in first:
            message = (
                f"source.{source.kind}: camera {first[key]} reads the same: everybody in it would be counted twice; "
                "write this camera's own"
            )
            yield located.problem(["source", source.kind], message)
        first.setdefault(key, located.content.camera)


def _area(polygon: Sequence[Sequence[float]]) -> float:
    """Share of the image (the shoelace formula)."""
    x, y = np.array(polygon).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _filled(polygon: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """(360, 640): the pixels of a polygon."""
    canvas = np.zeros(_CANVAS[::-1], np.uint8)
    cv2.fillPoly(canvas, [np.rint(np.array(polygon) * (np.array(_CANVAS) - 1)).astype(np.int32)], 1)
    return canvas.astype(np.bool_)


def _hides(hidden: NDArray[np.bool_], point: Sequence[float]) -> bool:
    return bool(hidden[round(point[1] * (_CANVAS[1] - 1)), round(point[0] * (_CANVAS[0] - 1))])


def _between(a: Sequence[float], b: Sequence[float], share: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
