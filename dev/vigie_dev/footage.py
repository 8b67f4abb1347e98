"""Footage and a detector for the demo and the tests: what is given, what lies here, what this machine can get."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from vigie_common.catalogue import ModelFileError, check_model_file, find_model_file, load_catalogue, model_cache
from vigie_common.errors import BadInputError, DependencyError
from vigie_dev.install import whole
from vigie_dev.places import cache_folder, shared_data
from vigie_frame_sampler.picture import video_stream

VTEST = "vtest.avi"
"""768 x 576, 79 s: people crossing a campus road (OpenCV's sample, Apache-2.0)."""
VTEST_SHA256 = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
VTEST_ADDRESS = "https://raw.githubusercontent.com/opencv/opencv/4.12.0/samples/data/vtest.avi"

_PACKAGE = "opencv-doc"
_PACKAGED = "usr/share/doc/opencv-doc/examples/data"
_DOWNLOAD_WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Detector:
    """A model of the catalogue and its file; None for one that is embedded."""

    name: str
    file: Path | None


HOG: Final = Detector("hog", None)
"""Inside OpenCV: it can always be served."""


def sha256(path: Path) -> str:
    """The digest of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_footage(given: str = "") -> Path:
    """The recording to show: the given file, else vtest.avi from wherever it can be had.

    Raises:
        BadInputError: the given file is not there, or is no video.
        DependencyError: none is here and none can be fetched; says what to do.
    """
    if given:
        path = Path(given).expanduser().resolve()
        if not path.is_file():
            raise BadInputError(f"VIDEO={given}: there is no such file: give the path of a video file")
        _check_readable(path, given)
        return path
    beside = shared_data()
    if beside is not None and (beside / "videos" / VTEST).is_file():
        return beside / "videos" / VTEST
    kept = cache_folder() / "footage" / VTEST
    if kept.is_file():
        return kept
    failures = []
    for fetch in (_from_the_distribution, _from_the_network):
        try:
            with whole(kept.parent) as building:
                fetch(building / VTEST)
                _check(building / VTEST)
        except (DependencyError, OSError, subprocess.SubprocessError) as failure:
            failures.append(f"  {fetch.__name__.strip('_').replace('_', ' ')}: {failure}")
        else:
            return kept
    raise DependencyError(
        "sample footage: none is here and none could be fetched. Give a video of your own: "
        "make demo VIDEO=path/to/file.mp4\n" + "\n".join(failures)
    )


def find_detector(given: str = "") -> Detector:
    """The detector to run: the given catalogue name or model file, else yolox-nano if its file lies here, else HOG.

    Raises:
        BadInputError: the given one is in no catalogue, or its file is missing or another one.
    """
    catalogue = load_catalogue()
    beside = shared_data()
    lying = sorted((beside / "models").glob("*.onnx")) if beside is not None else []
    if given.endswith(".onnx"):
        path = Path(given).expanduser().resolve()
        if not path.is_file():
            raise BadInputError(f"MODEL={given}: there is no such file: give an ONNX file or a catalogue name")
        digest = sha256(path)
        for model in catalogue.models.values():
            if model.source is not None and model.source.sha256 == digest:
                return Detector(model.name, path)
        raise BadInputError(
            f"MODEL={given}: no entry of {catalogue.path} has its sha256 {digest}: "
            "add one, which says how its output is read (docs/how-to/add-a-model.md)"
        )
    model = catalogue.model(given or "yolox-nano")
    if model.source is None:
        return Detector(model.name, None)
    for path in lying:
        if path.stat().st_size == model.source.size and sha256(path) == model.source.sha256:
            check_model_file(model, path)
            return Detector(model.name, path)
    if given or (model_cache() / model.source.file).is_file():
        try:
            return Detector(model.name, find_model_file(model))
        except ModelFileError as missing:
            raise BadInputError(
                f"MODEL={model.name}: its file is not here, or damaged: run `.venv/bin/vigie models fetch {model.name}`"
                f", or give the file itself, MODEL=/path/of/the/model.onnx. ({missing})"
            ) from missing
    return HOG


def _check_readable(path: Path, given: str) -> None:
    try:
        with av.open(str(path)) as container:
            video_stream(container, f"VIDEO={given}")
    except (av.error.FFmpegError, OSError) as refused:
        raise BadInputError(
            f"VIDEO={given}: no video that can be read ({refused.strerror}): give a complete file of a common format, "
            "such as MP4 with H.264"
        ) from None


def _check(path: Path) -> None:
    found = sha256(path)
    if found != VTEST_SHA256:
        raise DependencyError(f"what came is another file: sha256 {found}, expected {VTEST_SHA256}")


def _from_the_distribution(destination: Path) -> None:
    """The sample in the Debian or Ubuntu package of OpenCV's examples, taken out without root."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise DependencyError("there is no apt-get here")
    print(f"  footage   {_PACKAGE} package (95 MB) ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for command in (["apt-get", "download", _PACKAGE], ["dpkg", "-x", f"{_PACKAGE}.deb", "files"]):
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_DOWNLOAD_WITHIN_S, check=False
            )
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines()
                raise DependencyError(f"`{' '.join(command)}` failed: {said[-1] if said else done.returncode}")
            for package in Path(folder).glob(f"{_PACKAGE}_*.deb"):
                package.rename(Path(folder) / f"{_PACKAGE}.deb")
        found = Path(folder) / "files" / _PACKAGED / VTEST
        if not found.is_file():
            raise DependencyError(f"the package {_PACKAGE} has no {VTEST}")
        shutil.copyfile(found, destination)


def _from_the_network(destination: Path) -> None:
    """The same sample from OpenCV's own repository, at a fixed release."""
    print(f"  footage   {VTEST_ADDRESS} ...", flush=True)
    try:
        with (
            urllib.request.urlopen(VTEST_ADDRESS, timeout=30) as answer,
            destination.open("wb") as file,
        ):
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, TimeoutError) as error:
        raise DependencyError(f"{VTEST_ADDRESS}: {error}") from error
