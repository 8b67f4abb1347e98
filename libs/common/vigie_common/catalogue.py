"""The model catalogue: what each detector is, where its file comes from, how its output is read.

`models/catalogue.yaml` is the project's; a deployment may point at its own. `docs/reference/models.md`
explains the fields.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from vigie_common.digest import content_digest
from vigie_common.errors import BadInputError, ConfigurationError
from vigie_common.paths import repository_resource
from vigie_common.taxonomy import CLASS_GROUP, CLASS_NAMES, ObjectClass
from vigie_common.yaml_document import Document, InvalidFileError, Problem
from vigie_common.yaml_model import FileModel, nearest, one_of, validated
from vigie_common.yaml_source import read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

DECODERS: Final[Mapping[str, bool]] = MappingProxyType(
    {"hog": False, "yolox": True, "yolov5": True, "yolov8": True, "rtdetr": True, "rtdetr-joined": True}
)
"""Every decoder that Triton's side knows (`models/backend`), and whether it reads a model file."""

VERSION_DIGITS: Final = 12


class ModelFileError(BadInputError):
    """A model file is missing or is not the one that the catalogue names."""


@dataclass(frozen=True, slots=True)
class Source:
    """The one model file that an entry stands for."""

    url: str
    """A pinned public address, empty when there is none."""
    sha256: str
    size: int
    """Bytes."""

    @property
    def file(self) -> str:
        """The file's name in a cache: it begins with the digest, so another file is another name."""
        return f"{self.sha256[:16]}.onnx"


@dataclass(frozen=True, slots=True)
class Model:
    """One detector of the catalogue."""

    name: str
    title: Mapping[str, str]
    decoder: str
    source: Source | None
    """None: embedded, there is no file."""
    licence: str
    width: int
    """Width of the network's input, pixels; hog: the longer side that an image is scaled to."""
    height: int
    """Height of the network's input, pixels; 0: follows."""
    score: float
    nms_iou: float
    labels: tuple[str, ...]
    """The model's own labels, in the order of its output."""
    classes: tuple[ObjectClass | None, ...]
    """What each label means; None: ignored."""
    limits: str

    @property
    def version(self) -> str:
        """Digest of all that decides what boxes come out: file, decoder, thresholds, meaning of labels."""
        decoding = {
            "file": self.source.sha256 if self.source else "embedded",
            "decoder": self.decoder,
            "input": [self.width, self.height],
            "score": self.score,
            "nms_iou": self.nms_iou,
            "labels": [
                [label, meaning.name if meaning is not None else None]
                for label, meaning in zip(self.labels, self.classes, strict=True)
            ],
            "groups": [CLASS_GROUP[c] for c in sorted(self.tells())],
        }
        return content_digest(decoding, VERSION_DIGITS)

    def tells(self) -> frozenset[ObjectClass]:
        """The classes that the model can find."""
        return frozenset(c for c in self.classes if c is not None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every detector by name."""

    path: Path
    models: Mapping[str, Model]

    def model(self, name: str) -> Model:
        """The model `name`.

        Raises:
            ConfigurationError: the catalogue has no such model.
        """
        if name not in self.models:
            raise ConfigurationError(
                f'model "{name}" is not in the catalogue {self.path}, which has {one_of(sorted(self.models))}'
                f"{nearest(name, self.models)}: name one of these, or add it (docs/how-to/add-a-model.md)"
            )
        return self.models[name]


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in a file; without one, the project's own.

    Raises:
        InvalidFileError: the file is wrong; every problem with its line, column and fix.
    """
    where = path if path is not None else repository_resource("models/catalogue.yaml")
    document = read_document(where)
    written = validated(document, _CatalogueFile)
    problems = [problem for name, entry in written.models.items() for problem in _problems(document, name, entry)]
    if problems:
        raise InvalidFileError(problems)
    return Catalogue(where, MappingProxyType({name: _model(name, e) for name, e in written.models.items()}))


def check_model_file(model: Model, path: Path) -> None:
    """Nothing, when `path` is the very file that the catalogue names for `model`.

    Raises:
        ModelFileError: there is no such file, or its content is another; says how to get the right one.
    """
    source = model.source
    if source is None:
        raise ModelFileError(f'model "{model.name}" is embedded and reads no file: leave out {model.name}={path}')
    if not path.is_file():
        raise ModelFileError(f'model "{model.name}": there is no file {path}: {how_to_get(model)}')
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != source.sha256:
        raise ModelFileError(
            f'model "{model.name}": {path} ({path.stat().st_size} bytes) has sha256 {found}, the catalogue '
            f"expects {source.sha256} ({source.size} bytes): it is damaged or another model. Either "
            f"{how_to_get(model)}; or, if it is a model of yours, give it its own entry with this sha256 "
            "(docs/how-to/add-a-model.md)"
        )


def how_to_get(model: Model) -> str:
    """What to do to have the model's file, in words."""
    source = model.source
    if source is None:
        return "nothing: it is embedded"
    if not source.url:
        return f"give its file with --model-file {model.name}=PATH (the catalogue has no address for it)"
    return (
        f"run `vigie models fetch {model.name}` (from {source.url}, {source.size} bytes), "
        f"or give the file with --model-file {model.name}=PATH"
    )


def model_cache() -> Path:
    """The folder in which fetched models are kept: `models` in VIGIE_CACHE, else in ~/.cache/vigie."""
    given = os.environ.get("VIGIE_CACHE")
    return (Path(given).expanduser() if given else Path.home() / ".cache" / "vigie") / "models"


def find_model_file(model: Model, given: Path | None = None, cache: Path | None = None) -> Path | None:
    """The checked file of a model: the given one, else the cached one; None for an embedded model.

    Raises:
        ModelFileError: it is missing or another file.
    """
    if model.source is None and given is None:
        return None
    if model.source is not None and given is None:
        given = (cache if cache is not None else model_cache()) / model.source.file
    if given is None:
        raise ModelFileError(f'model "{model.name}": {how_to_get(model)}')
    check_model_file(model, given)
    return given


class _SourceFile(FileModel):
    url: Annotated[str, Field(pattern=r"^(https://\S+)?$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1)]


class _InputFile(FileModel):
    width: Annotated[int, Field(ge=32, le=8192)]
    height: Annotated[int, Field(ge=0, le=8192)]


class _ModelFile(FileModel):
    title: Annotated[dict[str, str], Field(min_length=1)]
    decoder: str
    source: Literal["embedded"] | _SourceFile
    licence: str
    input: _InputFile
    score: Annotated[float, Field(gt=0, lt=1)]
    nms_iou: Annotated[float, Field(gt=0, le=1)]
    labels: Annotated[list[str], Field(min_length=1)]
    classes: Annotated[dict[str, list[str]], Field(min_length=1)]
    ignored: list[str]
    limits: Annotated[str, Field(min_length=1)]


_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class _CatalogueFile(FileModel):
    models: Annotated[dict[_Name, _ModelFile], Field(min_length=1)]


def _problems(document: Document, name: str, entry: _ModelFile) -> list[Problem]:
    """What no type can say: the fields of one entry against each other."""
    here: list[object] = ["models", name]
    found: list[Problem] = []

    def wrong(where: list[object], message: str, *, of_key: bool = False) -> None:
        found.append(document.problem(here + where, f"model {name}: {message}", of_key=of_key))

    if entry.decoder not in DECODERS:
        wrong(
            ["decoder"],
            f'unknown decoder "{entry.decoder}"{nearest(entry.decoder, DECODERS)}: '
            f"the decoders are {one_of(sorted(DECODERS))}",
        )
    elif DECODERS[entry.decoder] != (entry.source != "embedded"):
        needs = (
            "reads a model file: give source its url, sha256 and bytes"
            if DECODERS[entry.decoder]
            else "has no file: write `source: embedded`"
        )
        wrong(["source"], f"decoder {entry.decoder} {needs}")
    elif DECODERS[entry.decoder] and (entry.input.width % 32 or entry.input.height % 32 or not entry.input.height):
        wrong(["input"], "width and height of a network's input are multiples of 32: correct them")
    for taxon in entry.classes:
        if taxon not in CLASS_NAMES[1:]:
            wrong(
                ["classes", taxon],
                f'"{taxon}" is not in the taxonomy{nearest(taxon, CLASS_NAMES)}: use {one_of(CLASS_NAMES[1:])}',
                of_key=True,
            )
    mapped = [(["classes", taxon, i], label) for taxon, many in entry.classes.items() for i, label in enumerate(many)]
    mapped += [(["ignored", i], label) for i, label in enumerate(entry.ignored)]
    seen: set[str] = set()
    for where, label in mapped:
        if label not in entry.labels:
            wrong(
                list(where),
                f'"{label}" is none of its labels{nearest(label, entry.labels)}: correct or remove it',
            )
        elif label in seen:
            wrong(list(where), f'"{label}" already has a meaning: leave one')
        seen.add(label)
    doubled: set[str] = set()
    for i, label in enumerate(entry.labels):
        if label in doubled:
            wrong(["labels", i], f'label "{label}" is there twice: name each output once')
        elif label not in seen:
            wrong(
                ["labels", i],
                f'label "{label}" has no meaning: put it under one of classes, or under ignored',
            )
        doubled.add(label)
    return found


def _model(name: str, entry: _ModelFile) -> Model:
    meanings = {label: ObjectClass[taxon] for taxon, labels in entry.classes.items() for label in labels}
    source = None
    if entry.source != "embedded":
        source = Source(entry.source.url, entry.source.sha256, entry.source.bytes)
    return Model(
        name=name,
        title=MappingProxyType(entry.title),
        decoder=entry.decoder,
        source=source,
        licence=entry.licence,
        width=entry.input.width,
        height=entry.input.height,
        score=entry.score,
        nms_iou=entry.nms_iou,
        labels=tuple(entry.labels),
        classes=tuple(meanings.get(label) for label in entry.labels),
        limits=entry.limits,
    )
