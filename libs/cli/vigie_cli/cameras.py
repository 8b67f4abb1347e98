"""`vigie cameras`: a fleet from files to service: check, calibrate, apply, list, show, confirm."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.live import Live

from vigie_cli.cameras_shown import camera_details, camera_table, track_lines
from vigie_cli.event_times import instant
from vigie_cli.options import AsJson
from vigie_cli.wording import counted, findings_json, output, terminal_language
from vigie_common.errors import BadInputError
from vigie_common.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_cli.cameras_deployed import Deployed
    from vigie_cli.cameras_picture import Image

app = typer.Typer(
    help="Cameras: check and calibrate their files, bring them into service, see how they fare.",
    no_args_is_help=True,
    add_completion=False,
)

Language = Annotated[
    Literal["fr", "en"] | None,
    typer.Option(help="Language of titles and states; by default French in a French locale, else English."),
]
_SITE_FOLDER: Final = "folder of the camera files; site.yaml in it, or in the folder above"
_WATCH_S: Final = 2.0


@app.command()
def check(
    place: Annotated[Path, typer.Argument(metavar="FOLDER|FILE", help=f"{_SITE_FOLDER}; or one camera file")],
    residual: Annotated[float, typer.Option(min=0.0, help="metres that a calibration may be wrong")] = 1.0,
    strict: Annotated[bool, typer.Option(help="warnings are errors too")] = False,
    as_json: AsJson = False,
) -> None:
    """Check camera files: each error and warning with its file, line, column and fix.

    Exit status 1 if there is an error (with --strict, or a warning), else 0.

    Example: vigie cameras check cameras --strict
    """
    from vigie_cli.cameras_check import check_cameras
    from vigie_common.catalogue import load_catalogue

    found = check_cameras(place, frozenset(load_catalogue().models), residual)
    told = sorted([(problem, "error") for problem in found.errors] + [(w, "warning") for w in found.warnings])
    if as_json:
        print(findings_json(told))
    else:
        for problem, level in told:
            print(replace(problem, message=f"{level}: {problem.message}"))
        errors, warnings = counted(len(found.errors), "error"), counted(len(found.warnings), "warning")
        print(f"{counted(found.checked, 'camera file')} of {found.site}: {errors}, {warnings}")
    if found.errors or (strict and found.warnings):
        raise typer.Exit(1)


@app.command()
def apply(
    folder: Annotated[Path, typer.Argument(help=_SITE_FOLDER)],
    at: Annotated[str, typer.Option(help="when it holds from: now, +10s, or an ISO time")] = "+10s",
    prune: Annotated[bool, typer.Option(help="remove cameras that the folder no longer has")] = False,
    strict: Annotated[bool, typer.Option(help="publish nothing when a camera file is wrong")] = False,
    dry_run: Annotated[bool, typer.Option(help="say what would change, publish nothing")] = False,
) -> None:
    """Bring the cameras of a folder into service: `vigie apply` without its rules.

    What is new, changed (and how), unchanged or gone is shown. A wrong file is reported (exit status 1) and the
    other cameras are published, unless --strict.

    Example: vigie cameras apply cameras --dry-run
    """
    from vigie_cli.apply import run

    run(folder, at, None, prune=prune, strict=strict, dry_run=dry_run, cameras_only=True)


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option(help="only in this state: online, offline, stalled, …")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="only with this tag; several: with all of them")] = None,
    site: Annotated[str | None, typer.Option(help="only of this site")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    watch: Annotated[bool, typer.Option(help="Again every two seconds, until Ctrl-C.")] = False,
    lang: Language = None,
) -> None:
    """List the cameras in service and their health: state, since when, frames a second wanted and measured.

    Example: vigie cameras list --state offline --tag station --lang en
    """
    from vigie_cli.cameras_deployed import check_site, deployed_cameras
    from vigie_common.records import HealthState

    states: tuple[str, ...] = HealthState.__args__  # type: ignore[attr-defined]  # a Literal
    for name in state or ():
        if name not in states:
            raise BadInputError(f"--state {name}: no such state: use one of {', '.join(states)}")
    settings, language = read_settings(Settings), lang or terminal_language()

    def wanted() -> list[Deployed]:
        every = asyncio.run(deployed_cameras(settings))
        if site is not None:
            check_site(site, {str(deployed.camera["site"]) for deployed in every})
        return [
            deployed
            for deployed in every
            if (not state or deployed.health["state"] in state)
            and set(tag or ()) <= set(deployed.camera["tags"])
            and site in {None, deployed.camera["site"]}
        ]

    console = output()

    def show(cameras: Sequence[Deployed]) -> None:
        if as_json:
            for deployed in cameras:
                print(json.dumps(deployed.row(), ensure_ascii=False), flush=True)
        else:
            console.print(camera_table(cameras, language, console.width))

    if not watch:
        show(wanted())
        return
    with suppress(KeyboardInterrupt):
        if as_json:
            while True:
                show(wanted())
                time.sleep(_WATCH_S)
        with Live(camera_table(wanted(), language, console.width), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_WATCH_S)
                live.update(camera_table(wanted(), language, console.width), refresh=True)


@app.command()
def show(
    camera: Annotated[str, typer.Argument(metavar="CAMERA|FILE", help="id of a camera in service, or a camera file")],
    picture: Annotated[Path | None, typer.Option(help="write the current view, drawn over: a .png or .jpg")] = None,
    from_source: Annotated[bool, typer.Option(help="take the view from the camera itself, once")] = False,
    image: Annotated[Path | None, typer.Option(help="take the view from this image file")] = None,
    tracks: Annotated[bool, typer.Option(help="draw what is tracked there now, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The record and the health as one JSON object.")] = False,
    lang: Language = None,
) -> None:
    """Show a camera: version, health, models, zones, lines, masks, error of the calibration; and its view.

    The view is the newest frame of the deployment, with zones, lines (an arrow the way that counts as in), masks
    and calibration points drawn. A camera file shows what it would be before it is applied.

    Example: vigie cameras show maison-carree-02 --picture view.png --tracks

    Example: vigie cameras show cameras/maison-carree-02.yaml --picture view.png --image still.jpg
    """
    from vigie_cli.cameras_picture import check_picture_name, draw_camera, read_picture, write_picture

    if picture is None and (from_source or image is not None or tracks):
        raise BadInputError("--from-source, --image and --tracks are about the view: say with --picture where to")
    if tracks and (from_source or image is not None):
        raise BadInputError("--tracks: tracks are of the frame they were seen in: leave --from-source and --image out")
    if picture is not None:
        check_picture_name(picture)
    deployed, language = _found(camera), lang or terminal_language()
    if as_json:
        print(json.dumps({"camera": deployed.camera, "health": deployed.health}, ensure_ascii=False, indent=1))
    else:
        for line in camera_details(deployed, language):
            print(line)
    if picture is None:
        return
    seen: Mapping[str, Any] | None = None
    if tracks:
        from vigie_cli.cameras_deployed import tracked_frame

        frame, seen = asyncio.run(tracked_frame(read_settings(Settings), _in_service(deployed)))
        if not as_json:
            for line in track_lines(seen, str(deployed.camera["time_zone"])):
                print(line)
        view = read_picture(frame["jpeg"], deployed.camera_id)
    else:
        view = _view(deployed, image, from_source=from_source)
    write_picture(draw_camera(view, deployed.camera, language, seen), picture)
    print(picture)


@app.command()
def calibrate(
    file: Annotated[Path, typer.Argument(metavar="CAMERA_FILE", help="the camera file")],
    points: Annotated[
        Path | None, typer.Option(help="CSV with the columns x,y,lat,lon; by default the points of the camera file")
    ] = None,
    size: Annotated[str | None, typer.Option(help="x and y are pixels of an image of this size: 1920x1080")] = None,
    write: Annotated[bool, typer.Option(help="put the points into the camera file")] = False,
    picture: Annotated[Path | None, typer.Option(help="write the view with a grid of metres: a .png or .jpg")] = None,
    from_source: Annotated[bool, typer.Option(help="take the view from the camera itself, once")] = False,
    image: Annotated[Path | None, typer.Option(help="take the view from this image file")] = None,
    lang: Language = None,
) -> None:
    """Compute the ground plane of a camera from points known in the image and on the map, and how wrong it is.

    Example: vigie cameras calibrate cameras/porte-01.yaml --points points.csv --size 1920x1080 --picture grid.png

    Example: vigie cameras calibrate cameras/porte-01.yaml --points points.csv --write
    """
    from vigie_cli.cameras_calibrate import calibrate as computed
    from vigie_cli.cameras_calibrate import parse_size, read_points, report, write_calibration
    from vigie_cli.cameras_picture import check_picture_name, draw_grid, write_picture
    from vigie_common.camera_file import control_points, read_camera

    if picture is not None:
        check_picture_name(picture)
    pixels = None if size is None else parse_size(size)
    located = read_camera(file)
    if points is None:
        if not located.content.calibration:
            raise BadInputError(f"{file}: has no calibration: give points with --points points.csv")
        result = computed(control_points(located.content), str(file))
    else:
        given, lines = read_points(points, pixels)
        result = computed(given, str(points), lines)
    width = located.content.sampling.width
    height = round(width * pixels[1] / pixels[0]) if pixels else round(width * 9 / 16)
    for line in report(result, (width, height)):
        print(line)
    if write:
        write_calibration(file, located.document, result.points)
        print(f"{file}: {counted(len(result.points), 'point')} written; `vigie cameras apply` brings them into force")
    if picture is not None:
        view = _view(_found(str(file)), image, from_source=from_source)
        write_picture(draw_grid(view, result.plane, result.points, lang or terminal_language()), picture)
        print(picture)


@app.command()
def confirm(
    camera: Annotated[str, typer.Argument(help="id of a camera in service")],
) -> None:
    """Say that you have looked: the view of a camera that was moved fits its zones, lines and calibration.

    Rules that were suspended when it was found moved judge again. If the view does not fit, draw the zones anew in
    the camera file, apply it, and then confirm. A camera that was not moved is refused (exit status 1): a confirmation
    would change nothing.

    Example: vigie cameras confirm maison-carree-02
    """
    from vigie_cli.cameras_deployed import confirm_view

    deployed = asyncio.run(confirm_view(read_settings(Settings), camera))
    at = instant(deployed.camera["view_confirmed_at"], str(deployed.camera["time_zone"]))
    print(f"{camera}: the view is confirmed from {at} on (it was {deployed.health['state']})")


def _found(camera: str) -> Deployed:
    """A camera in service by its id; or what a camera file says, as if it were in service."""
    from vigie_cli.cameras_deployed import SILENT, Deployed, deployed_camera

    path = Path(camera)
    if path.suffix not in {".yaml", ".yml"}:
        return asyncio.run(deployed_camera(read_settings(Settings), camera))
    from vigie_common.camera_file import read_camera
    from vigie_common.camera_record import camera_record
    from vigie_common.site_file import find_site, read_site

    content = read_camera(path).content
    site = read_site(find_site(path.parent)).content
    record = camera_record(content, site, path.resolve().parent, time.time_ns() // 1_000_000)
    return Deployed(record, None, None, SILENT)


def _in_service(deployed: Deployed) -> Deployed:
    """The camera of that id in service: a camera file alone has no frames."""
    from vigie_cli.cameras_deployed import deployed_camera

    if deployed.partition is not None:
        return deployed
    return asyncio.run(deployed_camera(read_settings(Settings), deployed.camera_id))


def _view(deployed: Deployed, image: Path | None, *, from_source: bool) -> Image:
    """The view of a camera, its masks burned in: of an image file, of the camera itself, or its newest frame."""
    from vigie_cli.cameras_picture import burn_masks, read_picture

    if from_source and image is not None:
        raise BadInputError("--from-source and --image: give one of them")
    if image is not None:
        return burn_masks(read_picture(image.read_bytes(), str(image)), deployed.camera["masks"])
    if from_source:
        from vigie_cli.cameras_source import picture_of

        jpeg = picture_of(deployed.camera)
    else:
        from vigie_cli.cameras_deployed import newest_frame

        jpeg = asyncio.run(newest_frame(read_settings(Settings), _in_service(deployed)))["jpeg"]
    return read_picture(jpeg, deployed.camera_id)
