"""What the measures of statistics are called, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEASURES: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "crossings": "passages",
        "occupancy_mean": "occupation moyenne",
        "occupancy_max": "occupation maximale",
        "dwell": "durée de présence",
        "unique": "objets distincts",
        "congestion_minutes": "minutes de congestion",
        "queue_length": "longueur de file",
        "episodes": "épisodes",
        "watched": "temps observé",
    },
    "en": {
        "occupancy_mean": "mean occupancy",
        "occupancy_max": "highest occupancy",
        "dwell": "dwell time",
        "unique": "distinct objects",
        "congestion_minutes": "minutes of congestion",
        "queue_length": "queue length",
        "watched": "time watched",
    },
}
"""Names of the measures by language; a name that is missing is the measure's own."""


def measure_name(measure: str, language: str) -> str:
    """What the measure is called in a language."""
    return _MEASURES.get(language, _MEASURES["en"]).get(measure, measure)
