"""The records that the engine publishes, built from what the layers found: one function a kind."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any, Final

from vigie_common.identity import episode_id, event_id
from vigie_common.taxonomy import CLASS_NAMES, ObjectClass
from vigie_rule_engine.conditions import local_time
from vigie_rule_engine.texts import explanation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.records import (
        AuthorisationStamp,
        Camera,
        CompoundStamp,
        EndReason,
        EventObject,
        Location,
        Mode,
        RuleEvent,
        RuleStamp,
    )
    from vigie_rule_engine.camera import CameraState, Episode
    from vigie_rule_engine.compile import Row

UNMOVED_HEIGHTS: Final = 0.3
"""A subject that never moved farther since its birth is probably street furniture."""

_DURATIONS: Final = {"presence": "present_for_s", "stopped": "stopped_for_s"}


def facts_of(state: CameraState, slot: int, template: str, since: int, until: int) -> dict[str, float]:
    """Measured values of a subject, rounded to what they are worth; the unit ends the name."""
    s = state.subjects[slot]
    found = {
        "moved_heights": round(float(s["moved"]), 3),
        "score": round(float(s["score"]), 3),
        "seen_for_s": round((int(s["seen"]) - int(s["born"])) / 1000, 3),
        "speed_heights_per_s": round(hypot(float(s["vx"]), float(s["vy"])) / float(s["h"]), 3),
    }
    if template in _DURATIONS:
        found[_DURATIONS[template]] = round((until - since) / 1000, 3)
    return found


def variables_of(camera: Camera, row: Row, cls: int, at: int) -> dict[str, Any]:
    """What a condition may name, facts apart."""
    line = row.scope_kind == "line"
    return {
        **local_time(at, camera["time_zone"], frozenset(camera["holidays"])),
        "object.class": CLASS_NAMES[cls],
        "zone.name": "" if line else row.scope,
        "line.name": row.scope if line else "",
        "camera.id": camera["camera_id"],
        "camera.site": camera["site"],
        "camera.tags": list(camera["tags"]),
    }


def subject_id(state: CameraState, slot: int) -> str:
    """The object's id as rules see it: session and track id of its first sight."""
    s = state.subjects[slot]
    return f"{state.sessions[int(s['born_session'])]}:{int(s['born_track'])}"


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


def _model(state: CameraState, slot: int) -> dict[str, str]:
    index = int(state.subjects[slot]["model"])
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


def _location(camera: Camera) -> Location | None:
    position = camera["position"]
    if position is None:
        return None
    return {"lat": position["lat"], "lon": position["lon"], "accuracy_m": None, "method": "camera_position"}


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
    }


def told(
    state: CameraState,
    camera: Camera,
    row: Row,
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
    """The OPEN of an episode, or a COUNT where `way` is 1 (in) or -1 (out)."""
    subject = subject_id(state, slot)
    episode = episode_id(
        camera["site"],
        state.camera_id,
        row.rule["id"],
        row.rule["version"],
        row.scope,
        subject,
        started_at,
    )
    cls = int(state.subjects[slot]["cls"])
    unmoved = not way and cls == ObjectClass.person and facts["moved_heights"] < UNMOVED_HEIGHTS
    return {
        "kind": "COUNT" if way else "OPEN",
        "id": event_id(episode, 0),
        "episode_id": episode,
        "ordinal": 0,
        "site": camera["site"],
        "camera_version": camera["version"],
        **_frame(state),  # type: ignore[typeddict-item]  # built in one place for every kind
        "started_at": started_at,
        "ended_at": None,
        "ended_reason": None,
        "rule": _stamp(state, row),
        "mode": mode,
        "authorisation": authorisation,
        "scope_kind": row.scope_kind,
        "scope": row.scope,
        "subject": subject,
        "direction": {1: "in", -1: "out"}.get(way),
        "direction_label": row.labels.get(way),
        "zone_x": list(row.x),
        "zone_y": list(row.y),
        "objects": [_object(state, slot)],
        "model": _model(state, slot),
        "location": _location(camera),
        "title": dict(row.rule["title"]),
        "text": explanation(row.rule["explain"], variables, facts, unmoved=unmoved),
        "facts": facts,
        "open_episodes": [],
        "minute": None,
        "compounds": compounds,
    }


def closed(
    state: CameraState,
    episode: Episode,
    slot: int,
    *,
    ended_at: int,
    reason: EndReason,
) -> RuleEvent:
    """The CLOSE of an episode; rule, authority, scope and title are those it opened with."""
    opened = episode.opened
    template = opened["rule"]["template"]
    facts = facts_of(state, slot, template, opened["started_at"], ended_at)
    cls = int(state.subjects[slot]["cls"])
    unmoved = cls == ObjectClass.person and facts["moved_heights"] < UNMOVED_HEIGHTS
    return {
        **opened,  # type: ignore[typeddict-item]  # an OPEN record
        **_frame(state),
        "kind": "CLOSE",
        "id": event_id(opened["episode_id"], 1),
        "ordinal": 1,
        "ended_at": ended_at,
        "ended_reason": reason,
        "objects": [_object(state, slot)],
        "text": explanation(episode.explain, episode.variables, facts, unmoved=unmoved),
        "facts": facts,
        "compounds": [],
    }


def affirmed(state: CameraState, minute: int) -> RuleEvent:
    """The AFFIRM of one camera-minute: every open episode of the camera."""
    site = state.stamp.site
    identity = episode_id(site, state.camera_id, "", "", "affirm", "", minute)
    return {
        "kind": "AFFIRM",
        "id": event_id(identity, 0),
        "episode_id": identity,
        "ordinal": 0,
        "site": site,
        "camera_version": state.stamp.camera_version,
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
        "compounds": [],
    }
