"""The notice that an hour was unusual, with its evidence. Pure: the same figure and history give the same notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_common.class_words import class_names
from vigie_common.identity import derived_id
from vigie_statistics.history.baseline import LEAST_COVERAGE, baseline, judge
from vigie_statistics.measure_words import measure_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_statistics.history.baseline import Baseline

KIND: Final = "unusual"
JUDGED: Final = frozenset({
    "crossings", "occupancy_mean", "occupancy_max", "dwell", "unique", "congestion_minutes", "queue_length", "episodes",
})  # fmt: skip
"""Measures of which an hour may be unusual."""


@dataclass(frozen=True, slots=True)
class Past:
    """The hours that a figure is compared to."""

    values: Sequence[float]
    """Corrected for blind time where that is known."""
    holiday: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a figure: unusual, usual, or why nothing can be said."""

    said: str
    """`unusual`, `usual`, `not enough history` or `coverage too low`."""
    notice: dict[str, Any] | None = None


def notice_id(series: str, start: int) -> str:
    """The id of the notice about one window of a series, a UUIDv5: the same for whoever computes it."""
    return derived_id(f"notice/{KIND}/{series}/{start}")


def judged_value(value: float, corrected: float | None) -> float:
    """What is compared: an hour half watched must not look like an hour half as busy."""
    return value if corrected is None else corrected


def verdict(figure: Mapping[str, Any], past: Past) -> Verdict:
    """Judge a final hour by its past.

    Args:
        figure: a Statistic record.
        past: the hours that `baseline.earlier` names, those watched enough.
    """
    if figure["coverage"] < LEAST_COVERAGE:
        return Verdict("coverage too low")
    usual = baseline(figure["measure"], past.values)
    if usual is None:
        return Verdict("not enough history")
    value = judged_value(figure["value"], figure["corrected"])
    found = judge(value, usual)
    if found.side == "usual":
        return Verdict("usual")
    return Verdict("unusual", _notice(figure, value, usual, found.side, found.score, holiday=past.holiday))


def withdrawn(notice: Mapping[str, Any], figure: Mapping[str, Any]) -> dict[str, Any]:
    """The notice once a later revision of its figure is usual after all."""
    changed = {"state": "withdrawn", "revision": figure["revision"], "at": figure["updated_at"]}
    new = {"value": figure["value"], "corrected": figure["corrected"], "coverage": figure["coverage"]}
    return {**notice, **changed, **new, "judged": judged_value(figure["value"], figure["corrected"])}


def _notice(
    figure: Mapping[str, Any], value: float, usual: Baseline, side: str, score: float, *, holiday: bool
) -> dict[str, Any]:
    copied = ("series", "site", "camera_id", "measure", "place_kind", "place", "object_class", "direction", "rule")
    more = ("window", "start", "end", "value", "corrected", "coverage", "unit", "revision")
    return {name: figure[name] for name in copied + more} | {
        "id": notice_id(figure["series"], figure["start"]),
        "kind": KIND,
        "state": "raised",
        "at": figure["updated_at"],
        "judged": value,
        "expected": usual.centre,
        "expected_low": usual.low,
        "expected_high": usual.high,
        "spread": usual.spread,
        "weeks": usual.weeks,
        "holiday": holiday,
        "side": side,
        "score": score,
        "text": _text(figure, value, usual, side),
    }


def _text(figure: Mapping[str, Any], value: float, usual: Baseline, side: str) -> dict[str, str]:
    where = " ".join(part for part in (figure["camera_id"], figure["place"]) if part)
    judged = {language: f"{_what(figure, language)} {value:.4g}" for language in ("fr", "en")}
    band = f"{usual.low:.4g}–{usual.high:.4g}"
    watched = f"{figure['coverage']:.0%}"
    words = {"above": ("plus", "more"), "below": ("moins", "less")}[side]
    return {
        "fr": f"{where} : {judged['fr']}, {words[0]} que d'habitude à cette heure ({band}), observée à {watched}",
        "en": f"{where}: {judged['en']}, {words[1]} than usual for this hour ({band}), watched {watched}",
    }


def _what(figure: Mapping[str, Any], language: str) -> str:
    """The measure, and the classes that were counted where it is not all of them."""
    classes = class_names(figure["object_class"], language)
    return measure_name(figure["measure"], language) + (f" ({classes})" if classes else "")
