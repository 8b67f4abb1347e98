"""The Triton of a replay: one that is given and answers, or one that is started here with the models."""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vigie_cli.local_stack import stack_words
from vigie_common.catalogue import find_model_file, load_catalogue
from vigie_common.errors import ConfigurationError, DependencyError
from vigie_inference.failures import TritonAwayError
from vigie_inference.repository import build_repository
from vigie_inference.triton import Triton

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running_triton(given: str | None, models: tuple[str, ...], model_file: Path | None) -> Iterator[str]:
    """The given Triton, or a local one with the models, for as long as it is needed.

    Raises:
        DependencyError: the given one does not answer; a service would wait for it.
    """
    if given is not None:
        asyncio.run(_require_answer(given))
        yield given
        return
    if importlib.util.find_spec("vigie_dev") is None:
        raise ConfigurationError(
            "no Triton: give its address with --triton HOST:PORT, or install the local stack (make setup)"
        )
    from vigie_dev.triton import TritonServer

    catalogue = load_catalogue()
    files = {}
    for name in models:
        file = _model_file(name, model_file)
        if file is not None:
            files[name] = file
    with tempfile.TemporaryDirectory(prefix="vigie-replay-") as scratch:
        repository = Path(scratch) / "models"
        build_repository(catalogue, models, files, repository)
        Console(stderr=True).print(f"starting Triton with {', '.join(models)} …")
        with TritonServer(repository, models, Path(scratch)) as server:
            yield server.grpc_url


async def _require_answer(url: str) -> None:
    triton = Triton(url)
    try:
        await triton.states()
    except TritonAwayError as away:
        here = "without it and --triton one is started here"
        raise DependencyError(f"{away}; {here}{stack_words(url)}") from away
    finally:
        await triton.close()


def _model_file(name: str, given: Path | None) -> Path | None:
    model = load_catalogue().model(name)
    if model.source is not None and given is None:
        from vigie_dev.footage import find_detector

        return find_detector(name).file
    return find_model_file(model, given if model.source is not None else None)
