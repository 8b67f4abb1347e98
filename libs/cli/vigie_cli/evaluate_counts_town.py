"""Counts of simulated places beside their truth: film, real tracker, real rule core, real statistics core."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from vigie_cli.evaluate_city import drawn
from vigie_cli.evaluate_counts_beside import OBJECTS, Truth
from vigie_cli.evaluate_counts_rules import RULES, written
from vigie_scene.evaluation.counts import Confusion, CountTally
from vigie_scene.evaluation.counts_scenes import Kind, Layout, counting_scene
from vigie_scene.evaluation.ground_truth import observe
from vigie_scene.export import track_records
from vigie_scene.film import film
from vigie_statistics.replayed import replayed_figures


@dataclass(frozen=True, slots=True)
class Place:
    """One camera for an hour, or less, to be counted at several frame rates."""

    kind: Kind
    layout: Layout
    seed: int
    rates: tuple[float, ...]
    minutes: float = 60.0

    @property
    def unit(self) -> str:
        """Its name in the sample."""
        return f"{self.kind}/{self.layout}/{self.seed}"


@dataclass(frozen=True, slots=True)
class About:
    """What a tally is about."""

    fps: float
    kind: Kind
    measure: str
    place: str
    what: str
    """Means of transport, or the classes of the rule."""
    direction: str
    """in, out, or both; none: not of a crossing."""
    window: str


@dataclass(slots=True)
class Counted:
    """What was found of places; they add."""

    tallies: dict[About, CountTally] = field(default_factory=dict)
    confusions: dict[tuple[float, Kind], Confusion] = field(default_factory=dict)

    def add(self, other: Counted) -> None:
        """Take in another place."""
        for about, one in other.tallies.items():
            self.tallies[about] = self.tallies[about] + one if about in self.tallies else one
        for key, found in other.confusions.items():
            self.confusions[key] = self.confusions.get(key, Confusion()) + found


def count_place(place: Place) -> Counted:
    """Count one place at each rate and compare."""
    observed = observe(counting_scene(place.kind, place.layout, place.seed, 5.0, place.minutes))
    truth = Truth(observed, [rule for rule in RULES if rule.layout == place.layout])
    counted = Counted()
    for fps in place.rates:
        scene = counting_scene(place.kind, place.layout, place.seed, fps, place.minutes)
        camera = drawn(scene)
        camera["camera_id"] = place.unit
        records = list(written(track_records(film(scene, observed.world), place.unit), camera, truth.rules))
        counted.confusions[fps, place.kind] = truth.confusion([r for topic, r in records if topic == "rule-events"])
        figures = replayed_figures(records, ZoneInfo(camera["time_zone"]))
        for (measure, where, what, direction, window), compared in truth.beside(figures, place.unit, place.minutes):
            about = About(fps, place.kind, measure, where, what, direction, window)
            before = counted.tallies.get(about, CountTally(objects=measure in OBJECTS))
            counted.tallies[about] = before + CountTally((compared,), before.objects)
    return counted
