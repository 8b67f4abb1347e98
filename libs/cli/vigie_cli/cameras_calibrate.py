"""The calibration of one camera file: points in, errors told, and the points written into the file as it stands."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

from vigie_common.camera_file import CameraFile
from vigie_common.errors import BadInputError
from vigie_common.ground_plane import (
    FEWEST,
    CalibrationError,
    ControlPoint,
    doubtful_point,
    ground_plane,
    leave_one_out_m,
)
from vigie_common.utf8 import not_utf8
from vigie_common.yaml_document import InvalidFileError, Mark, Problem
from vigie_common.yaml_model import validated
from vigie_common.yaml_source import parse_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vigie_common.ground_plane import GroundPlane
    from vigie_common.yaml_document import Document

COLUMNS: Final = ("x", "y", "lat", "lon")
_BETTER: Final = 0.5
"""A point is doubtful if the error without it is less than this share of the error with it, …"""
_TOLD_M: Final = 0.1
"""… and that is at least this, metres."""
_BOUNDS: Final = {"x": (0.0, 1.0), "y": (0.0, 1.0), "lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}


@dataclass(frozen=True, slots=True)
class Calibration:
    """A ground plane and the points it follows from."""

    points: tuple[ControlPoint, ...]
    plane: GroundPlane
    apart_m: tuple[float, ...]
    """Leave-one-out errors; () with four points."""

    doubtful: tuple[int, float] | None
    """`doubtful_point`; None with fewer than six points."""


def calibrate(points: Sequence[ControlPoint], name: str, lines: Sequence[int] = ()) -> Calibration:
    """The ground plane of points.

    Args:
        points: four or more.
        name: of the file they come from, for messages.
        lines: of that file, one a point; none: the message names the point alone.

    Raises:
        BadInputError: no ground plane follows from them.
    """
    try:
        plane = ground_plane(points)
    except CalibrationError as error:
        mark = Mark(lines[error.point], 1) if error.point is not None and lines else None
        raise InvalidFileError([Problem(name, mark or Mark(1, 1), str(error))]) from error
    return Calibration(tuple(points), plane, leave_one_out_m(points), doubtful_point(points))


def read_points(path: Path, size: tuple[int, int] | None) -> tuple[list[ControlPoint], list[int]]:
    """The points of a CSV file with the columns x, y, lat, lon, and the line of each.

    Args:
        path: of the file.
        size: width and height of the image if x and y are its pixels; None: they are shares of it, 0..1.

    Raises:
        InvalidFileError: every line that is wrong, and why.
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line, column, wrong = not_utf8(error)
        raise InvalidFileError([Problem(name, Mark(line, column), f"{wrong}: save the file as UTF-8")]) from error
    dialect = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=dialect, skipinitialspace=True)
    given = [(field or "").strip() for field in rows.fieldnames or ()]
    if sorted(set(given) & set(COLUMNS)) != sorted(COLUMNS):
        message = f"the first line is {', '.join(given) or 'empty'}: it must name the columns {', '.join(COLUMNS)}"
        raise InvalidFileError([Problem(name, Mark(1, 1), message)])
    rows.fieldnames = given
    points, lines, problems = [], [], []
    for row in rows:
        try:
            points.append(_point(row, size))
            lines.append(rows.line_num)
        except ValueError as error:
            problems.append(Problem(name, Mark(rows.line_num, 1), str(error)))
    if problems:
        raise InvalidFileError(problems)
    return points, lines


def _point(row: dict[str, str], size: tuple[int, int] | None) -> ControlPoint:
    values = {}
    for column in COLUMNS:
        text = (row.get(column) or "").strip()
        try:
            value = float(text if "," not in text else text.replace(",", "."))
        except ValueError as error:
            raise ValueError(f'{column}: "{text}" is not a number') from error
        if size is not None and column in {"x", "y"}:
            value /= size[column == "y"]
        low, high = _BOUNDS[column]
        if not low <= value <= high:
            fix = "x and y are shares of the image, 0..1; for pixels give --size WIDTHxHEIGHT"
            if column in {"lat", "lon"}:
                fix = f"give degrees, {low:g} to {high:g}"
            elif size is not None:
                fix = f"outside an image of {size[0]} × {size[1]} pixels"
            raise ValueError(f"{column}: {text} is out of range: {fix}")
        values[column] = value
    return ControlPoint(**values)


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of `1920x1080`.

    Raises:
        BadInputError: it is not that.
    """
    found = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.strip())
    if found is None:
        raise BadInputError(f"--size {text}: write width and height of the image in pixels, such as 1920x1080")
    return int(found[1]), int(found[2])


def write_calibration(path: Path, document: Document, points: Sequence[ControlPoint]) -> None:
    """Put points into a camera file in place of those it has; every other line stays as it is, comments too.

    The file is replaced at once, and only by one that reads well.

    Raises:
        BadInputError: the file is written as one {…}, where no block can be put.
    """
    text = path.read_bytes().decode("utf-8")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    keys = document.root.keys
    if any(mark.column != 1 for mark in keys.values()):
        raise BadInputError(f"{path}: its keys do not begin their lines: write one key a line, then try again")
    block = ["calibration:"] + [
        f"  - {{image: [{p.x:.5g}, {p.y:.5g}], lat: {p.lat:.7f}, lon: {p.lon:.7f}}}" for p in points
    ]
    if "calibration" in keys:
        begin = keys["calibration"].line - 1
        end = min((mark.line - 1 for mark in keys.values() if mark.line - 1 > begin), default=len(lines))
        while end > begin + 1 and re.match(r"\s*(#|$)", lines[end - 1]):
            end -= 1  # what stands between belongs to the next key
    else:
        begin = end = len(lines)
    if begin and not lines[begin - 1].endswith(("\n", "\r")):
        lines[begin - 1] += newline
    whole = "".join([*lines[:begin], *(line + newline for line in block), *lines[end:]])
    validated(parse_document(whole.removeprefix("\ufeff"), str(path)), CameraFile)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(whole.encode())
    beside.chmod(path.stat().st_mode)
    beside.replace(path)


def report(calibration: Calibration, size: tuple[int, int]) -> list[str]:
    """What to know of a calibration, line by line; `size` is the sampled image's, whose pixels are meant."""
    plane, points = calibration.plane, calibration.points
    plane_m = plane.rms_m
    doubtful = calibration.doubtful if plane_m >= _TOLD_M else None
    if doubtful is not None and doubtful[1] > _BETTER * plane_m:
        doubtful = None
    lines = ["point      x      y         lat         lon  residual  others alone"]
    for i, point in enumerate(points):
        residual = f"{plane.residuals_m[i]:6.2f} m" if len(points) > FEWEST else "       -"
        apart = f"{calibration.apart_m[i]:10.2f} m" if calibration.apart_m else "           -"
        worst = f"  <- without it {doubtful[1]:.2f} m: look at it first" if doubtful and doubtful[0] == i else ""
        lines.append(
            f"{i + 1:5d}  {point.x:5.3f}  {point.y:5.3f}  {point.lat:10.6f}  {point.lon:10.6f}  "
            f"{residual}  {apart.replace('nan m', 'needed')}{worst}"
        )
    if len(points) <= FEWEST:
        lines.append("four points fit any plane, right or wrong: a fifth lets them check each other")
    else:
        known = [error for error in calibration.apart_m if isfinite(error)]
        middle = f", {(sum(e * e for e in known) / len(known)) ** 0.5:.2f} m by the others alone" if known else ""
        lines.append(f"error (root mean square): {plane_m:.2f} m at the points{middle}")
    for word, y in (("near (bottom)", 1.0), ("middle", None), ("far (the highest point)", min(p.y for p in points))):
        at = y if y is not None else (1.0 + min(p.y for p in points)) / 2
        metres = plane.metres_per_pixel(0.5, at, size)
        lines.append(f"one pixel of {size[0]} × {size[1]}, {word}: {metres:.3f} m" if isfinite(metres) else "")
    return [line for line in lines if line]
