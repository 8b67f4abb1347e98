"""The camera file, one YAML file a camera.

Geometry belongs here, so that one rule serves many cameras. Coordinates are shares of the image, 0..1.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from vigie_common.camera_source import SourceSection
from vigie_common.field_types import Identifier, Name, Text, Texts
from vigie_common.geometry import crossing_edges, length
from vigie_common.ground_plane import FEWEST, CalibrationError, ControlPoint, ground_plane
from vigie_common.instants import clock_change
from vigie_common.site_file import SITE_FILE, SiteFile
from vigie_common.units import DISTANCE_PATTERN, parse_distance
from vigie_common.yaml_document import InvalidFileError, Problem
from vigie_common.yaml_model import FileModel, Located, load, nearest


def _share(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError("outside 0..1: divide pixels by the image's width (x) or height (y)")
    return value


def _corners(value: object) -> object:
    """Refuses the numbers of corners in a row."""
    if isinstance(value, list) and value and all(isinstance(one, int | float) for one in value):
        pairs = [f"[{x:g}, {y:g}]" for x, y in zip(value[::2], value[1::2], strict=False)]
        more = ", …" if len(pairs) > 3 or not pairs else ""
        raise ValueError(f"numbers in a row: write each corner as [x, y]: [{', '.join(pairs[:3])}{more}]")
    return value


def _polygon(points: list[list[float]]) -> list[list[float]]:
    if len(points) < 3:
        raise ValueError(f"a polygon needs 3 corners or more, {len(points)} given")
    crossing = crossing_edges(points)
    if crossing is not None:
        first, second = crossing
        raise ValueError(
            f"the polygon crosses or touches itself: the edge after corner {first + 1} meets the edge after "
            f"corner {second + 1}; list the corners in order round the area"
        )
    return points


def _metres(value: object) -> object:
    if parse_distance(value).unit != "m":
        raise ValueError("must be in metres: write 6 m")
    return value


Share = Annotated[float, AfterValidator(_share), WithJsonSchema({"type": "number", "minimum": 0.0, "maximum": 1.0})]
Point = Annotated[list[Share], Field(min_length=2, max_length=2, description="x, y: shares of the image")]
Polygon = Annotated[
    list[Point],
    BeforeValidator(_corners),
    AfterValidator(_polygon),
    Field(max_length=256),
    Field(json_schema_extra={"minItems": 3}),
]
Metres = Annotated[str, BeforeValidator(_metres), WithJsonSchema({"type": "string", "pattern": DISTANCE_PATTERN})]


class SamplingSection(FileModel):
    """How often and how large."""

    fps: Annotated[float, Field(ge=0.1, le=30)] = Field(default=2.0, description="frames a second")
    still_fps: Annotated[float, Field(ge=0.1, le=30)] | None = Field(
        default=None, description="frames a second while nothing moves in the scene; none: always fps"
    )
    width: Annotated[int, Field(ge=64, le=7680)] = Field(
        default=960, description="pixels of the sampled frame; the height follows"
    )

    @model_validator(mode="after")
    def _still_is_slower(self) -> "SamplingSection":
        if self.still_fps is not None and self.still_fps > self.fps:
            raise ValueError(
                f"still_fps {self.still_fps:g} is above fps {self.fps:g}: it is the rate of a still scene; "
                "give a lower one, or leave it out"
            )
        return self


class PositionSection(FileModel):
    """Where the camera stands, WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    height: Metres | None = Field(default=None, description="above the ground, such as 6 m")
    heading: Annotated[float, Field(ge=0, lt=360)] | None = Field(
        default=None, description="degrees clockwise from north"
    )


class LineSection(FileModel):
    """A line to count over; looking from `from` to `to`, left to right is in."""

    shape: ClassVar[str] = "{from: [0.10, 0.60], to: [0.90, 0.60]}"

    from_: Point = Field(alias="from")
    to: Point
    in_: Text = Field(default="in", alias="in", description="what the direction left to right is called")
    out: Text = Field(default="out", description="what the direction right to left is called")

    @model_validator(mode="after")
    def _has_length(self) -> "LineSection":
        if length(self.from_, self.to) == 0.0:
            raise ValueError("the line has no length: from and to are the same point; move one of them")
        return self


class CalibrationPoint(FileModel):
    """A point of the ground seen in the image."""

    image: Point
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


def _calibration(points: list[CalibrationPoint]) -> list[CalibrationPoint]:
    if points and len(points) < FEWEST:
        raise ValueError(f"four points or more are needed, or none: {len(points)} given")
    return points


class CameraFile(FileModel):
    """One camera: where it is, how it is read, and the geometry that rules refer to."""

    camera: Identifier = Field(description="id of the camera, unique in the deployment")
    title: Texts = Field(description="by language")
    site: Identifier = Field(description="id of the site, as in site.yaml")
    source: SourceSection
    sampling: SamplingSection = SamplingSection()
    models: list[Name] = Field(min_length=1, description="names in the model catalogue")
    tags: list[Name] = Field(default=[], description="rules select cameras by tag")
    position: PositionSection | None = None
    masks: dict[Name, Polygon] = Field(default={}, description="burned in before an image leaves the sampler")
    zones: dict[Name, Polygon] = Field(default={}, description="areas that rules name")
    lines: dict[Name, LineSection] = Field(default={}, description="lines that rules count over")
    calibration: Annotated[list[CalibrationPoint], AfterValidator(_calibration)] = Field(
        default=[], description="ground points seen in the image: four or more, or none"
    )


def read_camera(path: Path) -> Located[CameraFile]:
    """The camera file at a path.

    Raises:
        InvalidFileError: everything that is wrong, and where.
    """
    located = load(path, CameraFile)
    camera = located.content
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for section in ("masks", "zones", "lines"):
        for shape in getattr(camera, section):
            if shape in first:
                message = (
                    f'{section}.{shape}: the name "{shape}" is taken in {first[shape]}: rename one, '
                    "so that a message can name it alone"
                )
                problems.append(located.problem([section, shape], message, of_key=True))
            first.setdefault(shape, section)
    for field in ("models", "tags"):
        values: list[str] = getattr(camera, field)
        problems += [
            located.problem([field, i], f'{field}[{i}]: "{value}" is listed twice: remove one')
            for i, value in enumerate(values)
            if value in values[:i]
        ]
    if camera.calibration:
        try:
            ground_plane(control_points(camera))
        except CalibrationError as error:
            place: list[object] = ["calibration"] if error.point is None else ["calibration", error.point]
            problems.append(located.problem(place, f"calibration: {error}"))
    if problems:
        raise InvalidFileError(problems)
    return located


def control_points(camera: CameraFile) -> tuple[ControlPoint, ...]:
    """The calibration of a camera file, as `ground_plane` takes it."""
    return tuple(ControlPoint(p.image[0], p.image[1], p.lat, p.lon) for p in camera.calibration)


def camera_problems(located: Located[CameraFile], site: SiteFile, models: Collection[str] | None) -> list[Problem]:
    """What a camera file says that its site or the model catalogue does not know.

    Args:
        located: the camera file.
        site: its site.
        models: names in the model catalogue; None: not checked.
    """
    camera = located.content
    problems = []
    if camera.site != site.site:
        message = f'site: "{camera.site}" is not the site of {SITE_FILE}: write {site.site}'
        problems.append(located.problem(["site"], message))
    for i, model in enumerate(camera.models if models is not None else ()):
        if models is not None and model not in models:
            known = ", ".join(sorted(models)) or "none"
            hint = f"; known: {known}{nearest(model, models)}"
            message = f'models[{i}]: "{model}" is not in the model catalogue{hint}'
            problems.append(located.problem(["models", i], message))
    start = camera.source.start
    change = None if start is None else clock_change(start, site.time_zone)
    if change is not None:
        problems.append(located.problem(["source", "start"], f"source.start: {start}: {change}"))
    return problems
