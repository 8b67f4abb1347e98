"""Checks of everything that deploys Vigie: `python -m vigie_dev.chart`, part of `make check`.

`--fetch` only gets the tools, so that the set-up of a test run can show it happening.

The chart is linted, rendered with each of `helm/vigie/ci/*.yaml` and validated against the Kubernetes
schemas; then the Dockerfiles and the compose file. What a rendered object must hold is in `tests/helm`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vigie_common.errors import VigieError
from vigie_dev.chart_tools import say, tools
from vigie_dev.places import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

CHART = CHECKOUT / "helm" / "vigie"
RELEASE = ("vigie", str(CHART), "--namespace", "video")


def render(*options: str) -> subprocess.CompletedProcess[str]:
    """`helm template` of the chart with these options; not checked: a refusal is on its standard error."""
    chosen = tools()
    return subprocess.run(
        [chosen.helm, "template", *RELEASE, "--kube-version", chosen.kubernetes_version, *options],
        text=True,
        capture_output=True,
        check=False,
    )


def check() -> None:
    """Run every check in turn.

    Raises:
        VigieError: the first that fails, with what it printed.
    """
    chosen = tools()
    for values in sorted((CHART / "ci").glob("*.yaml")):
        name = values.relative_to(CHECKOUT)
        _pass(f"helm lint, {name}", [chosen.helm, "lint", "--strict", CHART, "--values", values])
        rendered = render("--values", str(values))
        if rendered.returncode != 0:
            raise VigieError(f"helm template, {name}: {rendered.stderr.strip()}")
        _pass(
            f"objects against Kubernetes {chosen.kubernetes_version}, {name}",
            [chosen.kubeconform, "-strict", "-summary", "-schema-location",
             f"{chosen.schemas}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"],
            stdin=rendered.stdout,
        )  # fmt: skip
    binaries = Path(sys.executable).parent
    dockerfiles = sorted((CHECKOUT / "docker").glob("*Dockerfile"))
    _pass("Dockerfiles", [binaries / "hadolint", "--failure-threshold", "warning", *dockerfiles])
    _pass(
        "docker-compose.yml",
        [
            binaries / "docker-compose",
            "--file",
            CHECKOUT / "docker-compose.yml",
            "--profile",
            "*",
            "config",
            "--quiet",
        ],
    )


def main() -> int:
    """Run the checks; 0 when all pass, else 1 after the first that fails."""
    parser = argparse.ArgumentParser(prog="python -m vigie_dev.chart", description=__doc__)
    parser.add_argument("--fetch", action="store_true", help="only get the pinned tools, where they are not there yet")
    fetch_only = parser.parse_args().fetch
    started = time.monotonic()
    try:
        tools()
        if fetch_only:
            return 0
        check()
    except VigieError as error:
        print(error, file=sys.stderr)
        return 1
    say(f"all passed in {time.monotonic() - started:.1f} s")
    return 0


def _pass(what: str, command: Sequence[str | Path], stdin: str | None = None) -> None:
    done = subprocess.run([str(part) for part in command], input=stdin, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise VigieError(f"{what}: failed\n{(done.stdout + done.stderr).strip()}")
    say(f"{what}: passed")


if __name__ == "__main__":
    sys.exit(main())
