"""Triton's model repository, written from the catalogue: one Triton model a catalogue name.

Each folder is complete: `config.pbtxt`, and below it the folder of its version with Triton's side of the contract
(`models/backend`), the description of the model and its file. Triton names a version by a number and tells it in every
answer: ours is made of the model's digest, so that each detection tells which model found it, whatever is loaded when.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

from vigie_common.catalogue import ModelFileError, check_model_file, how_to_get
from vigie_common.paths import repository_resource
from vigie_common.taxonomy import CLASS_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vigie_common.catalogue import Catalogue, Model

VERSION_PARAMETER: Final = "vigie_version"
"""Name of the configuration parameter that holds the model's version, for people and for other repositories."""

_MARK: Final = 1 << 48
"""Above a digest of twelve digits: what tells our numbers of versions from those that people count."""

MAX_BATCH: Final = 16
"""Most requests that Triton hands over at once."""

MAX_QUEUE: Final = 256
"""Requests that may wait for one model; one more is refused (UNAVAILABLE), and the service tries again."""

QUEUE_TIMEOUT_S: Final = 20
"""A request that waited longer is refused: by then its frame is shed."""

MODEL_FILE: Final = "model.onnx"

_CONFIG: Final = """\
name: "{name}"
backend: "python"
max_batch_size: {batch}
input [ {{ name: "IMAGE" data_type: TYPE_STRING dims: [ 1 ] }} ]
output [ {{ name: "DETECTIONS" data_type: TYPE_FP32 dims: [ -1, 6 ] }} ]
instance_group [ {{ kind: KIND_CPU count: {instances} }} ]
dynamic_batching {{
  default_queue_policy {{
    timeout_action: REJECT
    default_timeout_microseconds: {timeout_us}
    max_queue_size: {queue}
  }}
}}
parameters {{ key: "{version_parameter}" value {{ string_value: "{version}" }} }}
"""


def version_number(version: str) -> int:
    """Triton's number for a version of the catalogue, twelve hexadecimal digits."""
    return _MARK + int(version, 16)


def version_of(number: str) -> str | None:
    """The version of the catalogue behind Triton's number of it; None: the number is not one of ours."""
    value = int(number) if number.isdecimal() else 0
    return f"{value - _MARK:012x}" if _MARK <= value < 2 * _MARK else None


def build_repository(
    catalogue: Catalogue,
    names: Iterable[str],
    model_files: Mapping[str, Path],
    destination: Path,
    *,
    instances: int = 1,
) -> None:
    """Write the models `names` into the repository `destination`; models of the same name are replaced.

    `model_files` gives the file of each model that has one. `instances`: how many run side by side, a model.
    A model is complete before it takes its place: a Triton that reads meanwhile sees the old or the new one.

    Raises:
        ConfigurationError: a name is not in the catalogue.
        ModelFileError: a model file is missing or is another one.
    """
    models = [catalogue.model(name) for name in names]
    for model in models:
        _check(model, model_files)
    destination.mkdir(parents=True, exist_ok=True)
    for model in models:
        staging = destination.parent / f".{destination.name}.{os.getpid()}.{model.name}"
        shutil.rmtree(staging, ignore_errors=True)
        _write(model, model_files.get(model.name), staging, instances)
        place = destination / model.name
        if place.exists():
            with tempfile.TemporaryDirectory(dir=destination.parent) as former:
                place.rename(f"{former}/{model.name}")
                staging.rename(place)
        else:
            staging.rename(place)


def _check(model: Model, model_files: Mapping[str, Path]) -> None:
    if model.name in model_files:
        check_model_file(model, model_files[model.name])
    elif model.source is not None:
        raise ModelFileError(f'model "{model.name}" needs its file: {how_to_get(model)}')


def _write(model: Model, file: Path | None, folder: Path, instances: int) -> None:
    version_folder = folder / str(version_number(model.version))
    shutil.copytree(repository_resource("models/backend"), version_folder, ignore=shutil.ignore_patterns("__pycache__"))
    if file is not None:
        shutil.copyfile(file, version_folder / MODEL_FILE)
    description = {
        "name": model.name,
        "decoder": model.decoder,
        "file": MODEL_FILE if file is not None else "",
        "width": model.width,
        "height": model.height,
        "score": model.score,
        "nms_iou": model.nms_iou,
        "classes": [-1 if meaning is None else int(meaning) for meaning in model.classes],
        "groups": list(CLASS_GROUP),
        "threads": 1,
    }
    text = json.dumps(description, indent=1, sort_keys=True) + "\n"
    (version_folder / "detector.json").write_text(text, encoding="utf-8")
    config = _CONFIG.format(
        name=model.name,
        batch=MAX_BATCH,
        instances=instances,
        timeout_us=QUEUE_TIMEOUT_S * 1_000_000,
        queue=MAX_QUEUE,
        version_parameter=VERSION_PARAMETER,
        version=model.version,
    )
    (folder / "config.pbtxt").write_text(config, encoding="utf-8")
