from __future__ import annotations

import re
import subprocess
import sys
import zipfile

import pytest
import yaml

from vigie_dev.places import CHECKOUT

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILES = {path.name: path.read_text(encoding="utf-8") for path in (CHECKOUT / "docker").glob("*.Dockerfile")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in the wheel of vigie_common, built as the images build it."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, CHECKOUT / "libs" / "common"],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_every_resource_that_the_code_asks_for_is_in_the_wheel(wheel):
    sources = [path for name in ("libs", "services") for path in (CHECKOUT / name).rglob("*.py")]
    asked = {
        name
        for path in sources
        for name in re.findall(r'repository_resource\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert asked >= {"schemas", "models/catalogue.yaml", "models/backend"}
    for name in asked:
        place = f"vigie_common/_{name}"
        carried = {
            path.removeprefix(place).lstrip("/") for path in wheel if path == place or path.startswith(f"{place}/")
        }
        wanted = {
            str(path.relative_to(CHECKOUT / name)) if path != CHECKOUT / name else ""
            for path in [CHECKOUT / name, *(CHECKOUT / name).rglob("*")]
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert carried == wanted, name


def test_every_service_is_built_by_its_name():
    built = {
        name: container["build"]["args"]["SERVICE"]
        for name, container in COMPOSE["services"].items()
        if "SERVICE" in container.get("build", {}).get("args", {})
    }
    folders = {path.name for path in (CHECKOUT / "services").iterdir() if (path / "pyproject.toml").exists()}
    assert set(built.values()) == folders
    assert {name.replace("-", "_") for name in built} == folders


@pytest.mark.parametrize("name", sorted(DOCKERFILES))
def test_everything_that_a_dockerfile_copies_is_sent_to_the_builder(name):
    copied = re.findall(r"^COPY (?!--)(\S+) ", DOCKERFILES[name], flags=re.MULTILINE)
    sent = [
        line.removeprefix("!")
        for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    assert copied
    for source in copied:
        assert (CHECKOUT / source).exists(), source
        assert any(source == path or source.startswith(f"{path}/") for path in sent), source


@pytest.mark.parametrize("name", sorted(DOCKERFILES))
def test_no_image_runs_as_root(name):
    last = DOCKERFILES[name].rsplit("\nFROM ", 1)[-1]
    before = DOCKERFILES[name] if "FROM run AS" in DOCKERFILES[name] else last
    assert re.findall(r"^USER (\S+)$", before, flags=re.MULTILINE)[-1] in {"10001:10001", "1000:1000"}
