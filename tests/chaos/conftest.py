"""The contract tests' fixtures, and their functions for the stateful loop."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

CONTRACT = Path(__file__).parents[1] / "contract"
sys.path.insert(0, str(CONTRACT))


def _load(name):
    spec = importlib.util.spec_from_file_location(f"contract_{name}", CONTRACT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_fixtures = _load("conftest")
camera_record, detections_record = _fixtures.camera_record, _fixtures.detections_record
deployment_on, start_service = _fixtures.deployment_on, _fixtures.start_service


@pytest.fixture(scope="session")
def stateful_loop():
    """The module of its contract test: `feed`, `expected_outputs`, `found_outputs`."""
    return _load("test_stateful_loop")


@pytest.fixture(scope="session")
def seconds():
    """How long to disturb."""
    return float(os.environ.get("SECONDS", "60"))
