"""A camera and its site's rules, compiled: the table of rows that the compiled layers judge by.

A row is one rule on one zone or line of one camera. A rule that this camera cannot run is refused here, with an
error for `rules-status`, and the rest runs. Rows, regions (a zone with its leave margin) and gates (a line with its
dead band) carry a digest of all that state depends on: what is unchanged in the next version keeps its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from vigie_common.compound_terms import LONGEST_COOLDOWN_MS
from vigie_common.digest import content_digest
from vigie_common.errors import BadInputError
from vigie_common.taxonomy import CLASS_NAMES, CLASS_ORDINAL
from vigie_rule_engine.authority import Authority, applies
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.compounds import compounds_of
from vigie_rule_engine.conditions import Condition, compile_condition
from vigie_rule_engine.layers.rows import FALL, NUMBERS, PERSON_DOWN, RULE, SCOPES
from vigie_rule_engine.plan import GateSource, RegionSource, plan_of
from vigie_rule_engine.quantities import too_many_frames
from vigie_rule_engine.rule_numbers import fields_of, numbers_of
from vigie_rule_engine.shapes import Ground, Shape, area_of, direction_of, line_of, zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from vigie_common.ground_plane import GroundPlane
    from vigie_common.records import Camera, Compound, Rule, RuleBundle, RuleError, ScopeKind
    from vigie_rule_engine.layers.state import Plan
    from vigie_rule_engine.template import Template


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
    metric: bool = False
    """It measures on the ground."""


@dataclass(frozen=True, slots=True)
class RuleTable:
    """All that judges one camera."""

    camera: Camera
    digest: str
    """Of the bundle, empty: none."""
    effective_at: int
    rows: tuple[Row, ...]
    rules: npt.NDArray[Any]
    """(rows,) layers.rows.RULE."""
    regions: tuple[RegionSource, ...]
    gates: tuple[GateSource, ...]
    judged: tuple[str, ...]
    """Ids of the rules that run."""
    judged_moved: tuple[str, ...]
    """Those of them that need no zone, line or ground: they run on a camera that looks elsewhere, too."""
    ground: GroundPlane | None
    """Where a rule or an event needs it."""
    counting: tuple[int, ...]
    """Rows that count a zone by the minute."""
    errors: tuple[RuleError, ...]
    authority: Authority
    compounds: Mapping[str, tuple[Compound, ...]]
    """By member rule: those that mean this camera."""

    @property
    def needs(self) -> frozenset[str]:
        """The optional facts that some rule needs, by their names in `layers.state.Kept`."""
        found = set()
        if self.rules["metric"].any():
            found.add("grounds")
        if np.isin(self.rules["template"], (PERSON_DOWN, FALL)).any():
            found.add("postures")
        return frozenset(found)

    def judging(self, aspect: float) -> tuple[npt.NDArray[Any], Plan]:
        """RULE rows, and zones, lines and ground, for frames of this width ÷ height."""
        rules = self.rules.copy()
        drawn = (rules["metric"] == 0) & ((rules["dir_x"] != 0.0) | (rules["dir_y"] != 0.0))
        for row in np.flatnonzero(drawn):
            x, y = rules["dir_x"][row] * aspect, rules["dir_y"][row]
            rules["dir_x"][row], rules["dir_y"][row] = x / hypot(x, y), y / hypot(x, y)
        return rules, plan_of(self.regions, self.gates, self.ground, aspect)


def compile_table(camera: Camera, bundle: RuleBundle | None) -> RuleTable:
    """The table for one version of a camera and of its site's rules (none: no rule runs)."""
    rows: list[tuple[Row, tuple[Any, ...]]] = []
    regions: dict[str, RegionSource] = {}
    gates: dict[str, GateSource] = {}
    judged: list[str] = []
    errors: list[RuleError] = []
    ground = Ground(camera)
    withdrawn = bundle is None or bundle["withdrawn"]
    for rule in () if bundle is None or withdrawn else bundle["rules"]:
        if rule["status"] == "draft" or not applies(rule["camera_tags"], rule["camera_ids"], camera, otherwise=True):
            continue
        try:
            _once(rule, judged)
            rows += _rows(rule, camera, ground, regions, gates)
        except BadInputError as error:
            errors.append({"rule": rule["id"], "camera_id": camera["camera_id"], "message": str(error)})
        else:
            judged.append(rule["id"])
    anchored = {row.rule["id"] for row, numbers in rows if numbers[_ANCHORED]}
    return RuleTable(
        camera=camera,
        digest=bundle["digest"] if bundle is not None else "",
        effective_at=bundle["effective_at"] if bundle is not None else 0,
        rows=tuple(row for row, _ in rows),
        rules=np.array([numbers for _, numbers in rows], RULE),
        regions=tuple(regions.values()),
        gates=tuple(gates.values()),
        judged=tuple(judged),
        judged_moved=tuple(rule for rule in judged if rule not in anchored),
        ground=ground.known(),
        counting=tuple(i for i, (row, _) in enumerate(rows) if row.rule["template"] in {"count_zone", "unique_count"}),
        errors=tuple(errors),
        authority=Authority.of(camera, None if bundle is None or withdrawn else bundle),
        compounds=compounds_of(camera, None if withdrawn else bundle),
    )


def _once(rule: Rule, judged: Sequence[str]) -> None:
    if rule["id"] in judged:
        raise BadInputError("the bundle has this rule twice: only the first runs, remove one")


def _rows(
    rule: Rule, camera: Camera, ground: Ground, regions: dict[str, RegionSource], gates: dict[str, GateSource]
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
    if camera["sampling"]["fps"] < template.least_fps:
        raise BadInputError(
            f"template {template.name} needs {template.least_fps:g} frames a second: camera {camera['camera_id']} is "
            f"sampled at {camera['sampling']['fps']:g}, raise its sampling.fps"
        )
    classes = _classes(rule["classes"])
    numbers = numbers_of(rule, template)
    for parameter, asked in too_many_frames(template, numbers, camera["camera_id"], camera["sampling"]["fps"]):
        raise BadInputError(f"{parameter} is {asked}")
    if not 0 <= rule["cooldown_ms"] <= LONGEST_COOLDOWN_MS:
        raise BadInputError(f"cooldown_ms is {rule['cooldown_ms']}: it must be 0 or more, and 7 days at most")
    metric = "homography" in template.needs or any(name.endswith(("_m", "_mps")) for name in numbers)
    plane = ground.needed(_why_metric(template, numbers)) if metric else None
    condition = compile_condition(rule["when"], template.name) if rule["when"] else None
    over_line = template.scope == "track over line"
    lines = [line_of(name, camera) for name in dict.fromkeys(rule["lines"])]
    if not lines and any(parameter.kind == "line" for parameter in template.parameters):
        raise BadInputError(f"template {template.name} needs a line: name one of the camera's lines")
    if over_line:
        shapes = lines
    else:
        kind: ScopeKind = "zone" if template.scope == "zone" else "track"
        shapes = [zone_of(name, camera, kind) for name in dict.fromkeys(rule["zones"])]
        if not shapes and "zone" in template.needs:
            raise BadInputError(f"template {template.name} needs a zone: name one of the camera's zones")
        shapes = shapes or [Shape(kind, "", (), (), {})]
        if len(lines) > 1:
            raise BadInputError(f"template {template.name} has one direction: name one line, {len(lines)} are given")
    made = []
    for shape in shapes:
        place = [shape.name, shape.x, shape.y]
        fields = fields_of(template, numbers)
        if over_line:
            gate = _gate(place, shape, numbers)
            gates.setdefault(gate.key, gate)
            fields["gate"] = list(gates).index(gate.key)
        else:
            region = RegionSource(
                content_digest([*place, numbers["margin_heights"], template.name == "congestion"]),
                shape.x,
                shape.y,
                numbers["margin_heights"],
                template.name == "congestion",
            )
            regions.setdefault(region.key, region)
            fields["region"] = list(regions).index(region.key)
            if lines:
                fields["dir_x"], fields["dir_y"] = direction_of(lines[0], plane)
                place += [lines[0].x, lines[0].y]
            if "zone" in template.needs and plane is not None:
                fields["area"] = area_of(shape, plane, camera["camera_id"])
        if plane is not None:
            place.append(plane.matrix.ravel().tolist())
        key = content_digest([rule["id"], template.name, sorted(rule["classes"]), numbers, rule["when"] or "", *place])
        row = Row(rule, key, shape.kind, shape.name, shape.x, shape.y, shape.labels, condition, bool(metric))
        fields |= {
            "template": NUMBERS[template.name],
            "scope": SCOPES[template.scope],
            "classes": classes,
            "asks": int(condition is not None),
            "metric": int(metric),
            "anchored": int(bool(shape.name) or metric),
        }
        made.append((row, tuple(fields.get(name, 0) for name in RULE.names or ())))
    return made


_ANCHORED: Final = (RULE.names or ()).index("anchored")


def _why_metric(template: Template, numbers: Mapping[str, float]) -> str:
    if "homography" in template.needs:
        return f"template {template.name} needs a calibrated camera"
    name = next(name for name in numbers if name.endswith(("_m", "_mps")))
    return f"{name.rsplit('_', 1)[0]} is in metres, which needs a calibrated camera"


def _gate(place: list[Any], shape: Shape, numbers: Mapping[str, float]) -> GateSource:
    return GateSource(
        content_digest([*place, *(numbers[n] for n in ("band_heights", "depth_heights", "confirm_s"))]),
        shape.x,
        shape.y,
        numbers["band_heights"],
        numbers["depth_heights"],
        round(numbers["confirm_s"] * 1000),
    )


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _classes(names: Sequence[str]) -> int:
    """One bit a class."""
    unknown = [name for name in names if name not in CLASS_ORDINAL]
    if unknown:
        raise BadInputError(f"class {unknown[0]!r} is not in the taxonomy: use some of {', '.join(CLASS_NAMES)}")
    if not names:
        raise BadInputError("classes: none is given: name at least one, such as person")
    return sum(1 << CLASS_ORDINAL[name] for name in set(names))
