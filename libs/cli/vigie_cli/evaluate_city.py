"""The rules of the simulated city, judged hour by hour: film, real tracker, real rule core, and the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from vigie_cli.rules_judge import judge
from vigie_common.taxonomy import CLASS_ORDINAL
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.parameters import normalised
from vigie_scene.city import HOUR_S, camera_hour, closed_hour
from vigie_scene.evaluation.episodes import Found, Tally, match, tally
from vigie_scene.evaluation.expected import Asked, expected
from vigie_scene.evaluation.ground_truth import observe
from vigie_scene.export import EPOCH_MS, camera_record, track_records
from vigie_scene.film import film

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_common.records import Camera
    from vigie_scene.evaluation.episodes import Matched
    from vigie_scene.evaluation.ground_truth import Observed
    from vigie_scene.spec import Scene

_PEOPLE: Final = ("person",)
_VEHICLES: Final = ("car", "van", "truck", "bus")


View = Literal["square", "street", "closed"]
"""What a camera looks at; closed: an area beside the busy street that hardly anybody enters."""


@dataclass(frozen=True, slots=True)
class CityRule:
    """One rule of the city: a template, as an author would write it down."""

    name: str
    template: str
    view: View
    """Whose cameras' it is."""
    given: Mapping[str, Any]
    """Its parameters; those that are not there have their defaults."""

    @property
    def place(self) -> str:
        """The zone or line of the truth; empty: all that can be seen."""
        crossing = self.template in {"count_line", "line_cross"}
        return str(self.given.get("line" if crossing else "zone", ""))


def _rule(name: str, template: str, classes: tuple[str, ...], *, view: View, **given: Any) -> CityRule:
    return CityRule(name, template, view, {"classes": list(classes), **given})


RULES: Final = (
    _rule("presence", "presence", _PEOPLE, view="square", zone="forecourt"),
    _rule("presence-pavement", "presence", _PEOPLE, view="street", zone="pavement"),
    _rule("presence-closed", "presence", _PEOPLE, view="closed", zone="closed"),
    _rule("line_cross", "line_cross", _PEOPLE, view="square", line="gate"),
    _rule("line_cross-closed", "line_cross", _PEOPLE, view="closed", line="fence", direction="in"),
    _rule("count_line", "count_line", _PEOPLE, view="square", line="gate"),
    _rule("count_line-road", "count_line", _VEHICLES, view="street", line="road-gate"),
    _rule("wrong_way", "wrong_way", (*_VEHICLES, "bicycle"), view="street", zone="eastbound", line="eastward"),
    _rule("stopped", "stopped", _VEHICLES, view="street", zone="bay"),
    _rule("stopped-road", "stopped", _VEHICLES, view="street", zone="eastbound"),
    _rule("dwell", "dwell", _PEOPLE, view="square", zone="forecourt"),
    _rule("dwell-fence", "dwell", _PEOPLE, view="closed", zone="before"),
    _rule("density", "density", _PEOPLE, view="square", zone="corner"),
    _rule("gathering", "gathering", _PEOPLE, view="square", zone="square", link="2 m"),
    _rule("fall", "fall", _PEOPLE, view="square", zone="square"),
    _rule("person_down", "person_down", _PEOPLE, view="square", zone="square"),
    _rule("abandoned_object", "abandoned_object", ("bag",), view="square", zone="square", away="3 m"),
    _rule("crowd_movement", "crowd_movement", _PEOPLE, view="square", faster="2 m/s"),
    _rule("congestion", "congestion", _VEHICLES, view="street", zone="eastbound"),
    _rule("speed", "speed", _VEHICLES, view="street", zone="road", limit="50 km/h"),
    _rule("object_class", "object_class", ("fire",), view="square", zone="square"),
)
"""What the table has a line for; zones and lines are those of the two ground plans."""


def rules_of(view: View, fps: float) -> tuple[CityRule, ...]:
    """The rules of a camera: those that can be judged at its frame rate."""
    return tuple(rule for rule in RULES if rule.view == view and TEMPLATES[rule.template].least_fps <= fps)


@lru_cache(maxsize=64)
def rule_record(rule_name: str) -> dict[str, Any]:
    """The rule as a bundle carries it."""
    rule = next(rule for rule in RULES if rule.name == rule_name)
    parameters, problems = normalised(TEMPLATES[rule.template], rule.given)
    assert not problems  # noqa: S101 - the table above is our own
    return {
        "id": rule.name,
        "version": "1",
        "title": {"en": rule.name},
        "status": "test",
        "template": rule.template,
        "camera_tags": [],
        "camera_ids": ["city"],
        "classes": list(parameters.classes),
        "zones": list(parameters.zones),
        "lines": list(parameters.lines),
        "numbers": dict(parameters.numbers),
        "when": None,
        "severity": "info",
        "category": "evaluation",
        "explain": {"en": "."},
        "cooldown_ms": 0,
    }


def asked(rule: CityRule) -> Asked:
    """What the rule asks, for the truth."""
    record = rule_record(rule.name)
    classes = frozenset(CLASS_ORDINAL[name] for name in record["classes"])
    return Asked(rule.template, classes, rule.place, record["numbers"].get("for_s", 0.0), record["numbers"])


class Mistake(NamedTuple):
    """An event that was missed, or an alarm that was false; times in seconds of the scene."""

    scene: str
    """`city-CAMERA-HOUR` or `closed-CAMERA-HOUR`."""
    rule: str
    fps: float
    what: Literal["missed", "false"]
    start: float
    """Of the event; when the alarm was told."""
    mature: float
    who: str
    """Who the event is truly about; what the alarm showed: class, track, box."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one camera, to be judged at several frame rates."""

    camera: int
    hour: int
    seed: int
    rates: tuple[float, ...]
    closed: bool = False
    """It looks at a closed area; else even cameras look at a square, odd ones at a street."""

    @property
    def view(self) -> View:
        """What the camera looks at."""
        if self.closed:
            return "closed"
        return "street" if self.camera % 2 else "square"

    def scene(self, fps: float = 5.0) -> Scene:
        """What happens in front of it."""
        hour = closed_hour if self.closed else camera_hour
        return hour(self.camera, self.hour, seed=self.seed, fps=fps)


def looked_into(one: Hour) -> tuple[dict[tuple[float, str], Tally], list[Mistake]]:
    """The figures of each rate and rule, and every event that was missed and every alarm that was false."""
    hour = matched_hour(one)
    found: list[Mistake] = []
    for (fps, rule), matched in hour.items():
        where = (one.scene().scene, rule, fps)
        found += [Mistake(*where, "missed", event.start_s, event.mature_s, event.who) for event in matched.missed]
        found += [Mistake(*where, "false", alarm.told_s, alarm.told_s, alarm.who) for alarm in matched.false]
    return {key: tally(matched, HOUR_S) for key, matched in hour.items()}, found


def matched_hour(one: Hour) -> dict[tuple[float, str], Matched]:
    """What was found and what was missed, by frame rate and rule."""
    observed = observe(one.scene())
    truth = {rule.name: expected(observed, asked(rule)) for rule in rules_of(one.view, 60.0)}
    result: dict[tuple[float, str], Matched] = {}
    for fps in one.rates:
        rules = rules_of(one.view, fps)
        found = said(observed, one, fps, rules)
        for rule in rules:
            result[fps, rule.name] = match(truth[rule.name], found[rule.name])
    return result


NEARER_M: Final = 0.9
"""So far before a vehicle's middle the bottom of its box stands on the ground, seen from the street's camera."""

LANES: Final = ("bay", "road", "eastbound", "westbound", "road-gate", "eastward")


def drawn(scene: Scene) -> Camera:
    """The scene's camera with its zones and lines as their author draws them in the picture: where boxes stand.

    That of a person is at the feet. That of a vehicle is not at its middle, so what is for vehicles lies nearer by
    NEARER_M than the paint on the road; the truth knows the road alone.
    """
    ground = scene.ground
    zones = {name: _nearer(area) if name in LANES else area for name, area in ground.zones.items()}
    lines = {
        name: line.model_copy(update=dict(zip(("start", "end"), _nearer((line.start, line.end)), strict=True)))
        if name in LANES
        else line
        for name, line in ground.lines.items()
    }
    return camera_record(scene.at(street=ground.model_copy(update={"zones": zones, "lines": lines})), "city")


def _nearer(points: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((x, y - NEARER_M) for x, y in points)


def said(observed: Observed, one: Hour, fps: float, rules: Iterable[CityRule]) -> dict[str, list[Found]]:
    """What the rules tell of the hour, by rule."""
    scene = one.scene(fps)
    bundle = {
        "site": "scene",
        "digest": "city",
        "effective_at": 0,
        "author": "",
        "withdrawn": False,
        "rules": [rule_record(rule.name) for rule in rules],
        "authorisations": [],
        "compounds": [],
    }
    found: dict[str, list[Found]] = {rule.name: [] for rule in rules}
    judged = judge(track_records(film(scene, observed.world), "city"), [drawn(scene)], bundle, mode="test")
    for event in judged.events:
        if event["kind"] == "OPEN":
            found[event["rule"]["id"]].append(Found((event["at"] - EPOCH_MS) / 1000, who=_whom(event)))
        elif event["kind"] == "COUNT" and event["direction"]:
            told = Found((event["started_at"] - EPOCH_MS) / 1000, event["direction"], _whom(event))
            found[event["rule"]["id"]].append(told)
    return found


def _whom(event: Mapping[str, Any]) -> str:
    """The first object of an event: class, track, and box in pixels."""
    for o in event["objects"]:
        corners = " ".join(f"{o[name]:.0f}" for name in ("x1", "y1", "x2", "y2"))
        return f"{o['object_class']} {o['track_id']} at {corners}"
    return ""
