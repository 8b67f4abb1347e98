"""Templates that judge or count a zone as a whole."""

from __future__ import annotations

from typing import Final

from vigie_rule_engine.catalogue_parts import (
    A_ZONE,
    CLASSES,
    KEEP_OPEN,
    MARGIN,
    MOST_OBJECTS,
    ONE,
    PEOPLE,
    SOME_DISTANCE,
    SOME_SHARE,
    VEHICLES,
    ZONE,
    for_at_least,
)
from vigie_rule_engine.layers.limits import KEPT_FRAMES
from vigie_rule_engine.template import Measure, Parameter, Template

ZONE_TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        name="congestion",
        scope="zone",
        parameters=(
            CLASSES,
            ZONE,
            Parameter(
                "vehicles",
                "number",
                4.0,
                "at least so many, parked ones apart",
                fills="least",
                least=ONE,
                most=MOST_OBJECTS,
            ),
            Parameter(
                "slow", "fraction", "20%", "median speed against free flow, below", fills="ratio", least=SOME_SHARE
            ),
            Parameter("recovers", "fraction", "30%", "and above which it is over", fills="leave", least=SOME_SHARE),
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
            for_at_least("60s", "for how long"),
            MARGIN,
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
        classes=VEHICLES,
        ascending=(("slow", "recovers"),),
    ),
    Template(
        name="gathering",
        scope="zone",
        parameters=(
            CLASSES,
            ZONE,
            Parameter("people", "number", 5.0, "in one group, at least", fills="least", least=ONE, most=MOST_OBJECTS),
            Parameter(
                "link",
                "distance",
                "1.5 heights",
                "two who are nearer stand together",
                metric=True,
                metric_default="2 m",
                fills="within",
                least=SOME_DISTANCE,
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
            for_at_least("60s", "for how long"),
            MARGIN,
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
        classes=PEOPLE,
    ),
    Template(
        name="density",
        scope="zone",
        parameters=(
            CLASSES,
            A_ZONE,
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
            for_at_least("30s", "for how long"),
            MARGIN,
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
        classes=PEOPLE,
        ascending=(("leave", "enter"),),
    ),
    Template(
        name="crowd_movement",
        scope="zone",
        parameters=(
            CLASSES,
            ZONE,
            Parameter("people", "number", 8.0, "at least", fills="least", least=ONE, most=MOST_OBJECTS),
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
            for_at_least("1s", "for how long"),
            MARGIN,
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
        classes=PEOPLE,
    ),
    Template(
        name="object_class",
        scope="zone",
        parameters=(
            CLASSES,
            ZONE,
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
            for_at_least("0s", "for how long beside"),
            MARGIN,
            KEEP_OPEN,
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
        parameters=(CLASSES, ZONE, MARGIN),
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
            CLASSES,
            ZONE,
            Parameter("stay", "duration", "1s", "how long somebody must be there to count", fills="spare_ms"),
            MARGIN,
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
