"""Templates that judge each object by itself, in a zone or over a line."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from vigie_rule_engine.catalogue_parts import (
    ASPECT,
    BAND,
    CLASSES,
    CONFIRM,
    DEPTH,
    KEEP_OPEN,
    MARGIN,
    MOVED,
    PEOPLE,
    SHRUNK,
    SOME_DISTANCE,
    THINGS,
    ZONE,
    for_at_least,
)
from vigie_rule_engine.template import Measure, Parameter, Template

OBJECT_TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        name="presence",
        scope="track in zone",
        parameters=(
            CLASSES,
            ZONE,
            for_at_least("1s", "how long the foot point must be in the zone"),
            MOVED,
            MARGIN,
            KEEP_OPEN,
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
            CLASSES,
            ZONE,
            for_at_least("60s", "how long it must have been still"),
            Parameter(
                "within",
                "distance",
                "0.3 heights",
                "how far from where it came to rest is still",
                metric=True,
                metric_default="2 m",
                fills="within",
                least=SOME_DISTANCE,
            ),
            MARGIN,
            KEEP_OPEN,
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
            CLASSES,
            Parameter("line", "line", None, "a line of the camera file"),
            BAND,
            CONFIRM,
            DEPTH,
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
            CLASSES,
            Parameter("line", "line", None, "a line of the camera file"),
            Parameter(
                "direction",
                "choice",
                "both",
                "in, out, or both",
                fills="way",
                choices=MappingProxyType({"both": 0.0, "in": 1.0, "out": -1.0}),
            ),
            BAND,
            CONFIRM,
            DEPTH,
            KEEP_OPEN,
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
            CLASSES,
            ZONE,
            for_at_least("60s", "how long it must have been in the zone"),
            Parameter(
                "excursion", "duration", "5s", "outside for less is having stayed, while it matures", fills="spare_ms"
            ),
            MOVED,
            MARGIN,
            KEEP_OPEN,
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
            CLASSES,
            ZONE,
            Parameter("line", "line", None, "a line of the camera file drawn along the permitted direction"),
            Parameter(
                "progress",
                "distance",
                "3 heights",
                "net progress against the direction",
                metric=True,
                metric_default="5 m",
                fills="within",
                least=SOME_DISTANCE,
            ),
            for_at_least("1.5s", "for how long, still under way"),
            MARGIN,
            KEEP_OPEN,
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
            CLASSES,
            ZONE,
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
            for_at_least("0.5s", "for how long it is surely faster"),
            MARGIN,
            KEEP_OPEN,
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
            CLASSES,
            ZONE,
            for_at_least("10s", "how long somebody must lie"),
            ASPECT,
            SHRUNK,
            MARGIN,
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
        classes=PEOPLE,
    ),
    Template(
        name="fall",
        scope="track in zone",
        parameters=(
            CLASSES,
            ZONE,
            Parameter("took", "duration", "2s", "at most, from upright to lying", fills="spare_ms", least=("0.5s",)),
            for_at_least("3s", "how long somebody must then lie"),
            ASPECT,
            SHRUNK,
            MARGIN,
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
        classes=PEOPLE,
    ),
    Template(
        name="abandoned_object",
        scope="track in zone",
        parameters=(
            CLASSES,
            ZONE,
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
                least=SOME_DISTANCE,
            ),
            MARGIN,
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
        classes=THINGS,
    ),
)
