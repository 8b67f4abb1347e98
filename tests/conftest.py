"""What every test may use: real servers, started at first use, once a session; waiting with a deadline."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import time
import uuid

import pytest

from vigie_common.settings import Settings
from vigie_dev.kafka import KafkaBroker
from vigie_dev.places import shared_data as shared_data_folder
from vigie_dev.postgres import PostgresServer
from vigie_dev.registry import SchemaRegistry
from vigie_dev.triton import TritonServer

_YOLOX_NANO_SHA256 = "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "shared_data: on further footage and models; collected only where ../shared/data is there"
    )


def pytest_collection_modifyitems(config, items):
    """Leave out the tests on further footage where it is not: neither run nor reported as skipped."""
    if shared_data_folder() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("shared_data")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("shared_data")]


@pytest.fixture(scope="session")
def shared_data():
    """The folder of further footage (`videos/`) and models (`models/`); mark the test with `shared_data`."""
    folder = shared_data_folder()
    assert folder is not None, "mark this test with pytest.mark.shared_data"
    return folder


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """A running broker that the whole session shares: `.bootstrap`. A test that kills one starts its own."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def kafka_settings(kafka):
    """Makes settings for the shared broker with topics and groups of their own.

    `kafka_settings()`, or `kafka_settings(TrackingSettings, instance_id="tracking-0")`. Within a test every
    call gives the same prefix, so that two services meet; another test gets another.
    """
    prefix = f"test-{uuid.uuid4().hex[:12]}."

    def make(settings_class=Settings, **fields):
        defaults = {"kafka_bootstrap": kafka.bootstrap, "topic_prefix": prefix, "topic_partitions": 4}
        return settings_class(**(defaults | fields))

    return make


@pytest.fixture(scope="session")
def yolox_nano(request):
    """The file of YOLOX-nano where ../shared/data has it, else None."""
    folder = shared_data_folder()
    if folder is None:
        return None
    file = folder / "models" / "yolox_nano.onnx"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == _YOLOX_NANO_SHA256
    return file


@pytest.fixture(scope="session")
def triton(tmp_path_factory, yolox_nano):
    """A running Triton with `hog`, and `yolox-nano` where its file is: `.grpc_url`, `.models`."""
    from vigie_common.catalogue import load_catalogue
    from vigie_inference.repository import build_repository

    folder = tmp_path_factory.mktemp("triton")
    files = {} if yolox_nano is None else {"yolox-nano": yolox_nano}
    names = ["hog", *files]
    build_repository(load_catalogue(), names, files, folder / "models")
    with TritonServer(folder / "models", names, folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres():
    """The address of a running, empty PostgreSQL: postgresql://vigie@127.0.0.1:PORT/postgres."""
    with PostgresServer() as server:
        yield server.url


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    """The address of a running Confluent-compatible schema registry, with no subjects but the tests'."""
    with SchemaRegistry(tmp_path_factory.mktemp("registry")) as server:
        yield server.url


@pytest.fixture(scope="session")
def wait_until():
    """Waits for a condition with a deadline and returns what it gave: `wait_until(lambda: path.exists(), 5)`.

    In an async test: `await wait_until(condition, 5)` with an async condition.
    """

    def wait(condition, deadline_s=10.0):
        what = inspect.getsource(condition).strip() if inspect.isfunction(condition) else repr(condition)
        if inspect.iscoroutinefunction(condition):
            return _wait_async(condition, deadline_s, what)
        deadline = time.monotonic() + deadline_s
        while not (result := condition()):
            assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
            time.sleep(0.02)
        return result

    return wait


async def _wait_async(condition, deadline_s, what):
    deadline = time.monotonic() + deadline_s
    while not (result := await condition()):
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(0.02)
    return result
