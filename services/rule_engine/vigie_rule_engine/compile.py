"""A camera and its site's rules, compiled: the table of rows that the compiled layers judge by.

A row is one rule on one zone or line of one camera. A rule that this camera cannot run is refused here, with an
error for `rules-status`, and the rest runs. Rows, regions (a zone with its leave margin) and gates (a line with its
dead band) carry a digest of all that state depends on: what is unchanged in the next version keeps its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from vigie_common.digest import content_digest
from vigie_common.errors import BadInputError
from vigie_common.taxonomy import CLASS_NAMES, CLASS_ORDINAL
from vigie_common.units import parse_distance, parse_duration
from vigie_rule_engine.authority import Authority
from vigie_rule_engine.catalogue import TEMPLATES, Parameter, Template
from vigie_rule_engine.compounds import compounds_of
from vigie_rule_engine.conditions import Condition, compile_condition
from vigie_rule_engine.layers.facts import GATE, REGION
from vigie_rule_engine.layers.templates import NUMBERS, RULE, SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from vigie_common.records import Camera, Compound, Line, Polygon, Rule, RuleBundle, RuleError, ScopeKind

WITHIN_HEIGHTS: Final = "within_heights"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule on one zone or line."""

    rule: Rule
    key: str
    """Digest of rule id, template, parameters, condition and geometry."""
    scope_kind: ScopeKind
    scope: str
    """Name of the zone or line; empty: the whole image."""
    x: tuple[float, ...]
    """Polygon or line, 0..1."""
    y: tuple[float, ...]
    labels: Mapping[int, str]
    """What the camera file calls each way over the line: 1 in, -1 out."""
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Geometry:
    """Regions and gates in picture heights, for one aspect ratio; dtypes in `layers.facts`."""

    regions: npt.NDArray[Any]
    gates: npt.NDArray[Any]
    corner_x: npt.NDArray[np.float64]
    corner_y: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RegionSource:
    """A zone as rules use it; no corners: the whole image."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    margin: float


@dataclass(frozen=True, slots=True)
class GateSource:
    """A line as rules use it."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    band: float
    depth: float
    confirm_ms: int


@dataclass(frozen=True, slots=True)
class RuleTable:
    """All that judges one camera."""

    camera: Camera
    digest: str
    """Of the bundle, empty: none."""
    effective_at: int
    rows: tuple[Row, ...]
    rules: npt.NDArray[Any]
    """(rows,) layers.templates.RULE."""
    regions: tuple[RegionSource, ...]
    gates: tuple[GateSource, ...]
    judged: tuple[str, ...]
    """Ids of the rules that run."""
    errors: tuple[RuleError, ...]
    authority: Authority
    compounds: Mapping[str, tuple[Compound, ...]]
    """By member rule: those that mean this camera."""

    def geometry(self, aspect: float) -> Geometry:
        """Regions and gates for frames of this width ÷ height."""
        corners = [len(region.x) for region in self.regions]
        regions = np.zeros(len(self.regions), REGION)
        regions["corners"] = corners
        regions["first"] = np.cumsum([0, *corners])[: len(corners)]
        regions["margin"] = [region.margin for region in self.regions]
        gates = np.zeros(len(self.gates), GATE)
        for gate, source in zip(gates, self.gates, strict=True):
            gate["ax"], gate["bx"] = (x * aspect for x in source.x)
            gate["ay"], gate["by"] = source.y
            gate["band"], gate["depth"], gate["confirm"] = source.band, source.depth, source.confirm_ms
        return Geometry(
            regions,
            gates,
            np.array([x * aspect for region in self.regions for x in region.x], np.float64),
            np.array([y for region in self.regions for y in region.y], np.float64),
        )


def applies(tags: Sequence[str], ids: Sequence[str], camera: Camera, *, otherwise: bool) -> bool:
    """Whether a camera is meant: it is named, or carries all of the tags; `otherwise` if neither is given."""
    if not tags and not ids:
        return otherwise
    return camera["camera_id"] in ids or (bool(tags) and set(tags) <= set(camera["tags"]))


def compile_table(camera: Camera, bundle: RuleBundle | None) -> RuleTable:
    """The table for one version of a camera and of its site's rules (none: no rule runs)."""
    rows: list[tuple[Row, tuple[Any, ...]]] = []
    regions: dict[str, RegionSource] = {}
    gates: dict[str, GateSource] = {}
    judged: list[str] = []
    errors: list[RuleError] = []
    withdrawn = bundle is None or bundle["withdrawn"]
    for rule in () if bundle is None or withdrawn else bundle["rules"]:
        if rule["status"] == "draft" or not applies(rule["camera_tags"], rule["camera_ids"], camera, otherwise=True):
            continue
        try:
            _once(rule, judged)
            rows += _rows(rule, camera, regions, gates)
        except BadInputError as error:
            errors.append({"rule": rule["id"], "camera_id": camera["camera_id"], "message": str(error)})
        else:
            judged.append(rule["id"])
    return RuleTable(
        camera=camera,
        digest=bundle["digest"] if bundle is not None else "",
        effective_at=bundle["effective_at"] if bundle is not None else 0,
        rows=tuple(row for row, _ in rows),
        rules=np.array([numbers for _, numbers in rows], RULE),
        regions=tuple(regions.values()),
        gates=tuple(gates.values()),
        judged=tuple(judged),
        errors=tuple(errors),
        authority=Authority.of(camera, None if bundle is None or withdrawn else bundle),
        compounds=compounds_of(camera, None if withdrawn else bundle),
    )


def _once(rule: Rule, judged: Sequence[str]) -> None:
    if rule["id"] in judged:
        raise BadInputError("the bundle has this rule twice: only the first runs, remove one")


def _rows(
    rule: Rule, camera: Camera, regions: dict[str, RegionSource], gates: dict[str, GateSource]
) -> list[tuple[Row, tuple[Any, ...]]]:
    """The rows of one rule and their RULE fields; new regions and gates are added only if all of it is right."""
    if not _is_zone(camera["time_zone"]):
        raise BadInputError(
            f"camera {camera['camera_id']} has time zone {camera['time_zone'][:80]!r}, which is not an IANA name: "
            "publish it again with one such as Europe/Paris"
        )
    template = TEMPLATES.get(rule["template"])
    if template is None or template.name not in NUMBERS:
        raise BadInputError(
            f"template {rule['template']!r} is not known to this engine: use one of {', '.join(NUMBERS)}"
        )
    if "homography" in template.needs and len(camera["calibration"]) < 4:
        raise BadInputError(
            f"template {template.name} needs a calibrated camera: give {camera['camera_id']} four calibration "
            "points or more"
        )
    classes = _classes(rule["classes"])
    numbers = _numbers(rule, template)
    condition = compile_condition(rule["when"], template.name) if rule["when"] else None
    if template.scope == "track over line":
        shapes = [_line(name, camera) for name in dict.fromkeys(rule["lines"])]
        if not shapes:
            raise BadInputError(f"template {template.name} needs a line: name one of the camera's lines")
    else:
        shapes = [_zone(name, camera) for name in dict.fromkeys(rule["zones"])] or [_Shape("track", "", (), (), {})]
    rows = []
    for shape in shapes:
        place = [shape.name, shape.x, shape.y]
        if template.scope == "track over line":
            gate = GateSource(
                content_digest([*place, *(numbers[n] for n in ("band_heights", "depth_heights", "confirm_s"))]),
                shape.x,
                shape.y,
                numbers["band_heights"],
                numbers["depth_heights"],
                round(numbers["confirm_s"] * 1000),
            )
            gates.setdefault(gate.key, gate)
            where = (0, list(gates).index(gate.key))
        else:
            region = RegionSource(
                content_digest([*place, numbers["margin_heights"]]), shape.x, shape.y, numbers["margin_heights"]
            )
            regions.setdefault(region.key, region)
            where = (list(regions).index(region.key), 0)
        key = content_digest([rule["id"], template.name, sorted(rule["classes"]), numbers, rule["when"] or "", *place])
        row = Row(rule, key, shape.kind, shape.name, shape.x, shape.y, shape.labels, condition)
        fields = (
            NUMBERS[template.name],
            SCOPES[template.scope],
            *where,
            classes,
            round(numbers.get("for_s", 0.0) * 1000),
            round(numbers.get("keep_open_s", 0.0) * 1000),
            int(condition is not None),
            numbers.get(WITHIN_HEIGHTS, 0.0),
        )
        rows.append((row, fields))
    return rows


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _within(what: str, name: str, camera: Camera, shares: Sequence[float]) -> None:
    """Refuse a shape that lies outside its image, or nowhere."""
    outside = next((share for share in shares if not 0.0 <= share <= 1.0), None)
    if outside is not None:
        raise BadInputError(
            f"{what} {name!r} of camera {camera['camera_id']} has the coordinate {outside:g}, outside 0..1: "
            "divide pixels by the image's width (x) or height (y)"
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: ScopeKind
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    labels: Mapping[int, str]


def _zone(name: str, camera: Camera) -> _Shape:
    zones: Mapping[str, Polygon] = {zone["name"]: zone for zone in camera["zones"]}
    if name not in zones:
        raise BadInputError(_unknown("zone", name, camera["camera_id"], list(zones)))
    zone = zones[name]
    if len(zone["x"]) < 3 or len(zone["x"]) != len(zone["y"]):
        raise BadInputError(
            f"zone {name!r} of camera {camera['camera_id']} has {len(zone['x'])} x and {len(zone['y'])} y: "
            "a polygon has three corners or more"
        )
    _within("zone", name, camera, [*zone["x"], *zone["y"]])
    return _Shape("track", name, tuple(zone["x"]), tuple(zone["y"]), {})


def _line(name: str, camera: Camera) -> _Shape:
    lines: Mapping[str, Line] = {line["name"]: line for line in camera["lines"]}
    if name not in lines:
        raise BadInputError(_unknown("line", name, camera["camera_id"], list(lines)))
    line = lines[name]
    _within("line", name, camera, [line["x1"], line["y1"], line["x2"], line["y2"]])
    if (line["x1"], line["y1"]) == (line["x2"], line["y2"]):
        raise BadInputError(
            f"line {name!r} of camera {camera['camera_id']} has no length: give it two different points"
        )
    return _Shape(
        "line",
        name,
        (line["x1"], line["x2"]),
        (line["y1"], line["y2"]),
        {1: line["in_label"], -1: line["out_label"]},
    )


def _unknown(what: str, name: str, camera_id: str, known: Sequence[str]) -> str:
    there = f"it has {', '.join(sorted(known))}" if known else f"it has no {what}"
    return f"{what} {name!r} is not in camera {camera_id} ({there}): add it to the camera file or correct the name"


def _classes(names: Sequence[str]) -> int:
    """One bit a class."""
    unknown = [name for name in names if name not in CLASS_ORDINAL]
    if unknown:
        raise BadInputError(f"class {unknown[0]!r} is not in the taxonomy: use some of {', '.join(CLASS_NAMES)}")
    if not names:
        raise BadInputError("classes: none is given: name at least one, such as person")
    return sum(1 << CLASS_ORDINAL[name] for name in set(names))


_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "duration": ("s",),
    "distance": ("heights", "m"),
    "speed": ("heights_per_s", "mps"),
    "fraction": ("fraction",),
    "number": ("",),
}


def _numbers(rule: Rule, template: Template) -> dict[str, float]:
    """Every parameter of the template with its unit at the end of its name, defaults filled in."""
    given = dict(rule["numbers"])
    found: dict[str, float] = {}
    for parameter in template.parameters:
        if parameter.kind not in _UNITS:
            continue
        names = [f"{parameter.name}_{unit}" if unit else parameter.name for unit in _UNITS[parameter.kind]]
        there = [name for name in names if name in given]
        if len(there) > 1:
            raise BadInputError(f"{parameter.name} is given twice, as {' and '.join(there)}: keep one")
        name, value = (there[0], given.pop(there[0])) if there else _default(parameter, template)
        if name.endswith(("_m", "_mps")):
            raise BadInputError(
                f"{parameter.name} is in metres, which this camera cannot measure yet: give it in heights of the "
                f"object, such as {parameter.default}"
            )
        if not 0.0 <= value < 1e7:
            raise BadInputError(f"{name} is {value:g}: it must be 0 or more, and finite")
        found[name] = float(value)
    if given:
        known = ", ".join(p.name for p in template.parameters)
        raise BadInputError(f"{min(given)!r} is no parameter of template {template.name}: it has {known}")
    return found


def _default(parameter: Parameter, template: Template) -> tuple[str, float]:
    if parameter.default is None or isinstance(parameter.default, tuple):
        raise BadInputError(f"{parameter.name} is missing: template {template.name} cannot do without it")
    if isinstance(parameter.default, int | float):
        return parameter.name, float(parameter.default)
    parse = {"duration": parse_duration, "distance": parse_distance}[parameter.kind]
    quantity = parse(parameter.default)
    return f"{parameter.name}_{quantity.unit}", quantity.value
