"""`vigie scene`: simulated streets, drawn, filmed or recorded with their ground truth."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from vigie_cli.scene_pictures import pictures
from vigie_cli.wide import wide_console
from vigie_common.errors import BadInputError, ConfigurationError
from vigie_common.units import parse_duration

if TYPE_CHECKING:
    from vigie_scene.spec import Scene

app = typer.Typer(
    help="Simulated streets, drawn, filmed or recorded with their ground truth.",
    no_args_is_help=True,
    add_completion=False,
)

SceneName = Annotated[str, typer.Argument(metavar="SCENE", help="A scene of `vigie scene list`, or a YAML file.")]
Seed = Annotated[int | None, typer.Option(help="Other random numbers. [default: the scene's]")]
Fps = Annotated[float | None, typer.Option(help="Frames a second. [default: the scene's]")]
Errors = Annotated[
    Literal["measured", "none"] | None, typer.Option(help="How the detector errs. [default: as the scene says]")
]
ShowTruth = Annotated[bool, typer.Option("--truth", help="Draw the true boxes too, with how much can be seen.")]
ShowFound = Annotated[bool, typer.Option("--detections/--no-detections", help="Draw what the detector says.")]


@app.callback()
def _scene() -> None:
    if find_spec("vigie_scene") is None:
        raise ConfigurationError("vigie scene: the package vigie-scene is not installed: pip install libs/scene")


@app.command("list")
def list_scenes() -> None:
    """The scenes that come with Vigie: what happens, what nearly does, what only looks like it.

    Example: vigie scene list
    """
    from vigie_scene.library import library_scene, scene_names

    table = Table("scene", "seconds", "what", box=None)
    for name in scene_names():
        scene = library_scene(name)
        table.add_row(name, f"{scene.duration_s:g}", scene.about)
    wide_console(140).print(table)


@app.command()
def draw(
    name: SceneName,
    out: Annotated[Path, typer.Option(help="PNG or JPEG file.")],
    at: Annotated[str, typer.Option(help="How long after the scene's start: 60s, 1m30s; a number is seconds.")] = "0s",
    truth: ShowTruth = False,
    detections: ShowFound = True,
    seed: Seed = None,
    errors: Errors = None,
) -> None:
    """One moment of a scene as a picture, with its zones and lines.

    Example: vigie scene draw stopped-happens --at 60s --truth --out bay.png
    """
    import cv2

    from vigie_scene import picture
    from vigie_scene.film import film

    take = film(_asked(name, seed, None, errors))
    at_s = _seconds(at)
    if not len(take.times_ms) or not 0 <= at_s * 1000 <= take.times_ms[-1] + 1000:
        raise BadInputError(f"--at {at}: the scene lasts from 0 to {take.scene.duration_s:g} seconds")
    frame = min(int(take.times_ms.searchsorted(at_s * 1000)), len(take.times_ms) - 1)
    image = picture.draw(take, frame, truth=truth, detections=detections)
    try:
        written = cv2.imwrite(str(out), image)
    except cv2.error:
        written = False
    if not written:
        raise BadInputError(f"--out {out}: cannot be written: name a .png or .jpg file in a folder that exists")
    print(out)


app.command()(pictures)


@app.command()
def video(
    name: SceneName,
    out: Annotated[Path, typer.Option(help="Video file, .mp4 or .mkv.")],
    truth: ShowTruth = False,
    detections: ShowFound = True,
    noise: Annotated[float, typer.Option(min=0.0, max=100.0, help="Noise of the camera, grey levels.")] = 0.0,
    seed: Seed = None,
    fps: Fps = None,
    errors: Errors = None,
) -> None:
    """A scene as a video; with --no-detections as a camera would see it.

    Example: vigie scene video person-down-happens --out fall.mp4
    """
    from vigie_scene import picture
    from vigie_scene.film import film

    if out.suffix not in {".mp4", ".mkv"} or not out.parent.is_dir():
        raise BadInputError(f"--out {out}: name an .mp4 or .mkv file in a folder that exists")
    take = film(_asked(name, seed, fps, errors))
    frames = picture.write_video(take, out, truth=truth, detections=detections, noise=noise)
    print(f"{out}: {frames} frames")


@app.command()
def record(
    name: SceneName,
    out: Annotated[Path, typer.Option(help="Folder for the results; it is made.")],
    seed: Seed = None,
    fps: Fps = None,
    errors: Errors = None,
) -> None:
    """Tracks for rule tests, the truth of every frame, what happened and when, and the camera.

    tracks.csv and tracks.txt (through the real tracker), gt.txt (both MOTChallenge), events.jsonl, camera.yaml.

    Example: vigie scene record count-line-happens --fps 2 --out scenes/count
    """
    from vigie_scene.events import true_events
    from vigie_scene.export import camera_file, mot_tracks, mot_truth, recorded_tracks
    from vigie_scene.film import film

    scene = _asked(name, seed, fps, errors)
    take = film(scene)
    events = "".join(json.dumps(asdict(event)) + "\n" for event in true_events(scene, take.world))
    camera = camera_file(scene, scene.scene.lower())
    out.mkdir(parents=True, exist_ok=True)
    files = {
        "tracks.csv": recorded_tracks(take),
        "tracks.txt": mot_tracks(take),
        "gt.txt": mot_truth(take),
        "events.jsonl": events,
    }
    for file, text in {**files, "camera.yaml": camera}.items():
        (out / file).write_text(text, encoding="utf-8")
        print(out / file)


def _seconds(at: str) -> float:
    """Seconds of `60s` or `60`."""
    try:
        return float(at)
    except ValueError:
        pass
    try:
        return parse_duration(at).value
    except ValueError as wrong:
        raise BadInputError(f"--at {at}: {wrong}") from None


def _asked(name: str, seed: int | None, fps: float | None, errors: str | None) -> Scene:
    """The scene of a name or file, with what was asked for instead."""
    from vigie_scene.library import library_scene
    from vigie_scene.spec import read_scene

    path = Path(name)
    scene = read_scene(path) if path.suffix in {".yaml", ".yml"} else library_scene(name)
    changes: dict[str, object] = {} if seed is None else {"seed": seed}
    if fps is not None:
        if not 0 < fps <= 60:
            raise BadInputError(f"--fps {fps:g}: must be more than 0 and at most 60")
        changes["sampling"] = scene.sampling.model_copy(update={"fps": fps})
    if errors is not None:
        changes["detector"] = scene.detector.model_copy(update={"errors": errors})
    return scene.at(**changes)
