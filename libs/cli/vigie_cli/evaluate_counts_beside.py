"""What a perfect counter would publish of a simulated place, and the published figures beside it."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.evaluate_counts_rules import rule_record
from vigie_scene.evaluation.counts import Compared, Confusion, Crossing, confusion
from vigie_scene.evaluation.counts_truth import ZoneTruth, crossings
from vigie_scene.export import EPOCH_MS
from vigie_statistics.figures import LEAST_COVERAGE
from vigie_statistics.query.measures import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vigie_cli.evaluate_counts_rules import CountingRule
    from vigie_common.records import Statistic
    from vigie_scene.evaluation.ground_truth import Observed

OBJECTS: Final = frozenset({"crossings", "unique"})
"""Measures whose truth is a number of objects."""

WINDOWS_S: Final = {"m15": 900.0, "h1": 3600.0}
"""Windows that are compared; those of a minute hold too few objects to say much."""

MODE_OF: Final = {name: mode for mode, names in MODES.items() for name in names}
VEHICLE: Final = "vehicles"
"""All but pedestrians, as one."""

_Key = tuple[str, str, str, str, str]
"""Measure, place, what, direction, window."""


class Truth:
    """What a perfect counter would publish of one place, and the published figures beside it."""

    def __init__(self, observed: Observed, rules: Sequence[CountingRule]) -> None:
        self.rules = rules
        self._lines = {r.place: crossings(observed, r.place) for r in rules if r.template == "count_line"}
        self._zones = {r.name: ZoneTruth(observed, r.place, r.classes) for r in rules if r.template != "count_line"}
        self._came = {r.name: self._zones[r.name].came() for r in rules if r.template == "unique_count"}
        self._stays = {r.name: self._zones[r.name].stays() for r in rules if r.template == "presence"}
        self._jams = {r.name: self._zones[r.name].jams() for r in rules if r.template == "congestion"}

    def confusion(self, events: Iterable[Mapping[str, Any]]) -> Confusion:
        """The told crossings beside the true ones."""
        told: dict[str, list[Crossing]] = {line: [] for line in self._lines}
        for event in events:
            if event["kind"] == "COUNT" and event["direction"]:
                at = (event["started_at"] - EPOCH_MS) / 1000
                told[event["scope"]].append(Crossing(at, event["objects"][0]["object_class"], event["direction"]))
        return sum((confusion(true, told[line]) for line, true in self._lines.items()), Confusion())

    def beside(self, figures: Iterable[Statistic], unit: str, minutes: float) -> Iterator[tuple[_Key, Compared]]:
        """Every window of every measure, compared."""
        by_window: dict[tuple[str, int], list[Statistic]] = {}
        for figure in figures:
            if figure["final"]:
                by_window.setdefault((figure["window"], figure["start"]), []).append(figure)
        for window, length_s in WINDOWS_S.items():
            for k in range(int(60.0 * minutes // length_s)):
                start_s, end_s = k * length_s, (k + 1) * length_s
                here = by_window.get((window, EPOCH_MS + round(start_s * 1000)), [])
                for rule in self.rules:
                    measures = self._crossings if rule.template == "count_line" else self._zone
                    for key, true, found in measures(rule, start_s, end_s):
                        wanted = [f for f in here if _fits(f, key)]
                        if found or wanted:
                            yield (*key, window), _compared(unit, true, wanted, here)

    def _crossings(
        self, rule: CountingRule, start_s: float, end_s: float
    ) -> Iterator[tuple[tuple[str, str, str, str], float, bool]]:
        """Key and truth of each means of transport and direction; and whether a figure is due even if there is none."""
        true = [one for one in self._lines[rule.place] if start_s <= one.at_s < end_s]
        modes = {MODE_OF[name] for name in rule.classes}
        for what in sorted(modes) + ([VEHICLE] if len(modes) > 1 else []):
            for direction in ("in", "out", "both"):
                count = sum(
                    what in {MODE_OF[one.object_class], _vehicle(one.object_class)}
                    and direction in {one.direction, "both"}
                    for one in true
                )
                yield ("crossings", rule.place, what, direction), float(count), count > 0

    def _zone(
        self, rule: CountingRule, start_s: float, end_s: float
    ) -> Iterator[tuple[tuple[str, str, str, str], float, bool]]:
        what = "+".join(rule_record(rule)["classes"])
        for measure, true in _ZONE_TRUTHS[rule.template](self, rule.name, start_s, end_s):
            yield (measure, rule.place, what, "none"), true, true > 0

    def occupancy(self, name: str, start_s: float, end_s: float) -> Iterator[tuple[str, float]]:
        """Of count_zone."""
        mean, most = self._zones[name].occupancy(start_s, end_s)
        yield "occupancy_mean", mean
        yield "occupancy_max", most

    def unique(self, name: str, start_s: float, end_s: float) -> Iterator[tuple[str, float]]:
        """Of unique_count."""
        yield "unique", float(sum(start_s <= at < end_s for at in self._came[name]))

    def dwell(self, name: str, start_s: float, end_s: float) -> Iterator[tuple[str, float]]:
        """Of presence: the median of the stays that ended."""
        ended = [stay.end_s - stay.start_s for stay in self._stays[name] if start_s <= stay.end_s < end_s]
        if ended:
            yield "dwell", median(ended)

    def congestion(self, name: str, start_s: float, end_s: float) -> Iterator[tuple[str, float]]:
        """Of congestion."""
        here = [jam for jam in self._jams[name] if jam.start_s < end_s and jam.end_s > start_s]
        yield "congestion_minutes", sum(min(j.end_s, end_s) - max(j.start_s, start_s) for j in here) / 60.0
        if here:
            yield "queue_length", float(max(jam.most for jam in here))


_ZONE_TRUTHS: Final[Mapping[str, Callable[[Truth, str, float, float], Iterator[tuple[str, float]]]]] = {
    "count_zone": Truth.occupancy,
    "unique_count": Truth.unique,
    "presence": Truth.dwell,
    "congestion": Truth.congestion,
}


def _vehicle(object_class: str) -> str:
    return "" if object_class == "person" else VEHICLE


def _fits(figure: Statistic, key: tuple[str, str, str, str]) -> bool:
    """Whether a figure is part of what the key is about."""
    measure, place, what, direction = key
    if (figure["measure"], figure["place"]) != (measure, place):
        return False
    if measure != "crossings":
        return figure["object_class"] == what
    modes = {MODE_OF[figure["object_class"]], _vehicle(figure["object_class"])}
    return what in modes and direction in {figure["direction"], "both"}


def _compared(unit: str, true: float, figures: Sequence[Statistic], here: Sequence[Statistic]) -> Compared:
    """The figures' sum beside the truth; where there is none, nothing was seen."""
    if not figures:
        watched = next((f["coverage"] for f in here if f["measure"] == "watched"), 0.0)
        return Compared(unit, true, 0.0, 0.0 if watched >= LEAST_COVERAGE else None, coverage=watched)
    corrected, low, high = (_all(f[name] for f in figures) for name in ("corrected", "low", "high"))
    coverage = min(f["coverage"] for f in figures)
    return Compared(unit, true, float(sum(f["value"] for f in figures)), corrected, low, high, coverage)


def _all(values: Iterable[Any]) -> float | None:
    """Their sum; None if any is not known."""
    known = list(values)
    return None if None in known else float(sum(known))
