#!/usr/bin/env python3
"""Make everything ready to run Vigie from this checkout: `make setup`.

Standard library only, for any python3: it says what the machine lacks, makes `.venv`, installs the pinned
packages, hands over to `python -m vigie_dev setup`, which fetches the servers. Quick the second time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
VENV = CHECKOUT / ".venv"
STAMP = VENV / "vigie-setup.stamp"

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)
OLDEST_JAVA = 17
PACKAGES = ("libs/common", "libs/scene", "libs/cli", "services/*", "dev")

# what is missing: (Debian and Ubuntu packages, Homebrew formulae)
SOURCES = {
    "Python": ("python3.11 python3.11-venv", "python@3.11"),
    "Python's venv module": ("python3-venv", "python@3.11"),
    "Python's headers": ("python3-dev", "python@3.11"),
    "C++": ("g++", "gcc"),
    "Java": ("openjdk-17-jre-headless", "openjdk@17"),
    "Maven": ("maven", "maven"),
    "Go": ("golang-go", "go"),
}


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def supported(version: tuple[int, ...]) -> bool:
    """Whether the packages and Triton's backend run on this Python."""
    return OLDEST_PYTHON <= version[:2] <= NEWEST_PYTHON


def other_python() -> str | None:
    """Another Python on PATH that would do, when ours does not."""
    for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1):
        found = shutil.which(f"python3.{minor}")
        if found and output([found, "-c", "import ensurepip, venv; print('ok')"]).strip() == "ok":
            return found
    return None


def output(command: list[str]) -> str:
    """What a command prints; nothing when it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr if done.returncode == 0 else ""


def java_version() -> int | None:
    """The major version of the java that would run, or None."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=f"{home}/bin") if home else None
    said = output([program or "java", "-version"])
    match = re.search(r'version "(\d+)', said)
    return int(match.group(1)) if match else None


def missing(*, go: bool) -> dict[str, str]:
    """What this machine lacks, with what was found instead; `go`: the chart checks need it."""
    lacks = {}
    if not supported(sys.version_info):
        lacks["Python"] = f"3.11 to 3.13 is needed, this is {platform.python_version()} ({sys.executable})"
    else:
        if not output([sys.executable, "-c", "import ensurepip, venv; print('ok')"]):
            lacks["Python's venv module"] = f"{sys.executable} cannot make virtual environments"
        if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
            lacks["Python's headers"] = f"there is no Python.h for {sys.executable}: codec and cores are compiled"
    if shutil.which("g++") is None and shutil.which("c++") is None:
        lacks["C++"] = "there is no `g++` on PATH: codec and cores are compiled"
    java = java_version()
    if java is None:
        lacks["Java"] = f"{OLDEST_JAVA} or later is needed, there is no working `java` (PATH, JAVA_HOME)"
    elif java < OLDEST_JAVA:
        lacks["Java"] = f"{OLDEST_JAVA} or later is needed, `java -version` says {java}"
    if shutil.which("mvn") is None:
        lacks["Maven"] = "there is no `mvn` on PATH"
    if go and shutil.which("go") is None:
        lacks["Go"] = "the chart checks need it, there is no `go` on PATH"
    return lacks


def check_machine(*, go: bool) -> None:
    """Say what is there, or raise with what is missing and how to get it."""
    lacks = missing(go=go)
    if not lacks:
        tools = [shutil.which(name) for name in (["mvn", "go"] if go else ["mvn"])]
        say(f"  Python {platform.python_version()}, Java {java_version()}, {', '.join(map(str, tools))}")
        return
    debian = " ".join(SOURCES[name][0] for name in lacks)
    homebrew = " ".join(SOURCES[name][1] for name in lacks)
    raise SetupError(
        "this machine lacks:\n"
        + "".join(f"  {name}: {found}\n" for name, found in lacks.items())
        + "Install it, then run the same command again:\n"
        + f"  Debian, Ubuntu:  sudo apt install -y {debian}\n"
        + f"  macOS:           brew install {homebrew}"
    )


def run(command: list[str], *, fix: str, environment: dict[str, str]) -> None:
    """Run a command, showing what it says but not each package."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    for line in process.stdout:
        if not line.startswith((" + ", " - ", " ~ ")):
            print(f"  {line}", end="", flush=True)
    if process.wait():
        raise SetupError(f"`{' '.join(command[:4])} ...` failed with {process.returncode}. {fix}")


def wanted() -> str:
    """A digest of all that decides what lies in .venv."""
    digest = hashlib.sha256(f"{CHECKOUT} {sys.version}".encode())
    for path in [CHECKOUT / "constraints.txt", *(folder / "pyproject.toml" for folder in packages())]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def packages() -> list[Path]:
    """The folders of our own packages."""
    return [folder for pattern in PACKAGES for folder in sorted(CHECKOUT.glob(pattern)) if folder.is_dir()]


def cache_folder() -> Path:
    """The download cache, as vigie_dev.places says."""
    given = os.environ.get("VIGIE_CACHE")
    return Path(given).expanduser().resolve() if given else Path.home() / ".cache" / "vigie"


def make_environment() -> None:
    """Fill .venv; a stamp says that it was finished, and with what."""
    digest = wanted()
    if STAMP.exists() and STAMP.read_text() == digest:
        say("  up to date")
        return
    STAMP.unlink(missing_ok=True)
    cache = cache_folder()
    environment = {
        "UV_CACHE_DIR": str(cache / "uv"),
        "PIP_CACHE_DIR": str(cache / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **{name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}},
    }
    network = "Check the network and the package index (pip's settings), then run `make setup` again."
    python = str(VENV / "bin" / "python")
    ours = ".".join(map(str, sys.version_info[:3]))
    if output([python, "-c", "import platform, pip; print(platform.python_version())"]).strip() != ours:
        say(f"  making {VENV.name} with Python {ours}")
        run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            fix="Is the disk full?",
            environment=environment,
        )
    constraints = CHECKOUT / "constraints.txt"
    pin = next(line.strip() for line in constraints.read_text().splitlines() if line.startswith("uv=="))
    run([python, "-m", "pip", "install", "--quiet", pin], fix=network, environment=environment)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", python]
    run([*uv, "-r", str(constraints)], fix=network, environment=environment)
    editable = [part for folder in packages() for part in ("-e", str(folder.relative_to(CHECKOUT)))]
    run([*uv, "--no-build-isolation", "-c", str(constraints), *editable], fix=network, environment=environment)
    STAMP.write_text(digest)


def main() -> int:
    """Check, install, hand over."""
    parser = argparse.ArgumentParser(
        description="Make this checkout ready to run.",
        epilog="example: python3 dev/bootstrap.py --only kafka",
    )
    parser.add_argument("--tests", action="store_true", help="fetch also what only the tests need")
    parser.add_argument("--go", action="store_true", help="check for Go, which the chart checks need")
    parser.add_argument("--only", action="append", metavar="NAME", help="kafka, triton, cores, postgres or registry")
    given = parser.parse_args()
    if not supported(sys.version_info):
        better = other_python()
        if better:
            os.execv(better, [better, *sys.argv])  # noqa: S606 - no shell is wanted
    begun = time.monotonic()
    try:
        say("1/3 machine")
        check_machine(go=given.go)
        say("2/3 packages (.venv)")
        make_environment()
    except SetupError as problem:
        print(f"\nset-up: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; run it again to go on", file=sys.stderr)
        return 130
    say(f"  {time.monotonic() - begun:.1f} s")
    say(f"3/3 servers and compiled code ({cache_folder()})")
    chosen = [part for name in given.only or [] for part in ("--only", name)]
    python = str(VENV / "bin" / "python")
    tests = ["--tests"] if given.tests else []
    return subprocess.run([python, "-m", "vigie_dev", "setup", *tests, *chosen], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
