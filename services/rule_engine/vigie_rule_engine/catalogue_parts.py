"""What several templates of the catalogue share: parameters, classes, bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.template import Parameter

if TYPE_CHECKING:
    from vigie_rule_engine.template import Bounds

WHOLE_IMAGE: Final[tuple[str, ...]] = ()
"""Default of a zone parameter that may be left out."""

CLASSES: Final = Parameter("classes", "classes", None, "which objects, by their names in the taxonomy")
ZONE: Final = Parameter("zone", "zone", WHOLE_IMAGE, "zone of the camera file; left out: the whole image")
A_ZONE: Final = Parameter("zone", "zone", None, "zone of the camera file")
MARGIN: Final = Parameter("margin", "distance", "0.1 heights", "how far outside the zone it counts as left")
KEEP_OPEN: Final = Parameter("keep_open", "duration", "5s", "how long it may fail before the episode ends")
MOVED: Final = Parameter(
    "moved",
    "distance",
    "0.3 heights",
    "a person who has never moved so far, for 1 s or farther than a height, since first seen is left out as street "
    "furniture; 0: never",
    fills="least",
)
BAND: Final = Parameter("band", "distance", "0.2 heights", "dead band on each side, in which no side is sure")
CONFIRM: Final = Parameter("confirm", "duration", "0.4s", "how long past the band confirms the crossing")
DEPTH: Final = Parameter("depth", "distance", "0.5 heights", "or how deep past the line confirms it at once")
PEOPLE: Final = frozenset({"person"})
THINGS: Final = frozenset({"bag", "bicycle", "scooter"})
VEHICLES: Final = frozenset({"bicycle", "motorcycle", "scooter", "car", "van", "bus", "truck", "tram"})
ONE: Final[Bounds] = (1.0,)
MOST_OBJECTS: Final[Bounds] = (float(MOST_SUBJECTS),)
SOME_DISTANCE: Final[Bounds] = ("0.01 heights", "0.01 m")
SOME_SHARE: Final[Bounds] = ("1%",)
ASPECT: Final = Parameter(
    "aspect",
    "number",
    1.2,
    "width ÷ height of the box from which it lies",
    fills="least",
    least=(0.1,),
    most=(10.0,),
)
SHRUNK: Final = Parameter(
    "shrunk",
    "fraction",
    "60%",
    "height against the same person's when upright",
    fills="ratio",
    least=SOME_SHARE,
)


def for_at_least(default: str, doc: str) -> Parameter:
    """The parameter `for`: how long what the template judges must hold."""
    return Parameter("for", "duration", default, doc)
