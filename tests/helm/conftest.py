"""The chart rendered with each of its value files, by the pinned helm: fetched when it is not there, never skipped."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from vigie_dev.chart import CHART, render
from vigie_dev.chart_tools import tools

SERVICES = ["frame-sampler", "inference", "tracking", "rule-engine", "alert", "statistics", "statistics-history"]


def pytest_configure():
    """Fetch the tools before the tests' own time runs."""
    tools()


@dataclass(frozen=True)
class Release:
    """The values given, and the objects they render to."""

    given: dict[str, Any]
    objects: list[dict[str, Any]]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The objects of a kind by name."""
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}

    def named(self, kind: str, name: str) -> dict[str, Any]:
        return self.of(kind)[f"vigie-{name}"]

    def workload(self, service: str) -> dict[str, Any]:
        """The Deployment or StatefulSet of a service."""
        return {**self.of("Deployment"), **self.of("StatefulSet")}[f"vigie-{service}"]

    def pods(self) -> dict[str, dict[str, Any]]:
        """Every pod specification, by the kind and name of its owner."""
        return {
            f"{item['kind']} {item['metadata']['name']}": item["spec"]["template"]["spec"]
            for item in self.objects
            if "template" in item.get("spec", {})
        }

    def containers(self) -> dict[str, dict[str, Any]]:
        """Every container, those that run first included, by its owner and name."""
        return {
            f"{owner} {container['name']}": container
            for owner, pod in self.pods().items()
            for container in [*pod.get("initContainers", []), *pod["containers"]]
        }


def objects(*options: str) -> list[dict[str, Any]]:
    rendered = render(*options)
    assert rendered.returncode == 0, rendered.stderr
    return [item for item in yaml.safe_load_all(rendered.stdout) if item]


@pytest.fixture(scope="session")
def chart_objects():
    """The Kubernetes objects that the chart renders with options, hooks included: `chart_objects("--values", path)`."""
    return objects


@functools.cache
def _release(name: str) -> Release:
    values = CHART / "ci" / f"{name}.yaml"
    return Release(yaml.safe_load(values.read_text(encoding="utf-8")), objects("--values", str(values)))


@pytest.fixture(params=["least", "city", "trial"])
def release(request):
    return _release(request.param)


@pytest.fixture
def least():
    return _release("least")


@pytest.fixture
def city():
    return _release("city")


@pytest.fixture
def trial():
    return _release("trial")


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param
