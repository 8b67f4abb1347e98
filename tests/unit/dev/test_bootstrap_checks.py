from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from vigie_dev.places import CHECKOUT, DEV


@pytest.fixture(scope="module")
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", DEV / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _machine(folder, **programs):
    """A PATH with only these programs: each prints its text."""
    for name, text in programs.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
        program.chmod(0o755)
    return {"PATH": str(folder), "HOME": str(folder)}


def _setup(environment, *arguments):
    return subprocess.run(
        [sys.executable, str(DEV / "bootstrap.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_that_is_missing_is_named_at_once_with_how_to_get_it(tmp_path):
    done = _setup(_machine(tmp_path, java='openjdk version "11.0.2"'), "--go")
    assert done.returncode == 1
    assert "Java: 17 or later is needed, `java -version` says 11" in done.stderr
    assert "sudo apt install -y g++ openjdk-17-jre-headless maven golang-go" in done.stderr
    assert "brew install gcc openjdk@17 maven go" in done.stderr


def test_go_is_needed_for_the_checks_only(tmp_path, bootstrap, monkeypatch):
    environment = _machine(tmp_path, java='openjdk version "17.0.15"', mvn="maven", **{"g++": "gcc"})
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert bootstrap.missing(go=False) == {}
    assert list(bootstrap.missing(go=True)) == ["Go"]


@pytest.mark.parametrize(("version", "answer"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 1), True)])
def test_pythons_that_all_parts_run_on_are_supported(bootstrap, version, answer):
    assert bootstrap.supported(version) is answer


def test_the_digest_of_what_lies_in_the_environment_follows_every_declaration(bootstrap, tmp_path, monkeypatch):
    before = bootstrap.wanted()
    assert {folder.name for folder in bootstrap.packages()} >= {"common", "cli", "dev", "alert", "tracking"}
    monkeypatch.setattr(bootstrap, "PACKAGES", ("libs/common",))
    assert bootstrap.wanted() != before


def test_make_alone_prints_every_documented_target():
    done = subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True, env={**os.environ})
    for target in ("setup", "demo", "test", "check", "bench", "clean", "test-unit", "format", "types", "chart"):
        assert f"make {target} " in done.stdout
    assert "\033" not in done.stdout
