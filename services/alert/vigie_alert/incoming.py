"""What an input record must hold before the lifecycle may see it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie_common.compound_terms import LONGEST_COOLDOWN_MS, LONGEST_WITHIN_MS
from vigie_common.errors import PoisonRecordError
from vigie_common.instants import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_EVENT_KINDS: Final = frozenset({"OPEN", "UPDATE", "CLOSE", "COUNT", "AFFIRM"})
_DECISIONS: Final = frozenset({"acknowledge", "confirm", "reject", "close"})


def check_event(event: Mapping[str, Any]) -> None:
    """Refuse a rule event that no alert can be made of.

    Raises:
        PoisonRecordError: unknown kind, an id that is no UUID (it names files), a missing minute, a bad name or
            session, no time or time zone, a frame that cannot be, objects without the size of their frame.
    """
    what = f"rule event {event['id']!r}"
    if event["kind"] not in _EVENT_KINDS:
        raise PoisonRecordError(
            f"{what}: kind is {event['kind']!r}, allowed are {', '.join(sorted(_EVENT_KINDS))}: "
            "the rule engine is newer than the alert service; upgrade it"
        )
    _require_name(what, "site", event["site"])
    _require_name(what, "camera_id", event["camera_id"])
    for field in ("at", "started_at", "ended_at", "minute"):
        _require_time(what, field, event[field])
    _require_zone(what, event["time_zone"])
    place = event["frame_ref"] or {}
    for field, number in place.items():
        if number < 0:
            raise PoisonRecordError(f"{what}: frame_ref.{field} is {number}, and must be 0 or more")
    if event["kind"] == "AFFIRM":
        _require_name(what, "session", event["session"])
        if event["minute"] is None:
            raise PoisonRecordError(f"{what}: an AFFIRM needs the minute that it affirms, and has none")
    if event["kind"] in {"OPEN", "UPDATE", "CLOSE"}:
        _require_uuid(what, "episode_id", event["episode_id"])
        _require_name(what, "rule.id", event["rule"]["id"])
        if event["objects"] and (event["width"] <= 0 or event["height"] <= 0):
            raise PoisonRecordError(
                f"{what}: it has objects but its frame is {event['width']} x {event['height']} pixels: boxes need the "
                "size of the frame that they lie in"
            )
        if event["ordinal"] < 0:
            raise PoisonRecordError(f"{what}: ordinal is {event['ordinal']}, and must be 0 or more")
        for stamp in event["compounds"]:
            _check_compound(what, stamp)


def _check_compound(what: str, stamp: Mapping[str, Any]) -> None:
    _require_name(what, "compounds.id", stamp["id"])
    if stamp["mode"] in {"live", "exercise"} and stamp["authorisation"] is None:
        raise PoisonRecordError(
            f"{what}: compound {stamp['id']} has mode {stamp['mode']} but no authorisation: alerting needs a recorded "
            "legal basis; add one for its category, or let it run in shadow"
        )
    for field, longest in (("within_ms", LONGEST_WITHIN_MS), ("cooldown_ms", LONGEST_COOLDOWN_MS)):
        if not 0 <= stamp[field] <= longest:
            raise PoisonRecordError(
                f"{what}: compound {stamp['id']} has {field} {stamp[field]}, allowed are 0 to {longest}"
            )


def check_decision(decision: Mapping[str, Any]) -> None:
    """Refuse a decision that cannot be recorded.

    Raises:
        PoisonRecordError: unknown decision, no id or author, no time, a rejection without a reason.
    """
    what = f"decision {decision['id']!r}"
    _require_name(what, "id", decision["id"])
    _require_name(what, "by", decision["by"])
    _require_uuid(what, "alert_id", decision["alert_id"])
    _require_time(what, "decided_at", decision["decided_at"])
    if decision["decision"] not in _DECISIONS:
        raise PoisonRecordError(
            f"{what}: decision is {decision['decision']!r}, allowed are {', '.join(sorted(_DECISIONS))}"
        )
    if decision["decision"] == "reject" and not (decision["reason"] or "").strip():
        raise PoisonRecordError(f"{what}: a rejection needs a reason, and has none: say why the alert was wrong")


def _require_uuid(what: str, field: str, value: str) -> None:
    if not _UUID.fullmatch(value):
        raise PoisonRecordError(f"{what}: {field} is {value[:80]!r}, and must be a UUID in lower case")


def _require_time(what: str, field: str, value: int | None) -> None:
    if value is not None and not 0 <= value < LAST_MS:
        raise PoisonRecordError(
            f"{what}: {field} is {value}, which is no time of the years 1970 to 2999 in milliseconds: "
            "correct the clock of who wrote it"
        )


def _require_zone(what: str, value: str) -> None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last two: it names no file, or a folder
        raise PoisonRecordError(
            f"{what}: time_zone is {value[:80]!r}, and must be an IANA time zone; for example Europe/Paris or UTC"
        ) from None


def _require_name(what: str, field: str, value: str) -> None:
    if not _NAME.fullmatch(value):
        raise PoisonRecordError(
            f"{what}: {field} is {value[:80]!r}, and must be 1 to 200 characters without control characters"
        )
