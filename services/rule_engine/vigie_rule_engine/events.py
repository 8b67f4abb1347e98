"""The records that the engine publishes, built from what the layers found: one function a kind."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from vigie_common.identity import episode_id, event_id
from vigie_common.taxonomy import CLASS_NAMES, ObjectClass
from vigie_rule_engine.conditions import local_time
from vigie_rule_engine.layers.subjects import AT_REST
from vigie_rule_engine.measures import FACTS_OF_THE_RULE, facts_of, members_of
from vigie_rule_engine.minutes import MINUTE_MS
from vigie_rule_engine.texts import explanation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.records import (
        AuthorisationStamp,
        CompoundStamp,
        EndReason,
        EventObject,
        Location,
        Mode,
        RuleEvent,
        RuleStamp,
    )
    from vigie_rule_engine.camera import CameraState, Episode, Window
    from vigie_rule_engine.compile import Row

MOST_OBJECTS: Final = 50
"""Objects that one event shows; the facts have their number."""

FOOT_ERROR: Final = 0.04
"""Standard deviation of a foot point, body heights: as measured."""


def variables_of(state: CameraState, row: Row, slot: int, at: int) -> dict[str, Any]:
    """What a condition may name, facts apart; of a zone as a whole the class is the rule's first."""
    camera = state.judging.camera
    line = row.scope_kind == "line"
    name = CLASS_NAMES[int(state.subjects[slot]["cls"])] if slot >= 0 else row.rule["classes"][0]
    return {
        **local_time(at, camera["time_zone"], frozenset(camera["holidays"])),
        "object.class": name,
        "zone.name": "" if line else row.scope,
        "line.name": row.scope if line else "",
        "camera.id": camera["camera_id"],
        "camera.site": camera["site"],
        "camera.tags": list(camera["tags"]),
    }


def subject_of(state: CameraState, slot: int) -> tuple[str, int]:
    """Session and track id of a subject's first sight; nothing of a zone as a whole."""
    if slot < 0:
        return "", -1
    s = state.subjects[slot]
    return state.sessions[int(s["born_session"])], int(s["born_track"])


def subject_id(state: CameraState, slot: int) -> str:
    """The object's id as rules see it: session and track id of its first sight; empty for a zone."""
    session, track = subject_of(state, slot)
    return f"{session}:{track}" if slot >= 0 else ""


def _object(state: CameraState, slot: int) -> EventObject:
    """The subject's last box, pixels of the last frame's size."""
    s = state.subjects[slot]
    pixels = state.last.height
    return {
        "track_id": int(s["track"]),
        "object_class": CLASS_NAMES[int(s["cls"])],  # type: ignore[typeddict-item]  # the enum's own names
        "score": round(float(s["score"]), 4),
        "x1": round(float(s["x1"]) * pixels, 2),
        "y1": round(float(s["y1"]) * pixels, 2),
        "x2": round(float(s["x2"]) * pixels, 2),
        "y2": round(float(s["y2"]) * pixels, 2),
    }


def _objects(state: CameraState, row: int, slot: int) -> list[EventObject]:
    """The subject, or those whom a zone's episode is about, by slot."""
    slots = [slot] if slot >= 0 else members_of(state, row)
    return [_object(state, k) for k in slots[:MOST_OBJECTS]]


def _model(state: CameraState, row: int, slot: int) -> dict[str, str]:
    if slot < 0:
        slot = next(iter(members_of(state, row)), -1)
    index = int(state.subjects[slot]["model"]) if slot >= 0 else 0
    name, version = state.last.models[index] if 0 <= index < len(state.last.models) else ("", "")
    return {"name": name, "version": version}


def _frame(state: CameraState) -> dict[str, Any]:
    """The fields that say which frame brought an event."""
    last = state.last
    return {
        "camera_id": state.camera_id,
        "session": last.session,
        "seq": last.seq,
        "at": state.at,
        "width": last.width,
        "height": last.height,
        "frame_ref": {"partition": last.partition, "offset": last.offset},
        "source_frame": last.source_frame,
    }


def _location(state: CameraState, row: int, slot: int) -> Location | None:
    """Where it is: by the ground plane of a calibrated camera, else where the camera is."""
    table = state.judging
    found = _spot(state, table.rows[row], row, slot)
    if table.ground is not None and found is not None:
        x, y = found
        lat, lon = table.ground.position(x, y)
        width, height = state.last.width or 960, state.last.height or 540
        accuracy = table.ground.accuracy_m(x, y, FOOT_ERROR * _height_px(state, row, slot), (width, height))
        if isfinite(lat + lon + accuracy):
            return {
                "lat": round(lat, 7),
                "lon": round(lon, 7),
                "accuracy_m": round(accuracy, 1),
                "method": "ground_plane",
            }
    position = table.camera["position"]
    if position is None:
        return None
    return {"lat": position["lat"], "lon": position["lon"], "accuracy_m": None, "method": "camera_position"}


def _spot(state: CameraState, judged: Row, row: int, slot: int) -> tuple[float, float] | None:
    """The place in the image, shares: a subject's foot, the middle of the feet of many, or of the zone."""
    slots = [slot] if slot >= 0 else members_of(state, row)
    if slots and state.aspect:
        x = sum(float(state.subjects[k]["x"]) for k in slots) / len(slots) / state.aspect
        return x, sum(float(state.subjects[k]["y"]) for k in slots) / len(slots)
    if not judged.x:
        return None
    return sum(judged.x) / len(judged.x), sum(judged.y) / len(judged.y)


def _height_px(state: CameraState, row: int, slot: int) -> float:
    """How high the subject is in the image; 1 for what has no height."""
    slots = [slot] if slot >= 0 else members_of(state, row)
    return max([1.0, *(float(state.subjects[k]["h"]) * state.last.height for k in slots)])


def _stamp(state: CameraState, row: Row) -> RuleStamp:
    rule = row.rule
    return {
        "id": rule["id"],
        "version": rule["version"],
        "template": rule["template"],
        "bundle_digest": state.stamp.bundle_digest,
        "status": rule["status"],
        "severity": rule["severity"],
        "category": rule["category"],
        "classes": list(rule["classes"]),
    }


def told(
    state: CameraState,
    row: int,
    slot: int,
    *,
    started_at: int,
    way: int,
    mode: Mode,
    authorisation: AuthorisationStamp | None,
    variables: Mapping[str, Any],
    facts: dict[str, float],
    compounds: list[CompoundStamp],
) -> RuleEvent:
    """The OPEN of an episode, or the COUNT of a crossing where `way` is 1 (in) or -1 (out); slot -1: of a zone."""
    table = state.judging
    camera, judged = table.camera, table.rows[row]
    subject = subject_id(state, slot)
    episode = episode_id(
        camera["site"],
        state.camera_id,
        judged.rule["id"],
        judged.rule["version"],
        judged.scope,
        subject,
        started_at,
    )
    return {
        "kind": "COUNT" if way else "OPEN",
        "id": event_id(episode, 0),
        "episode_id": episode,
        "ordinal": 0,
        "site": camera["site"],
        "camera_version": camera["version"],
        "time_zone": camera["time_zone"],
        "languages": list(camera["languages"]),
        **_frame(state),  # type: ignore[typeddict-item]  # built in one place for every kind
        "started_at": started_at,
        "ended_at": None,
        "ended_reason": None,
        "rule": _stamp(state, judged),
        "mode": mode,
        "authorisation": authorisation,
        "scope_kind": judged.scope_kind,
        "scope": judged.scope,
        "subject": subject,
        "direction": {1: "in", -1: "out"}.get(way),
        "direction_label": judged.labels.get(way),
        "zone_x": list(judged.x),
        "zone_y": list(judged.y),
        "objects": _objects(state, row, slot),
        "model": _model(state, row, slot),
        "location": _location(state, row, slot),
        "title": dict(judged.rule["title"]),
        "text": explanation(judged.rule["explain"], variables, facts, unmoved=not way and _unmoved(state, slot, facts)),
        "facts": facts,
        "open_episodes": [],
        "minute": None,
        "compounds": compounds,
    }


def _unmoved(state: CameraState, slot: int, facts: Mapping[str, float]) -> bool:
    """A person who never moved is perhaps street furniture."""
    if slot < 0 or int(state.subjects[slot]["cls"]) != ObjectClass.person:
        return False
    return facts["moved_heights"] < AT_REST


def counted_zone(window: Window, state: CameraState, facts: dict[str, float]) -> RuleEvent:
    """The COUNT of a zone for one minute; rule, authority, scope and title are those it began with."""
    begun = window.begun
    return {
        **begun,  # type: ignore[typeddict-item]  # an OPEN record
        **_frame(state),
        "kind": "COUNT",
        "minute": begun["started_at"] - begun["started_at"] % MINUTE_MS,
        "objects": [],
        "text": explanation(window.explain, window.variables, facts, unmoved=False),
        "facts": facts,
    }


def _goes_on(state: CameraState, episode: Episode, row: int, slot: int, until: int) -> dict[str, Any]:
    """What every later event of an episode says anew; the rest is as it opened."""
    opened = episode.opened
    facts = facts_of(state, opened["rule"]["template"], row, slot, opened["started_at"], until, metric=episode.metric)
    facts = opened["facts"] | facts  # what cannot be measured any more is as it was told
    # a restart may bring the end before the rules are known again; what they say is as it was
    facts |= {name: opened["facts"][name] for name in FACTS_OF_THE_RULE if name in opened["facts"]}
    return {
        **opened,
        **_frame(state),
        "id": event_id(opened["episode_id"], episode.ordinal),
        "ordinal": episode.ordinal,
        "objects": _objects(state, row, slot),
        "text": explanation(episode.explain, episode.variables, facts, unmoved=_unmoved(state, slot, facts)),
        "facts": facts,
        "compounds": [],
    }


def updated(state: CameraState, episode: Episode, row: int, slot: int) -> RuleEvent:
    """The UPDATE of an open episode: what it is about has changed."""
    return {**_goes_on(state, episode, row, slot, state.at), "kind": "UPDATE"}  # type: ignore[typeddict-item]  # an OPEN record


def closed(state: CameraState, episode: Episode, row: int, slot: int, *, ended_at: int, reason: EndReason) -> RuleEvent:
    """The CLOSE of an episode; rule, authority, scope and title are those it opened with."""
    return {
        **_goes_on(state, episode, row, slot, ended_at),  # type: ignore[typeddict-item]  # an OPEN record
        "kind": "CLOSE",
        "ended_at": ended_at,
        "ended_reason": reason,
    }


def affirmed(state: CameraState, minute: int, compounds: list[CompoundStamp]) -> RuleEvent:
    """The AFFIRM of one camera-minute: every open episode of the camera, and the compounds they may be members of."""
    site = state.stamp.site
    identity = episode_id(site, state.camera_id, "", "", "affirm", "", minute)
    return {
        "kind": "AFFIRM",
        "id": event_id(identity, 0),
        "episode_id": identity,
        "ordinal": 0,
        "site": site,
        "camera_version": state.stamp.camera_version,
        "time_zone": "UTC",
        "languages": [],
        **_frame(state),  # type: ignore[typeddict-item]  # built in one place for every kind
        "started_at": minute,
        "ended_at": None,
        "ended_reason": None,
        "rule": {
            "id": "",
            "version": "",
            "template": "",
            "bundle_digest": state.stamp.bundle_digest,
            "status": "draft",
            "severity": "info",
            "category": "",
            "classes": [],
        },
        "mode": "shadow",
        "authorisation": None,
        "scope_kind": "none",
        "scope": "",
        "subject": "",
        "direction": None,
        "direction_label": None,
        "zone_x": [],
        "zone_y": [],
        "objects": [],
        "model": {"name": "", "version": ""},
        "location": None,
        "title": {},
        "text": {},
        "facts": {},
        "open_episodes": sorted(episode.opened["episode_id"] for episode in state.episodes.values()),
        "minute": minute,
        "compounds": compounds,
    }
