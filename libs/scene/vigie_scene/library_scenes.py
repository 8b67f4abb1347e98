"""What happens in the scenes that come with the house, three for each template of the rules.

In one it happens, in one it nearly does, and one only looks like it.

Defaults of the rules decide what is nearly: a dwell of 60 s against a visit of 55, five people against four.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vigie_scene.library_actors import (
    SQUARE,
    Part,
    car,
    false_object,
    group,
    parks,
    passers,
    stands,
    strollers,
    traffic,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Entry:
    """One scene of the library."""

    about: str
    actors: tuple[Part, ...]
    layout: str = "square"
    lasts_s: float = 60.0
    red: tuple[tuple[str, float, float, float], ...] = ()
    """Lane, metres along it, from, to."""
    shake_px: float = 0.0


_FORECOURT: Final = [[-2.5, 1.5], [2.5, 1.5], [2.5, 5.5], [-2.5, 5.5]]
_ACROSS: Final = [[0.0, -6.0], [0.5, 4.0], [0.0, 14.0]]
_STREET: Final = "town-street"
_EASTWARD: Final = [[-45.0, -1.75], [70.0, -1.75]]
_WESTWARD: Final = [[70.0, -1.75], [-45.0, -1.75]]
_GATE: Final = [[[1.0, -3.0], [1.0, 12.0]], [[-3.0, 11.0], [-3.0, -4.0]]]

ENTRIES: Final[Mapping[str, tuple[Entry, Entry, Entry]]] = {
    "presence": (
        Entry("Someone walks across the forecourt.", (walk("walker", 5, _ACROSS), passers())),
        Entry("Someone walks along the forecourt's edge, outside.", (walk("walker", 5, [[3.9, -6], [3.9, 14]]),)),
        Entry("A signpost in the forecourt that is taken for a person.", (false_object("signpost", [0, 4]), passers())),
    ),
    "line_cross": (
        Entry("Someone walks over the gate.", (walk("walker", 5, _GATE[0]),)),
        Entry(
            "Someone comes to the gate and turns back before it.", (walk("walker", 5, [[1, -4], [1, 3.4], [1, -4]]),)
        ),
        Entry("Someone stands on the gate.", (stands("waits", [1.0, 3.6], from_s=0), passers())),
    ),
    "wrong_way": (
        Entry(
            "A car comes against the direction of the eastbound lane.",
            (car("wrong", 10, _WESTWARD, 7.0, says="wrong_way"), traffic("west", "west", 4)),
            _STREET,
        ),
        Entry(
            "A car reverses into the bay.",
            (parks("reverses", [5.0, -4.6], 20, None, backwards_m=6.0), traffic("west", "west", 4)),
            _STREET,
        ),
        Entry(
            "A car turns round and leaves the way it came, on the right lane.",
            (
                car(
                    "turns",
                    8,
                    [[-45, -1.75], [14, -1.75], [17, -1.2], [18, 0], [17, 1.2], [14, 1.75], [-45, 1.75]],
                    5.0,
                    says="u_turn",
                ),
            ),
            _STREET,
        ),
    ),
    "dwell": (
        Entry(
            "Someone stays about the forecourt for a minute and a half.",
            (
                {
                    "actor": "loiterer",
                    "name": "loiterer",
                    "area": _FORECOURT,
                    "from_s": 12,
                    "to_s": 102,
                    "comes_from": [-16.0, 8.0],
                },
                passers(),
            ),
            lasts_s=140,
        ),
        Entry(
            "Someone stays about the forecourt for 50 seconds.",
            (
                {
                    "actor": "loiterer",
                    "name": "loiterer",
                    "area": _FORECOURT,
                    "from_s": 12,
                    "to_s": 62,
                    "comes_from": [-16.0, 8.0],
                },
                passers(),
            ),
            lasts_s=100,
        ),
        Entry(
            "Visitors of the forecourt relieve each other.",
            tuple(
                {
                    "actor": "loiterer",
                    "name": f"visitor-{k}",
                    "area": _FORECOURT,
                    "from_s": 12 + 22 * k,
                    "to_s": 36 + 22 * k,
                    "comes_from": [-16.0 if k % 2 else 16.0, 8.0],
                }
                for k in range(5)
            ),
            lasts_s=140,
        ),
    ),
    "stopped": (
        Entry(
            "A car parks in the bay for two minutes.",
            (parks("parks", [6.0, -4.6], 20, 140), traffic("east", "east", 4), traffic("west", "west", 4)),
            _STREET,
            180,
        ),
        Entry(
            "Cars wait 40 seconds at a red light.",
            (traffic("east", "east", 8, mix={"car": 1.0}), traffic("west", "west", 4)),
            _STREET,
            150,
            red=(("east", 82.0, 40, 80),),
        ),
        Entry(
            "A queue creeps: every car moves on now and then.",
            (traffic("east", "east", 14, mix={"car": 1.0}),),
            _STREET,
            180,
            red=tuple(("east", 90.0, t, t + 9.0) for t in range(20, 180, 12)),
        ),
    ),
    "congestion": (
        Entry(
            "The eastbound lane stands for two minutes.",
            (traffic("east", "east", 14, mix={"car": 0.9, "van": 0.1}), traffic("west", "west", 4)),
            _STREET,
            260,
            red=(("east", 118.0, 40, 190),),
        ),
        Entry(
            "The eastbound lane waits 35 seconds at red.",
            (traffic("east", "east", 10, mix={"car": 0.9, "van": 0.1}), traffic("west", "west", 4)),
            _STREET,
            180,
            red=(("east", 118.0, 40, 75), ("east", 118.0, 115, 150)),
        ),
        Entry(
            "A row of parked cars beside flowing traffic.",
            (
                *(parks(f"parked-{k}", [2.0 + 5.6 * k, -3.0], 0, None) for k in range(5)),
                traffic("west", "west", 8),
            ),
            _STREET,
            180,
        ),
    ),
    "speed": (
        Entry("A car at 60 km/h where 30 is allowed.", (car("fast", 10, _EASTWARD, 16.7),), _STREET),
        Entry("A car at 32 km/h where 30 is allowed.", (car("slow", 10, _EASTWARD, 8.9),), _STREET),
        Entry(
            "Two cars, one behind the other, that an exchange of identities would make fast.",
            (car("first", 10, _EASTWARD, 7.5), car("second", 11.2, _EASTWARD, 7.5), traffic("west", "west", 10)),
            _STREET,
        ),
    ),
    "gathering": (
        Entry("Seven people come together and stay.", (group(7, 25, 130), passers()), lasts_s=170),
        Entry("Four people come together and stay.", (group(4, 25, 130), passers()), lasts_s=170),
        Entry(
            "Two streams of people pass each other.",
            (
                {
                    "actor": "pedestrians",
                    "name": "east",
                    "points": [[-16, 4], [16, 4]],
                    "per_minute": 22,
                    "width_m": 4,
                    "both_ways": True,
                },
                {
                    "actor": "pedestrians",
                    "name": "north",
                    "points": [[0, -4], [0, 18]],
                    "per_minute": 18,
                    "width_m": 4,
                    "both_ways": True,
                },
            ),
            lasts_s=170,
        ),
    ),
    "density": (
        Entry("Sixty people close together on the forecourt.", (group(60, 30, spacing_m=0.75),), lasts_s=120),
        Entry("A busy forecourt: fifteen people.", (group(15, 30, spacing_m=1.5),), lasts_s=120),
        Entry(
            "A file of people towards the camera who pile up in the image only.",
            ({"actor": "queue", "name": "file", "head": [0, 0], "tail": [0, 20], "people": 16, "spacing_m": 1.2},),
            lasts_s=120,
        ),
    ),
    "crowd_movement": (
        Entry(
            "A crowd strolls and then flees from the middle.",
            ({"actor": "flight", "name": "crowd", "area": SQUARE, "people": 16, "at_s": 60, "away_from": [0, 4]},),
            lasts_s=80,
        ),
        Entry(
            "Four joggers pass through strollers.",
            (
                *strollers(9),
                *(walk(f"jogger-{k}", 40 + 0.7 * k, [[-16, 4 + 0.8 * k], [18, 4 + 0.8 * k]], 2.8) for k in range(4)),
            ),
            lasts_s=80,
        ),
        Entry("The camera shakes in the wind above strollers.", strollers(14), lasts_s=80, shake_px=6.0),
    ),
    "person_down": (
        Entry(
            "Someone walks, falls and lies.",
            ({"actor": "fall", "name": "falls", "points": [[-14, 3], [0, 3]], "at_s": 20, "lies_s": 60}, passers()),
            lasts_s=100,
        ),
        Entry(
            "Someone crouches for 20 seconds.",
            (
                {
                    "actor": "fall",
                    "name": "crouches",
                    "points": [[-14, 3], [0, 3]],
                    "at_s": 20,
                    "lies_s": 20,
                    "crouches": True,
                },
            ),
            lasts_s=70,
        ),
        Entry(
            "Someone has been sitting and someone lying on benches from the start.",
            (
                stands("sits", [-3, 6], pose="sitting"),
                stands("rests", [3, 5], pose="lying", heading_deg=90),
                passers(),
            ),
            lasts_s=100,
        ),
    ),
    "abandoned_object": (
        Entry(
            "Someone puts a bag down and leaves.",
            ({"actor": "bag", "name": "owner", "points": [[-14, 2], [0, 0]], "at_s": 20}, passers(4)),
            lasts_s=140,
        ),
        Entry(
            "Someone puts a bag down, leaves, and fetches it.",
            ({"actor": "bag", "name": "owner", "points": [[-14, 2], [0, 0]], "at_s": 20, "returns_s": 60}, passers(4)),
            lasts_s=140,
        ),
        Entry(
            "A bin that is taken for a bag, and someone who sleeps beside a bag.",
            (
                false_object("bin", [4, 0], "bag"),
                stands("sleeper", [-3, 1], pose="lying", heading_deg=90),
                stands("bag", [-4.4, 1.0], kind="bag"),
            ),
            lasts_s=140,
        ),
    ),
    "object_class": (
        Entry("A fire burns for a minute.", (stands("fire", [2, 6], kind="fire", from_s=15, to_s=75),), lasts_s=90),
        Entry("A flash, taken for fire for one frame.", (false_object("flash", [2, 6], "fire", from_s=30, to_s=30.1),)),
        Entry(
            "A low sun in a window, taken for fire for a second now and then.",
            tuple(false_object(f"glint-{k}", [2, 9], "fire", from_s=9 + 11 * k, to_s=9.9 + 11 * k) for k in range(4)),
        ),
    ),
    "count_line": (
        Entry(
            "People walk over the gate both ways.",
            (*(walk(f"walker-{k}", 3 + 4 * k, _GATE[k % 2]) for k in range(8)), passers()),
        ),
        Entry(
            "People cross the gate and come straight back.",
            tuple(walk(f"back-{k}", 4 + 12 * k, [[1, -3], [1, 6.5], [1, -3]]) for k in range(3)),
        ),
        Entry(
            "Someone paces along the gate.",
            (walk("paces", 0, [[-5, 3.2], [5, 3.4], [-5, 3.3], [5, 3.2], [-5, 3.4], [5, 3.3]], 1.0),),
        ),
    ),
    "count_zone": (
        Entry("Six people stroll on the square.", strollers(6), lasts_s=90),
        Entry(
            "People walk along the square's edge, half of them outside.",
            tuple(walk(f"edge-{k}", 4 * k, [[-8 + 0.5 * (-1) ** k, -4], [-8 + 0.5 * (-1) ** k, 13]]) for k in range(8)),
        ),
        Entry("An empty square with a signpost.", (false_object("signpost", [2, 5]),)),
    ),
    "unique_count": (
        Entry(
            "Ten people cross the square.", tuple(walk(f"walker-{k}", 5 * k, _ACROSS) for k in range(10)), lasts_s=80
        ),
        Entry(
            "Someone leaves the square and comes back.",
            (walk("returns", 2, [[-14, 4], [0, 4], [-16, 4], [-16.5, 4], [2, 4]]),),
            lasts_s=70,
        ),
        Entry(
            "People pass behind a kiosk and each other, which breaks their tracks.",
            tuple(walk(f"walker-{k}", 3 * k, [[-14, 4 + 0.4 * k], [14, 4 + 0.4 * k]][:: (-1) ** k]) for k in range(8)),
            lasts_s=80,
        ),
    ),
}
"""Scenes by template: happens, nearly, look-alike."""


EXTRAS: Final[Mapping[str, Entry]] = {
    "double-parking": Entry(
        "A van stops on the carriageway beside a row of parked cars; those behind it wait.",
        (
            *(parks(f"parked-{k}", [1.0 + 5.6 * k, -4.6], 0, None) for k in range(3)),
            parks("van", [6.0, -1.9], 25, 130, kind="van"),
            traffic("east", "east", 5),
            traffic("west", "west", 5),
        ),
        _STREET,
        180,
    ),
    "busy-street": Entry(
        "Traffic both ways, people on both pavements, parked cars, a signpost.",
        (
            traffic("east", "east", 8),
            traffic("west", "west", 8),
            parks("parked", [3.0, -4.6], 0, None),
            parks("van", [10.0, -4.6], 20, 90, kind="van"),
            {
                "actor": "pedestrians",
                "name": "north",
                "points": [[-20.0, 5.6], [32.0, 5.6]],
                "per_minute": 8.0,
                "width_m": 2.5,
            },
            {
                "actor": "pedestrians",
                "name": "south",
                "points": [[-14.0, -7.2], [32.0, -7.2]],
                "per_minute": 4.0,
                "width_m": 1.5,
            },
            false_object("signpost", [-3.5, 4.0]),
        ),
        _STREET,
        120,
    ),
}
"""Scenes of no single template."""
