"""The camera file: one YAML file a camera, and the Camera record it becomes.

Geometry belongs here, so that one rule serves many cameras. Coordinates are shares of the image, 0..1.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from vigie_common.digest import content_digest
from vigie_common.field_types import EventTimeText, Identifier, Name, Text, Texts
from vigie_common.geometry import crossing_edges, length
from vigie_common.ground_plane import FEWEST, CalibrationError, ControlPoint, ground_plane
from vigie_common.site_file import SITE_FILE, SiteFile
from vigie_common.units import DISTANCE_PATTERN, parse_distance, parse_instant
from vigie_common.yaml_document import InvalidFileError, Problem
from vigie_common.yaml_model import FileModel, Located, load, nearest

SourceKind = Literal["rtsp", "file", "folder", "mjpeg", "snapshot"]
SOURCE_KINDS: Final[tuple[SourceKind, ...]] = ("rtsp", "file", "folder", "mjpeg", "snapshot")
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "rtsp": ("rtsp", "rtsps"),
    "mjpeg": ("http", "https"),
    "snapshot": ("http", "https"),
}
_REFERENCE_PATTERN: Final = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"


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


def _credentials(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_REFERENCE_PATTERN, value):
        # never shown: it may be the secret itself
        raise PydanticCustomError(
            "not_shown",
            "not a reference (the value is not shown, it may be a secret): write env:NAME or file:/path",
        )
    return value


_PASSWORD = re.compile(r"(?i)[/?&;_](?:pass(?:w(?:or)?d)?|pwd)=(?!\{password\}|[&;_]|$)")


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from error
    if "@" in parts.netloc or _PASSWORD.search(value):
        raise PydanticCustomError(
            "not_shown",
            "the address carries credentials (not shown): take them out of it and add "
            "`credentials: env:NAME` beside it, where the variable NAME holds user:password; "
            "a camera that wants them in the address has {user} and {password} in their place",
        )
    if not host:
        raise ValueError("no host: write scheme://host/path")
    return value


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
Address = Annotated[Text, AfterValidator(_address)]
Metres = Annotated[str, BeforeValidator(_metres), WithJsonSchema({"type": "string", "pattern": DISTANCE_PATTERN})]


class SourceSection(FileModel):
    """Where the images come from: exactly one of rtsp, file, folder, mjpeg, snapshot."""

    shape: ClassVar[str] = "{rtsp: rtsp://…} or {file: …}"

    rtsp: Address | None = Field(default=None, description="address of an RTSP stream, without credentials")
    file: Text | None = Field(default=None, description="a video file; a relative path starts at the camera file")
    folder: Text | None = Field(default=None, description="a folder of images, by name")
    mjpeg: Address | None = Field(default=None, description="address of an MJPEG stream")
    snapshot: Address | None = Field(default=None, description="address of a JPEG fetched again and again")
    credentials: (
        Annotated[
            str,
            BeforeValidator(_credentials),
            WithJsonSchema({"type": "string", "pattern": _REFERENCE_PATTERN}),
        ]
        | None
    ) = Field(default=None, description="a reference: env:NAME or file:/path; never the secret")
    loop: bool = Field(default=False, description="files and folders: begin again at the end")
    pace: Literal["real", "fast"] = Field(
        default="real", description="files and folders: as time passes, or as fast as possible"
    )
    start: EventTimeText | None = Field(
        default=None, description="files and folders: time of the first image; left out: now"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceSection":
        given = [kind for kind in SOURCE_KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(SOURCE_KINDS)} is needed, {' and '.join(given) if given else 'none'} given"
            )
        kind = given[0]
        if kind in _SCHEMES:
            if self.credentials is None and re.search(r"\{(user|password)\}", getattr(self, kind)):
                raise ValueError("{user} and {password} stand for the credentials: add `credentials: env:NAME`")
            if self.loop or self.pace != "real" or self.start is not None:
                raise ValueError(f"loop, pace and start are for file and folder only, not for {kind}")
            scheme = urlsplit(getattr(self, kind)).scheme
            if scheme not in _SCHEMES[kind]:
                raise ValueError(f'{kind} cannot read "{scheme}://": use {"://, ".join(_SCHEMES[kind])}://')
        return self

    @property
    def kind(self) -> SourceKind:
        """Which of the kinds is given."""
        return next(kind for kind in SOURCE_KINDS if getattr(self, kind) is not None)


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
    return problems


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
            "uri": uri if source.kind in _SCHEMES else str((folder / uri).resolve()),
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
