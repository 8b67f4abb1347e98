"""The templates a rule may name, as data: what each judges, its parameters, their defaults and what it needs.

The rule file parser, the JSON Schemas and the documentation read this table; the compiled functions are in
`vigie_rule_engine.templates`. Definitions and defaults are starting judgements, tuned per camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["duration", "distance", "speed", "fraction", "number", "classes", "zone", "line"]
"""What a parameter's value is; every kind but a plain number is written with its unit or by name."""

Scope = Literal["track in zone", "track over line", "track", "zone", "line"]
"""What an episode or a count of the template is about."""

Need = Literal["homography"]
"""What a camera must have before the template can judge it: four calibration points or more."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a template.

    Attributes:
        name: key in the rule's `with`.
        kind: how it is written.
        default: in the author's spelling ("5s", "0.3 heights"); None: the author must give it;
            the empty tuple (zones): the whole image.
        doc: one line for the author.
        metric: a distance or speed in metres is understood too; without, only heights of the object are.
    """

    name: str
    kind: Kind
    default: str | float | tuple[str, ...] | None
    doc: str
    metric: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One way of judging: its parameters and what it needs of a camera."""

    name: str
    scope: Scope
    parameters: tuple[Parameter, ...]
    needs: frozenset[Need]
    doc: str

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`; KeyError if there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)


WHOLE_IMAGE: Final[tuple[str, ...]] = ()
"""Default of a zone parameter that may be left out."""

_CLASSES: Final = Parameter("classes", "classes", None, "which objects, by their names in the taxonomy")
_ZONE: Final = Parameter("zone", "zone", WHOLE_IMAGE, "zone of the camera file; left out: the whole image")
_KEEP_OPEN: Final = Parameter("keep_open", "duration", "5s", "how long it may fail before the episode ends")

_ALL: Final[tuple[Template, ...]] = (
    Template(
        name="presence",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("for", "duration", "1s", "how long the foot point must be in the zone"),
            Parameter("margin", "distance", "0.1 heights", "how far outside the zone it counts as left"),
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object's foot point is in the zone; it has left beyond a margin outside.",
    ),
    Template(
        name="stopped",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("for", "duration", "60s", "how long it must have been still"),
            Parameter("within", "distance", "0.3 heights", "how far from where it came to rest is still"),
            Parameter("margin", "distance", "0.1 heights", "how far outside the zone it counts as left"),
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object in the zone stays within a distance of where it came to rest; it ends on leaving.",
    ),
    Template(
        name="count_line",
        scope="track over line",
        parameters=(
            _CLASSES,
            Parameter("line", "line", None, "line of the camera file"),
            Parameter("band", "distance", "0.1 heights", "dead band on each side, in which no side is sure"),
            Parameter("confirm", "duration", "0.4s", "how long past the band confirms the crossing"),
            Parameter("depth", "distance", "0.5 heights", "or how deep past the line confirms it at once"),
        ),
        needs=frozenset(),
        doc="One count per confirmed crossing, in or out, at the time of the first sample past the band.",
    ),
)

TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType({template.name: template for template in _ALL})
"""Every template by name."""
