"""A model's file from its pinned address into the cache: whole and checked, or not at all."""

from __future__ import annotations

import contextlib
import os
import urllib.request
from typing import TYPE_CHECKING, Final

from vigie_common.catalogue import ModelFileError, check_model_file, how_to_get, model_cache
from vigie_common.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vigie_common.catalogue import Model

CHUNK: Final = 1 << 16
TIMEOUT_S: Final = 30.0


def fetch_model(model: Model, cache: Path | None = None, progress: Callable[[int, int], None] | None = None) -> Path:
    """The model's file in the cache, downloaded if it is not there yet.

    `progress` is told how many bytes have come, of how many.

    Raises:
        ModelFileError: the model has no file or no address, or what came is another file.
        DependencyError: the address cannot be reached.
    """
    source = model.source
    if source is None or not source.url:
        raise ModelFileError(f'model "{model.name}" cannot be fetched: {how_to_get(model)}')
    destination = (cache if cache is not None else model_cache()) / source.file
    if destination.exists():
        with contextlib.suppress(ModelFileError):  # damaged since: fetched again
            check_model_file(model, destination)
            return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        _download(source.url, partial, source.size, progress)
        check_model_file(model, partial)
        partial.replace(destination)
    except OSError as unreachable:
        raise DependencyError(
            f'model "{model.name}": {source.url} cannot be fetched ({unreachable}): check the network and '
            f"HTTPS_PROXY, or get the file by hand and give it with --model-file {model.name}=PATH"
        ) from unreachable
    finally:
        partial.unlink(missing_ok=True)
    return destination


def _download(url: str, into: Path, size: int, progress: Callable[[int, int], None] | None) -> None:
    """At most one byte more than `size`: a longer file is another file."""
    come = 0
    with (
        urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer,  # noqa: S310 - the catalogue takes https only
        into.open("wb") as file,
    ):
        while come <= size and (part := answer.read(min(CHUNK, size + 1 - come))):
            file.write(part)
            come += len(part)
            if progress is not None:
                progress(come, size)
