"""The protocol by which found episodes are judged against true events: who matches whom, and the figures of it.

An event matures when the rule asks no more of it: its start + `for`. A found episode is right if it is told between
the event's start and 10 s after it is mature. Matching is one to one, so a second alert of the same event is a false
one, and so is one that comes later. Events *between* hold the definition only within the tolerances of the truth: they
need not be found and do no harm if they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vigie_scene.evaluation.intervals import Interval, garwood, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

LATE_S: Final = 10.0
"""After it is mature, an event must be told within this."""

EARLY_S: Final = 1.0
"""The clocks of two frames apart: so much before its start it may be told."""

FEWEST_EVENTS: Final = 20
"""Of fewer true events a recall says too little."""

SHORTEST_DAYS: Final = 1.0
"""Of fewer camera-days a rate of false alarms says too little."""

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Expected:
    """A true event that a rule is to find."""

    start_s: float
    mature_s: float
    """When the rule may tell it at the earliest by its definition."""
    end_s: float
    sure: bool = True
    """Else it is between: it holds only within the tolerances."""
    direction: str = ""
    """Of a crossing."""
    who: str = ""
    """For those who look into it."""

    @property
    def due_s(self) -> float:
        """Told later, it is missed."""
        return (self.mature_s if self.sure else max(self.mature_s, self.end_s)) + LATE_S


@dataclass(frozen=True, slots=True)
class Found:
    """An episode or crossing that a rule told."""

    told_s: float
    direction: str = ""
    who: str = field(default="", compare=False)
    """For those who look into it: class, track and box."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Expected and found of one rule on one camera, put together."""

    pairs: tuple[tuple[Expected, Found], ...]
    missed: tuple[Expected, ...]
    false: tuple[Found, ...]
    between: int
    """Found episodes of events between."""


def match(expected: Sequence[Expected], found: Sequence[Found]) -> Matched:
    """One to one, as many pairs as can be: each event in the order of its due time takes the first that fits.

    For windows of time that is the largest matching. Sure events choose first.
    """
    free = sorted(found, key=lambda one: one.told_s)
    pairs: list[tuple[Expected, Found]] = []
    missed: list[Expected] = []
    between = 0
    for event in sorted(expected, key=lambda one: (not one.sure, one.due_s, one.start_s)):
        fits = next((one for one in free if _fits(event, one)), None)
        if fits is not None:
            free.remove(fits)
        if not event.sure:
            between += fits is not None
        elif fits is None:
            missed.append(event)
        else:
            pairs.append((event, fits))
    return Matched(tuple(pairs), tuple(missed), tuple(free), between)


def _fits(event: Expected, found: Found) -> bool:
    return event.direction == found.direction and event.start_s - EARLY_S <= found.told_s <= event.due_s


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of one rule, over any number of cameras and hours; tallies add."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    between: int = 0
    watched_s: float = 0.0
    """Camera time, hours without an event included."""
    delays_s: tuple[float, ...] = field(default=())
    """From mature to told, of the hits."""

    def __add__(self, other: Tally) -> Tally:
        """The sum of both."""
        return Tally(
            self.hits + other.hits,
            self.missed + other.missed,
            self.false + other.false,
            self.between + other.between,
            self.watched_s + other.watched_s,
            self.delays_s + other.delays_s,
        )

    @property
    def events(self) -> int:
        """True ones."""
        return self.hits + self.missed

    @property
    def recall(self) -> float | None:
        """Share of the true events that were found; None: there were none."""
        return self.hits / self.events if self.events else None

    @property
    def precision(self) -> float | None:
        """Share of the found episodes that are true; None: none was found."""
        told = self.hits + self.false
        return self.hits / told if told else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else None

    @property
    def days(self) -> float:
        """Camera-days."""
        return self.watched_s / DAY_S

    @property
    def false_per_day(self) -> float | None:
        """False alarms a camera-day; None: nothing was watched."""
        return self.false / self.days if self.watched_s else None

    @property
    def count_error(self) -> float | None:
        """(told - true) ÷ true: what a count is off by."""
        return (self.false - self.missed) / self.events if self.events else None

    @property
    def recall_interval(self) -> Interval:
        """95 %."""
        return wilson(self.hits, self.events)

    @property
    def precision_interval(self) -> Interval:
        """95 %."""
        return wilson(self.hits, self.hits + self.false)

    @property
    def false_interval(self) -> Interval | None:
        """95 %, a camera-day."""
        return garwood(self.false, self.days) if self.watched_s else None

    def delay(self, share: float) -> float | None:
        """The delay that so many have at most: 0.5 the median; seconds."""
        if not self.delays_s:
            return None
        ordered = sorted(self.delays_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def insufficient(self) -> tuple[str, ...]:
        """What there is too little of to say much."""
        few = (f"fewer than {FEWEST_EVENTS} events",) if self.events < FEWEST_EVENTS else ()
        return (*few, "less than a camera-day") if self.days < SHORTEST_DAYS else few


def tally(matched: Matched, watched_s: float) -> Tally:
    """The figures of one rule on one camera."""
    delays = tuple(found.told_s - event.mature_s for event, found in matched.pairs)
    return Tally(len(matched.pairs), len(matched.missed), len(matched.false), matched.between, watched_s, delays)
