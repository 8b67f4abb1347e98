"""Recorded tracks from where an author has them: files, a range of the tracks topic, or a video."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from vigie_cli.event_times import event_time, understood
from vigie_cli.tracks_file import read_tracks_file
from vigie_common.errors import BadInputError
from vigie_rule_engine.recorded import read_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from vigie_common.settings import Settings


def read_tracks(files: Iterable[Path], camera: str | None, start: str, time_zone: str) -> list[dict[str, Any]]:
    """The tracks records of CSV recordings (`t_s,track_id,…`, of one camera) and of JSON lines of records.

    Several recordings are played in the order of time.

    Args:
        files: `*.csv`, or `*.jsonl` as `vigie replay` writes them.
        camera: of the CSV files; of JSON lines only its records.
        start: local time of `t_s` = 0.
        time_zone: of the site.

    Raises:
        BadInputError: a file is wrong, with its line, `start` is no time, a CSV file has no camera, or two recordings
            of a camera overlap.
    """
    recordings: list[tuple[Path, list[dict[str, Any]]]] = []
    for path in files:
        if path.suffix.lower() == ".csv":
            if camera is None:
                raise BadInputError(f"{path}: which camera saw this? Add --camera ID")
            records = read_recording(path).records(camera, event_time("--start", start, time_zone))
            recordings.append((path, [dict(record) for record in records]))
        else:
            whole = list(read_tracks_file(path))
            own = [one for one in whole if camera is None or one["camera_id"] == camera]
            if not own:
                seen = ", ".join(sorted({one["camera_id"] for one in whole}))
                what = f"no records of camera {camera}; it has {seen}" if whole else "no records"
                raise BadInputError(f"{path}: {what}: give lines of tracks records, as `vigie replay` writes them")
            recordings.append((path, own))
    if len(recordings) == 1:
        return recordings[0][1]
    return _one_after_another(recordings)


def _one_after_another(recordings: Iterable[tuple[Path, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The records of several files by time; a later recording of a camera never has an earlier session."""
    by_camera: dict[str, list[tuple[int, int, Path, list[dict[str, Any]]]]] = {}
    for path, records in recordings:
        own: dict[str, list[dict[str, Any]]] = {}
        for one in records:
            own.setdefault(one["camera_id"], []).append(one)
        for camera, seen in own.items():
            times = [one["captured_at"] for one in seen]
            by_camera.setdefault(camera, []).append((min(times), max(times), path, seen))
    found: list[dict[str, Any]] = []
    for camera, parts in by_camera.items():
        parts.sort(key=lambda part: part[:2])
        last = ""
        for number, (begins, _, path, seen) in enumerate(parts):
            if number and begins <= parts[number - 1][1]:
                raise BadInputError(
                    f"{parts[number - 1][2]} and {path}: both are of camera {camera} at the same time: replay them one "
                    "by one; files of one camera must follow each other (CSV recordings all begin at --start: join "
                    "them into one file, with later t_s)"
                )
            seen.sort(key=lambda one: int(one["captured_at"]))
            sessions = sorted({one["session"] for one in seen})
            later = {session: session for session in sessions}
            if sessions[0] < last:
                # recordings may be made in another order than that of what they show
                later = {session: last + "+" * rank for rank, session in enumerate(sessions, start=1)}
            last = later[sessions[-1]]
            found += [one | {"session": later[one["session"]]} for one in seen]
    return sorted(found, key=lambda one: int(one["captured_at"]))


async def topic_tracks(
    settings: Settings, span: tuple[int, int], cameras: Sequence[str], zone: str = "UTC"
) -> list[tuple[dict[str, Any], int]]:
    """The records of the tracks topic in a range of event time, each with its append time (ms).

    `zone`: of the site, for the message.

    Raises:
        BadInputError: there is none, or far too many.
        DependencyError: Kafka does not answer, or has no topics.
    """
    from vigie_cli.rules_topics import read_appended

    found = await read_appended(settings, "tracks", "captured_at", span, frozenset(cameras))
    if not found:
        raise BadInputError(
            f"no tracks of {', '.join(cameras)} from {understood(span[0], zone)} to {understood(span[1], zone)}: "
            "the topic keeps six hours; see `vigie cameras list`"
        )
    return found


def video_tracks(video: Path, camera_file: Path, triton: str | None) -> list[Mapping[str, Any]]:
    """What detection and tracking make of a video, as `vigie replay` does it.

    Args:
        video: a file, or a folder of them.
        camera_file: that saw it.
        triton: address; None: one is started.

    Raises:
        VigieError: the video, camera file, model or Triton are not there or wrong.
    """
    from vigie_cli.replay import plan_replay, sampled_frames
    from vigie_cli.replay_stages import Totals, fixed_configuration, replay_frames
    from vigie_cli.replay_triton import running_triton

    plan = plan_replay(video, None, (), camera_file, None, None)
    frames = sampled_frames(plan)

    async def go(url: str) -> list[Mapping[str, Any]]:
        steps = replay_frames(frames, url, fixed_configuration(None, None), Totals())
        return [record async for step in steps for record in step.tracks]

    with running_triton(triton, plan.models, None) as url:
        return asyncio.run(go(url))
