"""`vigie cameras`: check camera files without publishing them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vigie_cli.wording import counted
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError
from vigie_common.yaml_source import InvalidFileError
from vigie_rule_engine.lint import read_cameras

app = typer.Typer(help="Camera files.", no_args_is_help=True, add_completion=False)


@app.callback()
def _cameras() -> None:
    """Camera files."""


@app.command()
def lint(
    folder: Annotated[Path, typer.Argument(help="folder of the camera files; site.yaml in it or above it")],
) -> None:
    """Check every camera file of a site: each error with its line, column and fix.

    Example: vigie cameras lint cameras
    """
    cameras = read_cameras(folder, frozenset(load_catalogue().models))
    if cameras.problems:
        raise InvalidFileError(cameras.problems)
    if not cameras.cameras:
        raise BadInputError(
            f"{folder}: no camera file in it nor in cameras/ below it: give the folder that holds them, "
            "each a file of its own ending in .yaml"
        )
    number = len(cameras.cameras)
    print(f"{counted(number, 'camera')} of {cameras.site.site} {'is' if number == 1 else 'are'} right")
