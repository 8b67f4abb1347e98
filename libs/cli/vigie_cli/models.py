"""`vigie models`: the catalogue, the files of its models, and Triton's repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn
from rich.table import Table

from vigie_cli.wide import wide_console
from vigie_common.catalogue import find_model_file, load_catalogue
from vigie_common.errors import BadInputError
from vigie_inference.fetch import fetch_model
from vigie_inference.repository import build_repository

if TYPE_CHECKING:
    from vigie_common.catalogue import Model

app = typer.Typer(
    help="The model catalogue, the files of its models, and Triton's repository.",
    no_args_is_help=True,
    add_completion=False,
)

CataloguePath = Annotated[
    Path | None, typer.Option("--catalogue", metavar="FILE", help="A catalogue of yours, instead of Vigie's.")
]


@app.command("list", epilog="Example: vigie models list")
def list_models(catalogue: CataloguePath = None) -> None:
    """Every model of the catalogue on a line."""
    table = Table("name", "version", "decoder", "file", "licence", "finds", box=None)
    for model in load_catalogue(catalogue).models.values():
        table.add_row(model.name, model.version, model.decoder, _file(model), model.licence, ", ".join(_tells(model)))
    wide_console(160).print(table)


@app.command(epilog="Example: vigie models show yolox-nano")
def show(
    name: Annotated[str, typer.Argument(help="Its name in the catalogue.")], catalogue: CataloguePath = None
) -> None:
    """All that the catalogue says of one model, its limits first of all."""
    model = load_catalogue(catalogue).model(name)
    ignored = [label for label, c in zip(model.labels, model.classes, strict=True) if c is None]
    facts = {
        "name": model.name,
        "version": model.version,
        "title": " / ".join(model.title.values()),
        "limits": model.limits,
        "decoder": model.decoder,
        "file": _file(model),
        "address": (model.source.url or "none: give it with --model-file") if model.source else "none needed",
        "sha256": model.source.sha256 if model.source else "none: embedded",
        "licence": model.licence,
        "input": f"{model.width} x {model.height or 'as it comes'} pixels",
        "score": f"at least {model.score:g}",
        "nms_iou": f"{model.nms_iou:g}",
        "finds": ", ".join(_tells(model)),
        "ignores": ", ".join(ignored) or "no label",
    }
    table = Table.grid("", "", padding=(0, 2))
    for fact, value in facts.items():
        table.add_row(fact, value)
    Console().print(table)


@app.command(epilog="Example: vigie models fetch yolox-nano")
def fetch(
    name: Annotated[str, typer.Argument(help="Its name in the catalogue.")], catalogue: CataloguePath = None
) -> None:
    """Download a model's file from its pinned address into the cache, and check it. Says where it lies."""
    model = load_catalogue(catalogue).model(name)
    console = Console(stderr=True)
    with Progress(
        "[progress.description]{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(model.name, total=model.source.size if model.source else None)
        path = fetch_model(model, progress=lambda come, _: bar.update(task, completed=come))
    print(path)


@app.command(
    epilog="Example: vigie models build --out .vigie/models hog yolox-nano --model-file yolox-nano=yolox_nano.onnx"
)
def build(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where Triton reads its models.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Which models; by default every one whose file is there.")
    ] = None,
    model_file: Annotated[
        list[str] | None,
        typer.Option("--model-file", metavar="NAME=PATH", help="The file of a model; else the cache's."),
    ] = None,
    instances: Annotated[int, typer.Option(min=1, max=64, help="How many of each run side by side.")] = 1,
    catalogue: CataloguePath = None,
) -> None:
    """Write Triton's model repository: one folder a model."""
    known = load_catalogue(catalogue)
    given = dict(_given(text) for text in model_file or [])
    for name in given:
        known.model(name)
    wanted = list(dict.fromkeys([*(names or []), *given])) if names else list(known.models)
    files: dict[str, Path] = {}
    built: list[str] = []
    for name in wanted:
        model = known.model(name)
        try:
            file = find_model_file(model, given.get(name))
        except BadInputError as missing:
            if names or name in given:
                raise
            typer.echo(f"left out {missing}", err=True)
            continue
        if file is not None:
            files[name] = file
        built.append(name)
    build_repository(known, built, files, out, instances=instances)
    for name in built:
        print(f"{out / name}  version {known.models[name].version}")


def _given(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise BadInputError(f"--model-file {text}: write NAME=PATH, such as yolox-nano=yolox_nano.onnx")
    return name, Path(path)


def _file(model: Model) -> str:
    return f"{model.source.size} bytes" if model.source else "embedded"


def _tells(model: Model) -> list[str]:
    return [c.name for c in sorted(model.tells())]
