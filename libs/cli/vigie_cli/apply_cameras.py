"""What `apply` makes of each camera, with a file or without one, beside what will be in force at the instant."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie_cli.apply_difference import Change, differences
from vigie_cli.event_times import instant, written_instant
from vigie_common.camera_record import camera_record, removal_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_cli.camera_history import CameraHistory
    from vigie_rule_engine.lint import CameraFolder

Planned = tuple[Change, Mapping[str, Any] | None]
"""What becomes of a camera, and the record that makes it so; None: nothing is to publish."""


def plan_cameras(
    folder: Path, cameras: CameraFolder, histories: Mapping[str, CameraHistory], effective_at: int, *, prune: bool
) -> Iterator[Planned]:
    """Every camera of the folder, then those of its site that it does not have.

    Args:
        folder: as it was given, for the lines that prevent what is scheduled.
        cameras: what it says.
        histories: what was published, by camera.
        effective_at: event time from which it is to hold, ms.
        prune: take cameras out of service that the folder does not have.
    """
    zone = cameras.site.time_zone
    known = set()
    for located in cameras.cameras:
        record = camera_record(located.content, cameras.site, Path(located.document.file).parent, effective_at)
        known.add(record["camera_id"])
        yield _of_file(folder, zone, histories.get(str(record["camera_id"])), record)
    left = "removed" if prune else "kept" if cameras.problems else "absent"
    for name, history in sorted(histories.items()):
        last = history.in_force(effective_at) or history.after(effective_at)[0]
        if name not in known and last["site"] == cameras.site.site:
            yield from _without_file(folder, zone, history, effective_at, left)


def _of_file(folder: Path, zone: str, history: CameraHistory | None, record: dict[str, Any]) -> Planned:
    """A camera of the folder."""
    name, version, at_ms = str(record["camera_id"]), str(record["version"]), int(record["effective_at"])
    if history is None:
        return Change("camera", name, "added", version), record
    before = history.in_force(at_ms)
    last = before or history.after(at_ms)[0]
    if not last["removed"]:
        # a person said it of the camera, not of a file
        record["view_confirmed_at"] = last["view_confirmed_at"]
    same = before is not None and not before["removed"] and before["version"] == version
    what = "added" if last["removed"] else "unchanged" if same else "changed"
    said = differences(last, record) if what == "changed" else ()
    after = (history if same else history.with_next(record)).takeovers(at_ms)
    notes = (_note(one, zone, _line(folder, one, zone)) for one in after)
    return Change("camera", name, what, version, (*said, *notes)), None if same else record


def _without_file(folder: Path, zone: str, history: CameraHistory, effective_at: int, left: str) -> Iterator[Planned]:
    """A camera that the folder does not have, if it is in service, or will be."""
    before = history.in_force(effective_at)
    serves = before if before is not None and not before["removed"] else None
    removal = removal_record(serves, effective_at) if serves is not None and left == "removed" else None
    after = (history if removal is None else history.with_next(removal)).takeovers(effective_at)
    coming = [one for one in after if not one["removed"]]
    if serves is None and not coming:
        return
    shown = coming[0] if serves is None else serves
    unprevented = left == "kept"  # nothing is pruned while a file is wrong
    notes = (
        _note(one, zone, None if unprevented or one["removed"] else _line(folder, one, zone, " --prune"))
        for one in after
    )
    what = "coming" if serves is None else left
    yield Change("camera", str(shown["camera_id"]), what, str(shown["version"]), tuple(notes)), removal


def _note(record: Mapping[str, Any], zone: str, line: str | None) -> str:
    """That a version takes over later, with the line that prevents it."""
    at = instant(int(record["effective_at"]), zone)
    what = "its removal is published already and takes effect"
    if not record["removed"]:
        what = f"{record['version']} is published already and takes over"
    told = f"note: {what} at {at}"
    return told if line is None else f"{told}; to prevent it: {line}"


def _line(folder: Path, record: Mapping[str, Any], zone: str, option: str = "") -> str:
    at = written_instant(int(record["effective_at"]), zone)
    return f"vigie cameras apply {shlex.quote(str(folder))} --at {at}{option}"
