"""Measured values of an episode or a count, as conditions, texts and events name them; the unit ends the name."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vigie_rule_engine.camera import CameraState

_KMH: Final = 3.6

FACTS_OF_THE_RULE: Final = ("area_m2", "limit_kmh")
"""Facts that are of the rule and its zone, not measured."""


_ON_THE_GROUND: Final = {
    "wrong_way": ("progress_heights", "progress_m"),
    "crowd_movement": ("speed_heights_per_s", "speed_mps"),
}
"""By template: a fact, and its name where the rule measures in metres."""


def facts_of(
    state: CameraState, template: str, row: int, slot: int, since: int, until: int, *, metric: bool
) -> dict[str, float]:
    """Measured values of a row on a subject, or on its zone (slot -1), rounded to what they are worth.

    Args:
        state: of the camera.
        template: of the row.
        row: index.
        slot: of the subject; -1: the zone.
        since: start of the episode, event time.
        until: end of what is told, event time.
        metric: the row measures on the ground.
    """
    lasted = round((until - since) / 1000, 3)
    if slot < 0:
        found = _ZONE[template](state, row)
    else:
        s = state.subjects[slot]
        found = {
            "moved_heights": float(s["moved"]),
            "score": float(s["score"]),
            "seen_for_s": (int(s["seen"]) - int(s["born"])) / 1000,
            "speed_heights_per_s": hypot(float(s["vx"]), float(s["vy"])) / float(s["h"]),
        }
        if template in _SUBJECT:
            found |= _SUBJECT[template](state, row, slot, lasted)
    if metric and template in _ON_THE_GROUND:
        name, name_in_metres = _ON_THE_GROUND[template]
        found[name_in_metres] = found.pop(name)
    return {name: round(value, 3) for name, value in found.items()}


def _stopped(_state: CameraState, _row: int, _slot: int, lasted: float) -> dict[str, float]:
    return {"stopped_for_s": lasted}


def _presence(_state: CameraState, _row: int, _slot: int, lasted: float) -> dict[str, float]:
    return {"present_for_s": lasted}


def _dwell(_state: CameraState, _row: int, _slot: int, lasted: float) -> dict[str, float]:
    return {"dwell_s": lasted}


def _wrong_way(state: CameraState, row: int, slot: int, _lasted: float) -> dict[str, float]:
    return {"progress_heights": float(state.cells[row, slot]["value"])}


def _speed(state: CameraState, row: int, slot: int, _lasted: float) -> dict[str, float]:
    found = {}
    if len(state.kept.grounds) and state.kept.grounds[slot]["speed"] >= 0.0:  # below: not seen for long enough
        ground = state.kept.grounds[slot]
        found = {"speed_kmh": float(ground["speed"]) * _KMH, "sure_kmh": float(ground["sure"]) * _KMH}
    if state.rules is not None and row < len(state.rules):
        found["limit_kmh"] = float(state.rules["speed"][row]) * _KMH
    return found


def _down(state: CameraState, _row: int, slot: int, lasted: float) -> dict[str, float]:
    if not len(state.kept.postures):
        return {"down_for_s": lasted}
    p = state.kept.postures[slot]
    share = float(p["h"]) / float(p["tall"]) if p["tall"] else 0.0
    return {"down_for_s": lasted, "aspect": float(p["aspect"]), "height_share": share}


def _abandoned(state: CameraState, row: int, slot: int, lasted: float) -> dict[str, float]:
    return {"still_for_s": lasted, "alone_for_s": float(state.cells[row, slot]["value"])}


_SUBJECT: Final[Mapping[str, Callable[[CameraState, int, int, float], dict[str, float]]]] = {
    "presence": _presence,
    "stopped": _stopped,
    "dwell": _dwell,
    "wrong_way": _wrong_way,
    "speed": _speed,
    "person_down": _down,
    "fall": _down,
    "abandoned_object": _abandoned,
}


def _zone(state: CameraState, row: int) -> Any:
    return state.kept.zones[row]


def _gathering(state: CameraState, row: int) -> dict[str, float]:
    return {"people": float(_zone(state, row)["group"])}


def _density(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    found = {"people": float(zone["group"]), "people_per_m2": float(zone["share"])}
    if state.rules is not None and row < len(state.rules):
        found["area_m2"] = float(state.rules["area"][row])
    return found


def _crowd(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    found = {
        "people": float(zone["group"]),
        "speed_heights_per_s": float(zone["speed"]),
        "aligned": float(zone["aligned"]),
    }
    if zone["usual"]:
        found["speed_ratio"] = float(zone["speed"] / zone["usual"])
    return found


def _congestion(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    return {
        "vehicles": float(zone["group"]),
        "occupancy": float(zone["occupied"]),
        "speed_ratio": float(zone["share"]),
    }


def _object_class(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    members = members_of(state, row)
    score = max((float(state.subjects[slot]["score"]) for slot in members), default=0.0)
    return {"share": float(zone["share"]), "samples": float(zone["samples"]), "score": score}


def _count(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    watched = float(zone["watched"])
    mean = float(zone["total"]) / watched if watched else 0.0
    return {"mean": mean, "max": float(zone["most"]), "watched_s": watched / 1000}


def _unique(state: CameraState, row: int) -> dict[str, float]:
    zone = _zone(state, row)
    entered = float(zone["entered"])
    return {
        "unique": float(zone["unique"]),
        "entered": entered,
        "low": entered - float(zone["broken"]),
        "high": entered + float(zone["glimpsed"]),
        "watched_s": float(zone["watched"]) / 1000,
    }


_ZONE: Final[Mapping[str, Callable[[CameraState, int], dict[str, float]]]] = {
    "gathering": _gathering,
    "density": _density,
    "crowd_movement": _crowd,
    "congestion": _congestion,
    "object_class": _object_class,
    "count_zone": _count,
    "unique_count": _unique,
}


def members_of(state: CameraState, row: int) -> list[int]:
    """Slots of the subjects that a zone's episode is about now."""
    cells = state.cells[row, : state.n]
    return [slot for slot, value in enumerate(cells["value"].tolist()) if value > 0.0]
