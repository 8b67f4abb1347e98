"""`vigie replay`: a recording through the services' own cores, as fast as the machine allows."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import av
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vigie_cli.event_times import event_time
from vigie_cli.replay_files import ReplayFiles
from vigie_cli.replay_stages import Totals, fixed_configuration, replay_frames
from vigie_cli.replay_triton import running_triton
from vigie_common.camera_file import camera_problems, read_camera
from vigie_common.camera_record import camera_record
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError
from vigie_common.site_file import find_site, read_site
from vigie_common.yaml_document import InvalidFileError
from vigie_frame_sampler.plan import masks_from_records
from vigie_frame_sampler.recording import read_recording
from vigie_rule_engine.bundle import read_rules, rule_bundle
from vigie_rule_engine.lint import lint as lint_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_WIDTH: Final = 960
_NOON: Final = 12

_say = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay, its files read and checked."""

    video: Path
    fps: float
    width: int
    models: tuple[str, ...]
    start_ms: int
    camera: Mapping[str, Any] | None
    bundle: Mapping[str, Any] | None


def command(
    video: Annotated[Path, typer.Argument(help="recording: a video file, or a folder of videos or images")],
    out: Annotated[Path, typer.Option(help="folder for the results; it is made")],
    fps: Annotated[
        float | None, typer.Option(help="frames a second of event time; by default the camera file's, else 5")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="model of the catalogue; more than once for several")] = None,
    model_file: Annotated[Path | None, typer.Option(help="the model's file, when it is not in the cache")] = None,
    camera: Annotated[Path | None, typer.Option(help="camera file: zones, lines, masks")] = None,
    rules: Annotated[Path | None, typer.Option(help="folder of rules")] = None,
    start: Annotated[
        str | None,
        typer.Option(help="event time of the first picture, ISO 8601; by default noon of the recording's date"),
    ] = None,
    triton: Annotated[
        str | None, typer.Option(envvar="VIGIE_TRITON_URL", help="Triton's gRPC address; by default one is started")
    ] = None,
) -> None:
    """Run a recording through detection, tracking, rules and alerts, and write what came out.

    Writes tracks.txt (MOTChallenge), tracks.jsonl (for `vigie rules replay`), rule-events.jsonl, alerts.jsonl,
    counts.csv and summary.json. Two runs give the same files, summary.json apart. Without a camera and rules it
    stops at tracks.

    Example: vigie replay street.mp4 --fps 5 --model hog --out result

    Example: vigie replay street.mp4 --camera cameras/street.yaml --rules rules --out result
    """
    plan = plan_replay(video, fps, tuple(model or ()), camera, rules, start)
    frames = sampled_frames(plan)
    started = time.perf_counter()
    with ReplayFiles(out) as files, running_triton(triton, plan.models, model_file) as url:
        summary = asyncio.run(_run(plan, frames, url, files))
    _say.print(
        f"{summary['frames_sampled']} frames, {summary['tracks']} tracks, {summary['rule_events']} rule events, "
        f"{summary['alerts']} alerts in {time.perf_counter() - started:.1f} s → {out}"
    )


def plan_replay(
    video: Path, fps: float | None, models: tuple[str, ...], camera: Path | None, rules: Path | None, start: str | None
) -> Plan:
    """The files of a replay, read and checked.

    Raises:
        BadInputError: one is not there or wrong, or they do not go together.
    """
    if not video.exists():
        raise BadInputError(f"{video}: no such file: give the path of a video file, or of a folder of them")
    if fps is not None and not 0 < fps <= 60:
        raise BadInputError(f"--fps {fps:g} is outside 0..60: give frames a second, such as 5")
    if rules is not None and camera is None:
        raise BadInputError(
            f"--rules {rules} needs a camera file, whose zones and lines the rules speak of: add --camera"
        )
    record, bundle = (None, None) if camera is None else _read_site(camera, rules)
    wanted = models or (tuple(record["models"]) if record is not None else ())
    if not wanted:
        raise BadInputError("--model is missing: name one of `vigie models list`, such as hog")
    for name in wanted:
        load_catalogue().model(name)
    zone = "UTC" if record is None else record["time_zone"]
    return Plan(
        video,
        fps or (record["sampling"]["fps"] if record is not None else 5.0),
        record["sampling"]["width"] if record is not None else DEFAULT_WIDTH,
        wanted,
        _start_ms(video, start, zone),
        record,
        bundle,
    )


def _read_site(camera: Path, rules: Path | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The Camera record of a camera file, and the RuleBundle that a folder of rules makes for it."""
    site = read_site(find_site(camera.parent)).content
    located = read_camera(camera)
    problems = camera_problems(located, site, frozenset(load_catalogue().models))
    if problems:
        raise InvalidFileError(problems)
    record = camera_record(located.content, site, camera.parent, 0)
    if rules is None:
        return record, None
    if not rules.is_dir():
        raise BadInputError(f"--rules {rules}: no such folder: give the one that holds the rule files")
    folder = read_rules(rules)
    # a rule for other cameras is no mistake here: only the rules themselves are checked
    problems = lint_rules(folder, None)
    if problems:
        raise InvalidFileError(problems)
    return record, rule_bundle(site, folder, author="replay", effective_at=0)


def _start_ms(video: Path, start: str | None, zone: str) -> int:
    """Event time of the first picture: as given, else noon of the day the recording was made."""
    if start is not None:
        return event_time("--start", start, zone)
    day = (_created(video) or datetime.fromtimestamp(video.stat().st_mtime, UTC)).astimezone(ZoneInfo(zone))
    return int(day.replace(hour=_NOON, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _created(video: Path) -> datetime | None:
    """When the recording was made, if its container says so."""
    if video.is_dir():
        return None
    try:
        with av.open(str(video)) as container:
            made = container.metadata.get("creation_time", "")
    except (av.FFmpegError, OSError):
        return None  # what is wrong with the file is said where it is read
    try:
        moment = datetime.fromisoformat(made)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sampled_frames(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """The frames of the recording, as the sampler takes them; the first is read at once.

    Raises:
        BadInputError: it is no recording. Ask before anything is started.
    """
    camera = plan.camera
    masks = () if camera is None else masks_from_records(camera["camera_id"], camera["masks"])
    frames = read_recording(
        plan.video,
        plan.fps,
        plan.width,
        masks,
        plan.start_ms,
        camera_id="replay" if camera is None else camera["camera_id"],
        camera_version="" if camera is None else camera["version"],
        models=plan.models,
    )
    return chain((next(frames),), frames)


async def _run(plan: Plan, frames: Iterator[Mapping[str, Any]], triton_url: str, files: ReplayFiles) -> dict[str, Any]:
    totals = Totals()
    judged = plan.camera if plan.bundle is not None else None
    last_frame = -1
    with _progress() as progress:
        task = progress.add_task("replay", total=_expected_frames(plan))
        steps = replay_frames(frames, triton_url, fixed_configuration(judged, plan.bundle), totals)
        async for step in steps:
            for record in step.tracks:
                last_frame = max(last_frame, -1 if record["source_frame"] is None else record["source_frame"])
            files.write(step)
            progress.update(
                task,
                completed=sum(totals.by_status.values()),
                description=f"{files.identities} tracks, {files.alerts} alerts",
            )
        summary = _summary(plan, totals, files, last_frame)
        files.summary(summary)
    return summary


def _summary(plan: Plan, totals: Totals, files: ReplayFiles, last_frame: int) -> dict[str, Any]:
    absent = sum(count for status, count in totals.by_status.items() if status == "ended")
    return {
        "video": plan.video.name,
        "fps": plan.fps,
        "models": list(plan.models),
        "start_ms": plan.start_ms,
        "camera": None if plan.camera is None else plan.camera["camera_id"],
        "bundle": None if plan.bundle is None else plan.bundle["digest"],
        "frames_read": last_frame + 1,
        "frames_sampled": sum(totals.by_status.values()) - absent,
        "frames_by_status": dict(sorted(totals.by_status.items())),
        "shed": totals.by_status.get("shed", 0),
        "detections": totals.detections,
        "tracked_boxes": totals.tracked_boxes,
        "tracks": files.identities,
        "rule_events": totals.rule_events,
        "alerts": files.alerts,
        "alert_revisions": totals.alert_revisions,
        "dead_letters": totals.dead_letters,
        "stage_seconds": {name: round(seconds, 3) for name, seconds in totals.seconds.items()},
    }


def _expected_frames(plan: Plan) -> int | None:
    """How many frames there will be, about; None when the recording does not say."""
    if plan.video.is_dir():
        return None
    try:
        with av.open(str(plan.video)) as container:
            duration = container.duration
    except (av.FFmpegError, OSError):
        return None
    return None if duration is None else max(1, round(duration / av.time_base * plan.fps))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_say,
        disable=not sys.stderr.isatty(),
    )
