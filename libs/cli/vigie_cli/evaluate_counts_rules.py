"""The rules that the simulated figures come from, and what the real rule core writes under them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.parameters import normalised
from vigie_scene.evaluation.counts_scenes import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_common.records import Camera, Tracks

PEOPLE: Final = ("person",)
VEHICLES: Final = ("car", "van", "truck", "bus")
ROAD_USERS: Final = (*PEOPLE, "bicycle", "motorcycle", *VEHICLES)


@dataclass(frozen=True, slots=True)
class CountingRule:
    """A rule that figures come from, as an author would write it down."""

    name: str
    template: str
    layout: Layout
    place: str
    """Zone or line."""
    classes: tuple[str, ...]


RULES: Final = (
    CountingRule("road", "count_line", "town-street", "road-gate", ROAD_USERS),
    CountingRule("pavement", "count_line", "town-street", "pavement-gate", PEOPLE),
    CountingRule("gate", "count_line", "square", "gate", PEOPLE),
    CountingRule("people", "count_zone", "town-street", "pavement", PEOPLE),
    CountingRule("vehicles", "count_zone", "town-street", "eastbound", VEHICLES),
    CountingRule("crowd", "count_zone", "square", "square", PEOPLE),
    CountingRule("passers-by", "unique_count", "town-street", "pavement", PEOPLE),
    CountingRule("visitors", "unique_count", "square", "square", PEOPLE),
    CountingRule("stays", "presence", "square", "forecourt", PEOPLE),
    CountingRule("jams", "congestion", "town-street", "eastbound", VEHICLES),
)


@lru_cache
def rule_record(rule: CountingRule) -> dict[str, Any]:
    """The rule as a bundle carries it; stable, for others do not count."""
    place = "line" if rule.template == "count_line" else "zone"
    parameters, problems = normalised(TEMPLATES[rule.template], {"classes": list(rule.classes), place: rule.place})
    assert not problems  # noqa: S101 - the table above is our own
    return {
        "id": rule.name,
        "version": "1",
        "title": {"en": rule.name},
        "status": "stable",
        "template": rule.template,
        "camera_tags": ["scene"],
        "camera_ids": [],
        "classes": list(parameters.classes),
        "zones": list(parameters.zones),
        "lines": list(parameters.lines),
        "numbers": dict(parameters.numbers),
        "when": None,
        "severity": "info",
        "category": "counting",
        "explain": {"en": "."},
        "cooldown_ms": 0,
    }


def written(
    tracks: Iterable[Tracks], camera: Camera, rules: Sequence[CountingRule]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the rule engine writes: topic and record."""
    bundle = {
        "site": camera["site"],
        "digest": "counts",
        "effective_at": 0,
        "author": "",
        "withdrawn": False,
        "rules": [rule_record(rule) for rule in rules],
        "authorisations": [],
        "compounds": [],
    }
    view = FixedView(
        {
            "cameras": {camera["camera_id"]: ConfigVersion(camera["camera_id"], 0, 0, 0, camera)},
            "rules": {camera["site"]: ConfigVersion(camera["site"], 0, 0, 0, bundle)},
        }
    )
    core = RuleCore(0)
    for offset, record in enumerate(tracks):
        message = Message("tracks", 0, offset, record["camera_id"], record["captured_at"], cast("Any", record))
        for output in core.process(message, view):
            yield output.topic, output.value
    for output in core.finish():
        yield output.topic, output.value
