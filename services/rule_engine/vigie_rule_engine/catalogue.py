"""The templates a rule may name, as data: what each judges, its parameters, their defaults and what it needs.

The rule file parser, the JSON Schemas, the reference page (`template_reference`) and `vigie rules templates` read this
table; the compiled functions are in `layers.templates`, `layers.zone_templates` and `layers.zone_counts`. Defaults are
starting judgements, tuned per camera; a source is named only where it was read.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_model import nearest, one_of
from vigie_rule_engine.catalogue_objects import OBJECT_TEMPLATES
from vigie_rule_engine.catalogue_zones import ZONE_TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_rule_engine.template import Parameter, Template

COMMON_FACTS: Final = ("moved_heights", "score", "seen_for_s", "speed_heights_per_s")
"""Measured of every single object; a zone as a whole has its own facts alone."""

TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType(
    {template.name: template for template in (*OBJECT_TEMPLATES, *ZONE_TEMPLATES)}
)
"""Every template by name."""


def facts_of_template(name: str) -> tuple[str, ...]:
    """Every measured value that conditions and texts of a template may name; of an unknown one the common ones."""
    template = TEMPLATES.get(name)
    if template is None:
        return COMMON_FACTS
    return template.facts if template.scope == "zone" else (*template.facts, *COMMON_FACTS)


def default_of(parameter: Parameter, *, metric: bool) -> str | float | tuple[str, ...] | None:
    """The default of a parameter: in metres if the rule measures on the ground."""
    return parameter.metric_default if metric and parameter.metric_default is not None else parameter.default


_ALSO_CALLED: Final[Mapping[str, str]] = {
    "abandoned_object": "abandoned_luggage abandoned_bag unattended_luggage unattended_object left_luggage left_object",
    "congestion": "jam traffic_jam slow_traffic",
    "count_line": "counting footfall people_counting vehicle_counting line_counting",
    "count_zone": "counting occupancy people_counting headcount",
    "crowd_movement": "stampede panic crowd_flow",
    "density": "crowd overcrowding crowd_density",
    "dwell": "loitering lingering waiting",
    "fall": "falling slip",
    "gathering": "crowd crowding group assembly",
    "line_cross": "crossing line_crossing tripwire trespassing",
    "object_class": "fire smoke weapon animal object_detection",
    "person_down": "man_down lying collapse",
    "presence": "intrusion zone_intrusion trespassing perimeter",
    "speed": "speeding overspeed",
    "stopped": "parking illegal_parking double_parking stationary",
    "unique_count": "counting footfall people_counting visitors",
    "wrong_way": "wrong_direction contraflow",
}
"""Other words for what a template judges, by its name; one word may be for several."""


def also_called(name: str) -> tuple[str, ...]:
    """Other words for what a template judges."""
    return tuple(_ALSO_CALLED.get(name, "").split())


def nearest_template(name: str) -> str:
    """`; did you mean "dwell"?` for the templates that go by a name, or for the one that is spelt most like it."""
    word = re.sub(r"[\s-]+", "_", name.strip().lower())
    meant = [f'"{known}"' for known in TEMPLATES if word in also_called(known)]
    return f"; did you mean {one_of(meant)}?" if meant else nearest(name, TEMPLATES)
