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
from vigie_rule_engine.layers.limits import KEPT_FRAMES
from vigie_rule_engine.template import Measure, Parameter, Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_rule_engine.template import Bounds

WHOLE_IMAGE: Final[tuple[str, ...]] = ()
"""Default of a zone parameter that may be left out."""

COMMON_FACTS: Final = ("moved_heights", "score", "seen_for_s", "speed_heights_per_s")
"""Measured of every single object; a zone as a whole has its own facts alone."""

_CLASSES: Final = Parameter("classes", "classes", None, "which objects, by their names in the taxonomy")
_ZONE: Final = Parameter("zone", "zone", WHOLE_IMAGE, "zone of the camera file; left out: the whole image")
_A_ZONE: Final = Parameter("zone", "zone", None, "zone of the camera file")
_MARGIN: Final = Parameter("margin", "distance", "0.1 heights", "how far outside the zone it counts as left")
_KEEP_OPEN: Final = Parameter("keep_open", "duration", "5s", "how long it may fail before the episode ends")
_MOVED: Final = Parameter(
    "moved",
    "distance",
    "0.3 heights",
    "a person who has never moved so far, for 1 s or farther than a height, since first seen is left out as street "
    "furniture; 0: never",
    fills="least",
)
_BAND: Final = Parameter("band", "distance", "0.2 heights", "dead band on each side, in which no side is sure")
_CONFIRM: Final = Parameter("confirm", "duration", "0.4s", "how long past the band confirms the crossing")
_DEPTH: Final = Parameter("depth", "distance", "0.5 heights", "or how deep past the line confirms it at once")
_PEOPLE: Final = frozenset({"person"})
_THINGS: Final = frozenset({"bag", "bicycle", "scooter"})
_VEHICLES: Final = frozenset({"bicycle", "motorcycle", "scooter", "car", "van", "bus", "truck", "tram"})
_ONE: Final[Bounds] = (1.0,)
_MOST_OBJECTS: Final[Bounds] = (2048.0,)
"""No camera keeps more subjects (`layers.state`)."""
_SOME_DISTANCE: Final[Bounds] = ("0.01 heights", "0.01 m")
_SOME_SHARE: Final[Bounds] = ("1%",)
_ASPECT: Final = Parameter(
    "aspect",
    "number",
    1.2,
    "width ÷ height of the box from which it lies",
    fills="least",
    least=(0.1,),
    most=(10.0,),
)
_SHRUNK: Final = Parameter(
    "shrunk",
    "fraction",
    "60%",
    "height against the same person's when upright",
    fills="ratio",
    least=_SOME_SHARE,
)


def _for(default: str, doc: str) -> Parameter:
    return Parameter("for", "duration", default, doc)


_ALL: Final[tuple[Template, ...]] = (
    Template(
        name="presence",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            _for("1s", "how long the foot point must be in the zone"),
            _MOVED,
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object's foot point is in the zone; it has left beyond a margin outside.",
        formula="on: p in zone; hold: p outside, but within `margin`; off: beyond. Doubted, and not told: a person who "
        "has not yet moved by `moved`. Intrusion is the same thing.",
        limits="A foot that is hidden is not where the box ends. Who is first seen standing in the zone is told at "
        "their first step; with `moved` 0 at once, and street furniture may be taken for a person, which the text "
        "then says. A person whose boxes all score below 0.4 is not told.",
        facts=("present_for_s",),
        measures=(Measure("moved since first seen", "subject.moved", "moved", ">="),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, a person or vehicle that enters or "
        "is in a forbidden or sensitive zone; the numbers are judgement",
        scenes=("somebody walks in", "along the edge, outside", "a signpost that is taken for a person"),
    ),
    Template(
        name="stopped",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            _for("60s", "how long it must have been still"),
            Parameter(
                "within",
                "distance",
                "0.3 heights",
                "how far from where it came to rest is still",
                metric=True,
                metric_default="2 m",
                fills="within",
                least=_SOME_DISTANCE,
            ),
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object in the zone stays within a distance of where it came to rest; it ends on leaving.",
        formula="on: |p - rest| <= `within`, in the zone, of a vehicle also the point 0.05 heights above p; hold: up "
        "to 1.5 × `within`, or in the margin; off: beyond. "
        "rest: while pending, the mean place of about the last 10 s; then fixed. While pending, beyond `within` "
        "holds, as does a foot that shakes out of the zone, and beyond 3 × `within` it rests anew.",
        limits="A vehicle hidden for more than 20 s is another one; who parks again within the zone is the same; "
        "who creeps by less than `within` in 10 s stands.",
        facts=("stopped_for_s",),
        measures=(Measure("from where it rests", "cell.value", "within", "<="),),
        source="Code de la route, article R417-10, names parking in a second row and other hindering stops; they "
        "say not after how long: the numbers are judgement",
        scenes=("a car parks", "waits at a red light", "a queue that creeps"),
    ),
    Template(
        name="count_line",
        scope="track over line",
        parameters=(
            _CLASSES,
            Parameter("line", "line", None, "a line of the camera file"),
            _BAND,
            _CONFIRM,
            _DEPTH,
        ),
        needs=frozenset(),
        doc="One count per confirmed crossing, in or out, at the time of the first sample past the band.",
        formula="the path from the last sure side cuts the segment; sure: farther than `band`; confirmed: for "
        "`confirm`, or `depth` deep.",
        limits="Who appears beside the line is not counted; a group in one box counts once.",
        counts=True,
        scenes=("people cross both ways", "cross and come straight back", "paces along the line"),
    ),
    Template(
        name="line_cross",
        scope="track over line",
        parameters=(
            _CLASSES,
            Parameter("line", "line", None, "a line of the camera file"),
            Parameter(
                "direction",
                "choice",
                "both",
                "in, out, or both",
                fills="way",
                choices=MappingProxyType({"both": 0.0, "in": 1.0, "out": -1.0}),
            ),
            _BAND,
            _CONFIRM,
            _DEPTH,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object crosses a line: an episode that begins at the crossing and ends at once.",
        formula="as count_line. A second crossing by the same object within `keep_open` is the same episode.",
        limits="As count_line.",
        scenes=("walks over the line", "turns back before it", "stands on it"),
    ),
    Template(
        name="dwell",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            _for("60s", "how long it must have been in the zone"),
            Parameter(
                "excursion", "duration", "5s", "outside for less is having stayed, while it matures", fills="spare_ms"
            ),
            _MOVED,
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object has been in the zone for long: loitering, waiting.",
        formula="t - (first instant in the zone) >= `for`, excursions shorter than `excursion` counting as stayed.",
        limits="An identity that is lost for longer than it is waited for (8 s for a person who stands, 5 s for one "
        "who walks) begins anew, unless another one begins within a height of there. Who meets somebody that was told, "
        "as that one leaves, and stays, is taken for the same; in a queue or a dense group one may be taken for the "
        "next. As presence for who stands from the start. Street furniture that is first seen beside a passer is told "
        "once.",
        facts=("dwell_s",),
        measures=(
            Measure("in the zone for", "cell.value", "for", ">="),
            Measure("moved since first seen", "subject.moved", "moved", ">="),
        ),
        source="PETS 2007 data set (loitering: longer than 60 s in the scene), for the 60 s; the rest is judgement",
        scenes=("loiters for 90 s", "for 50 s", "visitors who relieve each other"),
    ),
    Template(
        name="wrong_way",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("line", "line", None, "a line of the camera file drawn along the permitted direction"),
            Parameter(
                "progress",
                "distance",
                "3 heights",
                "net progress against the direction",
                metric=True,
                metric_default="5 m",
                fills="within",
                least=_SOME_DISTANCE,
            ),
            _for("1.5s", "for how long, still under way"),
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="An object moves against the permitted direction of a lane.",
        formula="a = Σ steps against the direction within the zone, each in heights of its moment, never below 0; on: "
        "a >= `progress`, in the zone, and moving against it at > 0.3 units/s and > 120° from it; hold: in the margin, "
        "stands, or moves otherwise; off: less.",
        limits="In heights the direction holds in the image, where the line was drawn; with metres on the ground. "
        "Reversing far is wrong-way driving. Cyclists may be allowed to: choose the classes.",
        facts=("progress_heights", "progress_m"),
        measures=(Measure("progress against the direction", "cell.value", "progress", ">="),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, a person or vehicle against the "
        "common direction; the numbers are judgement",
        scenes=("a car comes against the lane", "reverses into a bay", "turns round into the other lane"),
    ),
    Template(
        name="speed",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter(
                "limit",
                "speed",
                None,
                "speed that is allowed",
                metric=True,
                fills="speed",
                least=("0.1 km/h",),
                ground=True,
            ),
            _for("0.5s", "for how long it is surely faster"),
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset({"homography"}),
        doc="An object is surely faster than a limit, on the ground.",
        formula="v = the slower of two successive stretches of >= 0.5 s, displacement ÷ time; sure = v less "
        "1.64 standard "
        "deviations of both ends (0.04 heights of foot jitter, as metres there). On: sure > `limit`; hold: v > "
        "`limit`.",
        limits="Far away the bottom of a box is metres deep and nothing is sure. No measuring instrument: an attention "
        "signal, never evidence of an offence.",
        facts=("speed_kmh", "sure_kmh", "limit_kmh"),
        measures=(Measure("speed", "cell.value", "limit", ">"),),
        least_fps=4.0,
        scenes=("60 km/h where 30 is allowed", "32 km/h", "two cars whose identities might be exchanged"),
    ),
    Template(
        name="person_down",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            _for("10s", "how long somebody must lie"),
            _ASPECT,
            _SHRUNK,
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="Somebody who was upright lies on the ground.",
        formula="upright before for >= 2 s (w/h < 0.75); on: w/h > `aspect`, h < `shrunk` × own upright height, slower "
        "than 0.3 of that a second, not covered by > 25 % unless w > 0.75 own upright height; hold: w/h > 0.75 "
        "`aspect` and h < 1.2 × that, or moving, or covered; off: otherwise. Boxes smoothed over 0.4 s.",
        limits="A fall towards the camera does not widen the box; detectors miss people who lie; who was never seen "
        "upright says nothing.",
        facts=("down_for_s", "aspect", "height_share"),
        measures=(Measure("width ÷ height", "cell.value", "aspect", ">"),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, a person on the ground after a "
        "fall; the numbers are judgement",
        scenes=("walks, falls and lies", "crouches", "sits and lies on benches from the start"),
        classes=_PEOPLE,
    ),
    Template(
        name="fall",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("took", "duration", "2s", "at most, from upright to lying", fills="spare_ms", least=("0.5s",)),
            _for("3s", "how long somebody must then lie"),
            _ASPECT,
            _SHRUNK,
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="Somebody goes from upright to lying at once, and stays down.",
        formula="person_down, and (first instant down) - (last instant upright) <= `took`, of each miss 1 s at "
        "most; the smoothing of boxes takes 0.5 s of it.",
        limits="As person_down. Below 4 frames a second the fall itself cannot be seen: use person_down.",
        facts=("down_for_s", "aspect", "height_share"),
        measures=(Measure("width ÷ height", "cell.value", "aspect", ">"),),
        least_fps=4.0,
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, a person on the ground after a "
        "fall; the numbers are judgement",
        scenes=("walks, falls and lies", "crouches", "sits and lies on benches from the start"),
        classes=_PEOPLE,
    ),
    Template(
        name="abandoned_object",
        scope="track in zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("for", "duration", "60s", "how long it must lie still in all", fills="leave"),
            Parameter("alone", "duration", "30s", "how long its owner must be away", fills="spare_ms"),
            Parameter(
                "away",
                "distance",
                "2 heights",
                "farther than this from it is away, in heights of the person",
                metric=True,
                metric_default="3 m",
                fills="within",
                least=_SOME_DISTANCE,
            ),
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="A thing that somebody put down lies still, and its owner has gone.",
        formula="owner: the nearest person within `away` when it came to rest (none: never on). On: still "
        "(within 1 own "
        "height) for `for`, and for `alone` neither the owner nor anybody slower than 0.3 units/s was within `away`.",
        limits="Small things are missed; who hands a bag over to somebody walking has left it; a bin that "
        "appears beside "
        "somebody is theirs.",
        facts=("still_for_s", "alone_for_s"),
        measures=(Measure("alone for", "cell.value", "alone", ">="),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the event; after PETS 2006 (left luggage: of "
        "an owner, in space and in time); the numbers are judgement",
        scenes=("a bag is put down and left", "left and fetched", "a bin; somebody asleep beside a bag"),
        classes=_THINGS,
    ),
    Template(
        name="congestion",
        scope="zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter(
                "vehicles",
                "number",
                4.0,
                "at least so many, parked ones apart",
                fills="least",
                least=_ONE,
                most=_MOST_OBJECTS,
            ),
            Parameter(
                "slow", "fraction", "20%", "median speed against free flow, below", fills="ratio", least=_SOME_SHARE
            ),
            Parameter("recovers", "fraction", "30%", "and above which it is over", fills="leave", least=_SOME_SHARE),
            Parameter("occupancy", "fraction", "20%", "share of the zone that vehicles cover, at least", fills="share"),
            Parameter(
                "free_flow",
                "speed",
                "0 heights/s",
                "speed of free flow; 0: learned from the zone",
                metric=True,
                metric_default="0 m/s",
                fills="speed",
            ),
            _for("60s", "for how long"),
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="The vehicles of a zone are many, cover it and hardly move.",
        formula="on: count >= `vehicles`, occupancy >= `occupancy`, median speed < `slow` × free flow; hold: half "
        "of the occupancy and 0.3 of the count take part, median < `recovers` × free flow; all three over 5 s. Half of "
        "the count must have been seen to move. Free flow: mean over ten minutes of those faster than half of it. "
        "Occupancy: share of the zone's points behind the lower half of a box.",
        limits="Vehicles that never moved, or not for ten minutes, are parked. A lorry may hide the queue. "
        "Learning takes "
        "20 vehicle-seconds of free traffic after a start.",
        facts=("vehicles", "occupancy", "speed_ratio"),
        measures=(
            Measure("vehicles", "group", "vehicles", ">="),
            Measure("occupancy", "occupied", "occupancy", ">="),
            Measure("speed ÷ free flow", "share", "slow", "<"),
        ),
        scenes=("a lane stands for two minutes", "waits 35 s at red", "a row of parked cars"),
        classes=_VEHICLES,
        ascending=(("slow", "recovers"),),
    ),
    Template(
        name="gathering",
        scope="zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("people", "number", 5.0, "in one group, at least", fills="least", least=_ONE, most=_MOST_OBJECTS),
            Parameter(
                "link",
                "distance",
                "1.5 heights",
                "two who are nearer stand together",
                metric=True,
                metric_default="2 m",
                fills="within",
                least=_SOME_DISTANCE,
            ),
            Parameter(
                "slower",
                "speed",
                "0.3 heights/s",
                "who is faster passes by",
                metric=True,
                metric_default="0.5 m/s",
                fills="speed",
                least=("0.01 heights/s", "0.1 km/h"),
            ),
            Parameter("holds", "fraction", "75%", "of `people`: with fewer it is over", fills="ratio"),
            _for("60s", "for how long"),
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="A group of people forms and stays.",
        formula="groups by single linkage of those slower than `slower`, or within 0.3 heights of one place for 3 s: "
        "two belong together if nearer than `link` (in heights: the mean of both, and about equally high). On: largest "
        ">= `people`; hold: >= `holds` × `people`; a smaller group takes 10 s to count, since people hide each other.",
        limits="People who hide each other are missed: the number is a lower bound. A bus stop or a terrace "
        "looks the same: "
        "draw the zone round it.",
        facts=("people",),
        measures=(Measure("people together", "going", "people", ">="),),
        scenes=("seven come together and stay", "four", "two streams that cross"),
        classes=_PEOPLE,
    ),
    Template(
        name="density",
        scope="zone",
        parameters=(
            _CLASSES,
            _A_ZONE,
            Parameter(
                "enter",
                "number",
                0.5,
                "people a square metre, as boxes show them",
                fills="least",
                least=(0.01,),
                most=(20.0,),
            ),
            Parameter("leave", "number", 0.35, "below which it is over", fills="leave", least=(0.001,), most=(20.0,)),
            _for("30s", "for how long"),
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset({"homography", "zone"}),
        doc="People stand close together in a zone.",
        formula="count in the zone ÷ its area on the ground, people/m². On: >= `enter`; hold: >= `leave`.",
        limits="Boxes hide each other: of 2 people/m² the simulated detector shows 0.6 to 0.8, so the value is a lower "
        "bound. Choose "
        "`enter` for what the camera can show.",
        facts=("people", "people_per_m2", "area_m2"),
        measures=(Measure("people/m²", "share", "enter", ">="),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, too high a density of people. After "
        "Fruin walking slows at 2 people/m² and nobody avoids contact at 3.6 (table 1 of doi "
        "10.1140/epjds17); `enter` is what boxes show of less: judgement",
        scenes=("sixty people close together", "a busy forecourt", "a file towards the camera"),
        classes=_PEOPLE,
        ascending=(("leave", "enter"),),
    ),
    Template(
        name="crowd_movement",
        scope="zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("people", "number", 8.0, "at least", fills="least", least=_ONE, most=_MOST_OBJECTS),
            Parameter("times", "number", 2.0, "median speed against what is usual there", fills="ratio", most=(100.0,)),
            Parameter(
                "faster",
                "speed",
                "0.8 heights/s",
                "and at least",
                metric=True,
                metric_default="2 m/s",
                fills="speed",
            ),
            Parameter("aligned", "fraction", "50%", "in one direction, or away from one place", fills="share"),
            _for("1s", "for how long"),
            _MARGIN,
            Parameter("keep_open", "duration", "10s", "how long it may fail before the episode ends"),
        ),
        needs=frozenset(),
        doc="Many people suddenly move fast together, or away from something.",
        formula="m = median speed, u = its mean over the last ten minutes; a = max(|mean unit velocity|, mean cosine "
        "between velocity and direction from the centre). On: count >= `people`, m >= `times` × u, m >= `faster`, a >= "
        "`aligned`.",
        limits="Learning takes 20 s of people in the zone. At 2 frames a second runners are hard to follow. A bus that "
        "arrives, a race, rain look alike.",
        facts=("people", "speed_ratio", "speed_heights_per_s", "speed_mps", "aligned"),
        measures=(
            Measure("people", "group", "people", ">="),
            Measure("median speed", "speed", "faster", ">="),
            Measure("aligned", "aligned", "aligned", ">="),
        ),
        least_fps=4.0,
        source="decree 2023-828 of 28 August 2023, chapter I, names the event, a movement of a crowd; the numbers "
        "are judgement",
        scenes=("a crowd flees", "joggers pass", "the camera shakes"),
        classes=_PEOPLE,
    ),
    Template(
        name="object_class",
        scope="zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("score", "number", 0.5, "of the detector, at least", fills="least", most=(1.0,)),
            Parameter("share", "fraction", "60%", "of the frames of the last `over`, at least", fills="share"),
            Parameter(
                "over",
                "duration",
                "2s",
                f"how far back: {KEPT_FRAMES} frames at most",
                fills="spare_ms",
                least=("0.1s",),
                most_frames=KEPT_FRAMES,
            ),
            _for("0s", "for how long beside"),
            _MARGIN,
            _KEEP_OPEN,
        ),
        needs=frozenset(),
        doc="Something of a class is in view: fire, smoke, a weapon, an animal, where the model knows the class.",
        formula="on: an object of the class with `score` in >= `share` of the frames of the last `over`, 3 at "
        "least; hold: in "
        "half of that.",
        limits="As good as the model: no model that comes with Vigie knows fire, smoke or weapons.",
        facts=("share", "samples", "score"),
        measures=(Measure("share of frames", "share", "share", ">="),),
        source="decree 2023-828 of 28 August 2023, chapter I, names the events, outbreaks of fire, and weapons "
        "carried or used; the numbers are judgement",
        scenes=("a fire burns", "a flash of one frame", "a low sun, now and then"),
    ),
    Template(
        name="count_zone",
        scope="zone",
        parameters=(_CLASSES, _ZONE, _MARGIN),
        needs=frozenset(),
        doc="How many are in the zone: one COUNT a minute with mean and maximum.",
        formula="mean = Σ count × time since the frame before ÷ watched time; max over the minute's frames. Who "
        "was seen "
        "within the last second is there.",
        limits="Who is missed is not counted; street furniture taken for a person is.",
        facts=("mean", "max", "watched_s"),
        counts=True,
        scenes=("six stroll about", "along the edge", "an empty square with a signpost"),
    ),
    Template(
        name="unique_count",
        scope="zone",
        parameters=(
            _CLASSES,
            _ZONE,
            Parameter("stay", "duration", "1s", "how long somebody must be there to count", fills="spare_ms"),
            _MARGIN,
        ),
        needs=frozenset(),
        doc="How many different objects were in the zone: one COUNT a minute, with an error band.",
        formula="unique: subjects that were in the zone in this minute and had stayed for `stay`; entered: "
        "those who had "
        "for the first time, so that minutes add up; low = entered less those who appeared in the middle of the zone, "
        "high = entered and those lost before `stay`.",
        limits="Of one camera, never across cameras: nobody is recognised. Tracks that break inflate; the band says by "
        "how much at least.",
        facts=("unique", "entered", "low", "high", "watched_s"),
        counts=True,
        scenes=("ten cross the square", "one leaves and comes back", "tracks broken by a kiosk"),
    ),
)

TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType({template.name: template for template in _ALL})
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
