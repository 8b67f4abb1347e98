"""What the local stack downloads or compiles: each component once, whole or not at all, into the cache."""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from vigie_common import avro, matrix
from vigie_common.errors import ConfigurationError, DependencyError
from vigie_dev.places import DEV, cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

KAFKA_VERSION = "4.3.1"
REGISTRY_VERSION = "3.0.9"
POSTGRES_VERSION = "17.6.0"

_POSTGRES_PLATFORMS = {
    ("Linux", "x86_64"): "linux-amd64",
    ("Linux", "aarch64"): "linux-arm64v8",
    ("Darwin", "x86_64"): "darwin-amd64",
    ("Darwin", "arm64"): "darwin-arm64v8",
}
_COMPILED = ("vigie_tracking.compiled", "vigie_rule_engine.layers.jit", "vigie_scene.kernels.compiled")
"""Modules with a library of compiled cores; the images make the same (docker/service.Dockerfile)."""

_DOWNLOAD_WITHIN_S = 900


@contextlib.contextmanager
def whole(destination: Path) -> Iterator[Path]:
    """A temporary folder that becomes `destination` when the block ends well, and vanishes otherwise.

    So an interrupted set-up is repaired by the next one. Two at once do no harm: the first one stays.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    try:
        yield building
        building.chmod(0o755)
        try:
            building.rename(destination)
        except OSError:
            if not destination.is_dir():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _run(what: str, command: list[str], *, fix: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a download; its output is shown only when it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_WITHIN_S,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode:
        said = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-15:])
        raise DependencyError(f"{what}: `{' '.join(command[:3])} ...` failed with {done.returncode}. {fix}\n{said}")


def _maven(what: str, *arguments: str) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise DependencyError(
            f"{what}: Maven (mvn) is not on PATH: install it (Debian, Ubuntu: sudo apt install maven; "
            "macOS: brew install maven)"
        )
    repository = cache_folder() / "maven"
    _run(
        what,
        [program, "-q", "-B", f"-Dmaven.repo.local={repository}", *arguments],
        fix="Check the network and Maven's settings (~/.m2/settings.xml), then run `make setup` again.",
    )


def install_kafka() -> Path:
    """The folder with the broker's jars (45 files, 44 MB)."""
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}"
    if folder.is_dir():
        return folder
    with whole(folder) as building, tempfile.TemporaryDirectory() as project:
        shutil.copy(DEV / "kafka" / "pom.xml", project)
        _maven(
            "Kafka",
            "-f",
            f"{project}/pom.xml",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={building}",
            "-DincludeScope=runtime",
        )
    return folder


def install_triton() -> Path:
    """Triton's own Python environment (the server, its backend, what the models import; 520 MB)."""
    requirements = DEV / "triton" / "requirements.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(version.encode() + requirements.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"triton-{digest}"
    if folder.is_dir():
        return folder
    if (platform.system(), platform.machine()) not in {("Linux", "x86_64"), ("Linux", "aarch64")}:
        raise DependencyError(
            "Triton: its wheel runs on Linux (x86_64, aarch64), "
            f"not on {platform.system()} {platform.machine()}: use `docker compose up`, or a Linux machine"
        )
    uv = str(Path(sys.executable).with_name("uv"))
    cached = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(cache_folder() / "uv"))}
    fix = "Check the network and the package index (pip's or uv's settings), then run `make setup` again."
    with whole(folder) as building:
        venv = [
            uv,
            "venv",
            "--quiet",
            "--relocatable",
            "--allow-existing",
            "--python",
            sys.executable,
            str(building),
        ]
        _run("Triton", venv, fix=fix, environment=cached)
        pip = [uv, "pip", "install", "--quiet", "--python", f"{building}/bin/python", "-r", str(requirements)]
        _run("Triton", pip, fix=fix, environment=cached)
        server = triton_server(building)
        stub = server / "python_backend_stubs" / version / "triton_python_backend_stub"
        if not stub.exists():
            carried = ", ".join(sorted(path.name for path in (server / "python_backend_stubs").iterdir()))
            raise DependencyError(
                f"Triton: has no backend for Python {version}, only for {carried}: "
                "run `make setup PYTHON=python3.11` with one of these"
            )
        shutil.copy(stub, server / "backends" / "python" / stub.name)
    return folder


def triton_server(environment: Path) -> Path:
    """The server's folder inside its environment: bin/tritonserver and backends."""
    return next(environment.glob("lib/python3.*/site-packages/pytriton/tritonserver"))


def install_postgres() -> Path:
    """A PostgreSQL server's folder: bin, lib, share (for the tests; 50 MB)."""
    folder = cache_folder() / f"postgres-{POSTGRES_VERSION}"
    if folder.is_dir():
        return folder
    here = (platform.system(), platform.machine())
    if here not in _POSTGRES_PLATFORMS:
        known = ", ".join(" ".join(each) for each in _POSTGRES_PLATFORMS)
        raise DependencyError(f"PostgreSQL: no server binaries for {' '.join(here)}, only for {known}: test there")
    artifact = f"io.zonky.test.postgres:embedded-postgres-binaries-{_POSTGRES_PLATFORMS[here]}:{POSTGRES_VERSION}"
    with whole(folder) as building, tempfile.TemporaryDirectory() as downloads:
        _maven("PostgreSQL", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={downloads}")
        with zipfile.ZipFile(next(Path(downloads).glob("*.jar"))) as jar:
            archive = next(name for name in jar.namelist() if name.endswith(".txz"))
            with (
                jar.open(archive) as packed,
                lzma.open(packed) as unpacked,
                tarfile.open(fileobj=unpacked) as files,
            ):
                files.extractall(building, filter="data")
    return folder


def install_registry() -> Path:
    """The folder of an Apicurio schema registry (for the tests; 109 MB)."""
    folder = cache_folder() / f"apicurio-registry-{REGISTRY_VERSION}"
    if folder.is_dir():
        return folder
    artifact = f"io.apicurio:apicurio-registry-app:{REGISTRY_VERSION}:tar.gz:all"
    with whole(folder) as building, tempfile.TemporaryDirectory() as downloads:
        _maven("Registry", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={downloads}")
        with tarfile.open(next(Path(downloads).glob("*.tar.gz"))) as files:
            files.extractall(building, filter="data")
    return folder


def install_cores() -> Path:
    """The folder of the compiled codec and cores: made here, so that nobody waits for the compiler later."""
    for library in (avro.LIBRARY, matrix.LIBRARY):
        library.module  # noqa: B018 - made if it is not there
    for module in _COMPILED:
        import_module(module).KERNELS.library  # noqa: B018 - made if it is not there
    return cache_folder() / "compiled"


RUNNING: Mapping[str, Callable[[], Path]] = MappingProxyType(
    {"kafka": install_kafka, "triton": install_triton, "cores": install_cores}
)
"""What the services and the demo need."""

TESTING: Mapping[str, Callable[[], Path]] = MappingProxyType(
    {"postgres": install_postgres, "registry": install_registry}
)
"""What only the tests need."""


def choose(names: Sequence[str]) -> dict[str, Callable[[], Path]]:
    """The components of these names.

    Raises:
        ConfigurationError: there is no such component.
    """
    known = {**RUNNING, **TESTING}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"set-up: there is no component {name!r}; known: {', '.join(known)}")
    return {name: known[name] for name in names}


def install(components: Mapping[str, Callable[[], Path]]) -> None:
    """Install each component that is not in the cache yet, saying what is done and how long it took."""
    for name, fetch in components.items():
        print(f"  {name:<10}", end="", flush=True)
        begun = time.monotonic()
        folder = fetch()
        print(f"{folder}  {time.monotonic() - begun:.1f} s", flush=True)
