"""The life of one alert: (where it stands, what happened) → where it stands now. Pure; event time only.

| what happens | alert unknown | alert open | alert ended |
|---|---|---|---|
| OPEN, UPDATE | revision 1, OPEN | next revision, UPDATED | nothing: an end is final |
| CLOSE | revision 1, ENDED | next revision, ENDED | nothing |
| COUNT, or mode shadow | nothing | nothing (a CLOSE still ends it) | nothing |
| AFFIRM that does not list it, five in a row | - | ENDED, `lost` | nothing |
| OPEN of a newer episode for the same key | - | ENDED, `lost` | nothing |
| decision | refused | next revision; `close` ends it | next revision |
| evidence found later | - | next revision, UPDATED | next revision, ENDED |

An event whose ordinal is not above the last one seen changes nothing: any repetition of the log is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from vigie_common.errors import PoisonRecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AFFIRMATIONS_TO_LOSE: Final = 5
"""An open alert whose episode so many affirmations of its camera in a row do not list is lost."""

_ALERTING_MODES: Final = frozenset({"live", "exercise", "replay", "test"})
_AUTHORISED_MODES: Final = frozenset({"live", "exercise"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one alert stands, with what its next step needs.

    `alert` is its newest revision. `produced_at` and `late_by_ms` stay 0 here: the publication fills them in.
    """

    alert: dict[str, Any]
    key: str
    last_ordinal: int
    seen_at: int
    missed: int = 0

    @property
    def id(self) -> str:
        """The alert's id, which is its episode's."""
        return str(self.alert["id"])

    @property
    def revision(self) -> int:
        """Number of its newest revision, from 1."""
        return int(self.alert["revision"])

    @property
    def is_open(self) -> bool:
        """Whether its episode may still go on."""
        return bool(self.alert["state"] != "ENDED")


def subject_key(event: Mapping[str, Any]) -> str:
    """What at most one open alert may be about: mode, site, camera, rule, scope and subject."""
    parts = (
        event["mode"],
        event["site"],
        event["camera_id"],
        event["rule"]["id"],
        event["scope_kind"],
        event["scope"],
        event["subject"],
    )
    return "/".join(quote(part, safe=" ") for part in parts)


def may_alert(event: Mapping[str, Any]) -> bool:
    """Whether an event can be the first that is known of an alert."""
    return event["kind"] in {"OPEN", "UPDATE", "CLOSE"} and event["mode"] in _ALERTING_MODES


def may_change(event: Mapping[str, Any]) -> bool:
    """Whether an event can change anything: the beginning of an episode in shadow that no compound waits for cannot."""
    return event["kind"] != "COUNT" and (
        may_alert(event) or event["kind"] in {"CLOSE", "AFFIRM"} or bool(event["compounds"])
    )


def after_event(standing: Standing | None, event: Mapping[str, Any]) -> Standing | None:
    """Where the alert of an OPEN, UPDATE or CLOSE stands after it; `standing` itself when nothing changed.

    Raises:
        PoisonRecordError: an OPEN without the authorisation that its mode needs.
    """
    if standing is None:
        return _born(event) if event["mode"] in _ALERTING_MODES else None
    closing = event["kind"] == "CLOSE"
    stale = event["ordinal"] <= standing.last_ordinal or not standing.is_open
    if stale or (event["mode"] not in _ALERTING_MODES and not closing):
        return standing
    alert = standing.alert | _seen(event) | _ending(event)
    if closing and not event["objects"]:
        alert |= {name: standing.alert[name] for name in ("objects", "confidence")}
    alert |= {"revision": standing.revision + 1, "state": "ENDED" if closing else "UPDATED"}
    return replace(standing, alert=alert, last_ordinal=event["ordinal"], seen_at=event["at"], missed=0)


def superseded(standing: Standing, event: Mapping[str, Any]) -> Standing:
    """The end of an open alert whose key a newer episode took: `lost`, at its last event."""
    ended = _lost(standing, event["at"])
    return replace(ended, alert=ended.alert | {"related_ids": [*standing.alert["related_ids"], event["episode_id"]]})


def over(standing: Standing, ended_at: int, at: int, reason: str = "over") -> Standing:
    """The end of an alert whose condition no longer holds, last at `ended_at`, known at `at` (ms)."""
    alert = standing.alert | {"revision": standing.revision + 1, "updated_at": max(at, standing.alert["updated_at"])}
    return replace(standing, alert=alert | _ended(reason, ended_at))


def placed_as(standing: Standing, before: Standing) -> Standing:
    """The same revision with the place, boxes and model of another: those of who joins are another camera's."""
    kept = {name: before.alert[name] for name in ("location", "objects", "confidence", "model")}
    return replace(standing, alert=standing.alert | kept)


def related(standing: Standing, other_id: str) -> Standing:
    """The same revision, which also names `other_id`."""
    return replace(standing, alert=standing.alert | {"related_ids": [*standing.alert["related_ids"], other_id]})


def after_affirmation(standing: Standing, event: Mapping[str, Any]) -> Standing:
    """Where an alert of the affirmed camera stands after an AFFIRM: listed, missed once more, or lost."""
    if not standing.is_open:
        return standing
    if standing.id in event["open_episodes"]:
        return replace(standing, missed=0)
    missed = standing.missed + 1
    if missed < AFFIRMATIONS_TO_LOSE:
        return replace(standing, missed=missed)
    return _lost(replace(standing, missed=missed), event["at"])


def after_decision(standing: Standing, decision: Mapping[str, Any]) -> Standing:
    """Where an alert stands after an operator's decision: `close` ends it, every decision is a revision."""
    alert = standing.alert | {
        "revision": standing.revision + 1,
        "updated_at": decision["decided_at"],
        "decision": {
            "kind": decision["decision"],
            "by": decision["by"],
            "reason": decision["reason"],
            "decided_at": decision["decided_at"],
        },
    }
    if standing.is_open:
        closing = decision["decision"] == "close"
        alert |= _ended("closed", standing.seen_at) if closing else {"state": "UPDATED"}
    return replace(standing, alert=alert)


def with_evidence(standing: Standing, evidence: Sequence[Mapping[str, Any]]) -> Standing:
    """Where an alert stands once its evidence, late, is known."""
    alert = standing.alert | {"revision": standing.revision + 1, "evidence": [dict(e) for e in evidence]}
    if standing.is_open:
        alert["state"] = "UPDATED"
    return replace(standing, alert=alert)


def _born(event: Mapping[str, Any]) -> Standing:
    """The first revision; any event can give it, for each says all (retention may have taken the OPEN)."""
    _require_authorisation(event)
    rule, authorisation = event["rule"], event["authorisation"] or {}
    alert = {
        "id": event["episode_id"],
        "revision": 1,
        "state": "ENDED" if event["kind"] == "CLOSE" else "OPEN",
        "ended_reason": None,
        "mode": event["mode"],
        "rule": {
            "id": rule["id"],
            "version": rule["version"],
            "template": rule["template"],
            "bundle_digest": rule["bundle_digest"],
            "authorisation": authorisation.get("id", ""),
            "legal_basis": authorisation.get("legal_basis", ""),
            "reference": authorisation.get("reference", ""),
        },
        "site": event["site"],
        "camera": {"id": event["camera_id"], "version": event["camera_version"]},
        "zone": event["scope"],
        "subject": event["subject"],
        "started_at": event["started_at"],
        "detected_at": event["at"],
        "ended_at": None,
        "produced_at": 0,
        "late_by_ms": 0,
        "category": rule["category"],
        "evidence": [],
        "title": dict(event["title"]),
        "group_key": f"{event['site']}/{event['camera_id']}/{rule['category']}",
        "related_ids": [],
        "decision": None,
    }
    return Standing(
        alert=alert | _seen(event) | _ending(event),
        key=subject_key(event),
        last_ordinal=event["ordinal"],
        seen_at=event["at"],
    )


def _require_authorisation(event: Mapping[str, Any]) -> None:
    if event["mode"] not in _AUTHORISED_MODES:
        return
    authorisation = event["authorisation"]
    if authorisation is None:
        raise PoisonRecordError(
            f"rule event {event['id']}: mode is {event['mode']} but it names no authorisation: alerting "
            f"needs a recorded legal basis; add one for rule {event['rule']['id']}, or let it run in shadow"
        )
    if event["kind"] == "OPEN" and event["at"] >= authorisation["valid_until"]:
        raise PoisonRecordError(
            f"rule event {event['id']}: authorisation {authorisation['id']} ended at "
            f"{authorisation['valid_until']} ms, before the event at {event['at']} ms: "
            "renew it, or withdraw the rule"
        )


def _seen(event: Mapping[str, Any]) -> dict[str, Any]:
    """What each event says anew."""
    scores = [o["score"] for o in event["objects"]]
    return {
        "updated_at": event["at"],
        "severity": event["rule"]["severity"],
        "model": {"name": event["model"]["name"], "version": event["model"]["version"]},
        "location": None if event["location"] is None else dict(event["location"]),
        "objects": _normalised(event),
        "confidence": sum(scores) / len(scores) if scores else None,
        "confidence_kind": "model_score_mean",
        "explanation": {"text": dict(event["text"]), "facts": dict(event["facts"])},
    }


def _ending(event: Mapping[str, Any]) -> dict[str, Any]:
    if event["kind"] != "CLOSE":
        return {}
    ended_at = event["at"] if event["ended_at"] is None else event["ended_at"]
    return _ended(event["ended_reason"] or "unknown", ended_at)


def _ended(reason: str, ended_at: int) -> dict[str, Any]:
    return {"state": "ENDED", "ended_reason": reason, "ended_at": ended_at}


def _lost(standing: Standing, at: int) -> Standing:
    alert = standing.alert | {"revision": standing.revision + 1, "updated_at": at}
    return replace(standing, alert=alert | _ended("lost", standing.seen_at))


def _normalised(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The event's boxes, from pixels of the sampled frame to 0..1."""
    width, height = event["width"], event["height"]
    return [
        {
            "track_id": o["track_id"],
            "object_class": o["object_class"],
            "score": o["score"],
            "x1": o["x1"] / width,
            "y1": o["y1"] / height,
            "x2": o["x2"] / width,
            "y2": o["y2"] / height,
        }
        for o in event["objects"]
    ]
