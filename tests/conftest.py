"""What every test may use: real servers, started at first use, once a session; waiting with a deadline."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from vigie_common import compiled
from vigie_common.settings import Settings
from vigie_dev.kafka import KafkaBroker, Secured
from vigie_dev.places import shared_data as shared_data_folder
from vigie_dev.postgres import PostgresServer
from vigie_dev.registry import SchemaRegistry
from vigie_dev.triton import TritonServer

if TYPE_CHECKING:
    from pathlib import Path

compiled.trusting = False  # what compiled code is given is looked at, here too where it is trusted

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
def kafka_secrets(tmp_path_factory):
    """Of the shared broker's secured listener: its user, and the certificate that only the tests trust."""
    folder = tmp_path_factory.mktemp("kafka-tls")
    key, certificate, keystore = folder / "key.pem", folder / "ca.crt", folder / "keystore.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    about = ["-subj", "/CN=kafka", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*made, *about, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    keystore.write_text(key.read_text() + certificate.read_text())
    return KafkaSecrets(Secured("vigie", "a pass word", keystore), certificate)


@dataclass(frozen=True)
class KafkaSecrets:
    secured: Secured
    cafile: Path


@pytest.fixture(scope="session")
def kafka(tmp_path_factory, kafka_secrets):
    """A running broker that the whole session shares: `.bootstrap`. A test that kills one starts its own."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), secured=kafka_secrets.secured) as broker:
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


@pytest.fixture(scope="session")
def rule_event():
    """Makes rule events: `rule_event()` opens an episode, `rule_event("CLOSE", 2, subject="b")` ends another.

    The episode's id follows from camera, rule, scope, subject and start, as the engine's does.
    """
    from vigie_common.identity import episode_id, event_id

    def make(kind="OPEN", ordinal=0, **fields):
        start = fields.pop("started_at", 1_800_000_000_000)
        camera = fields.get("camera_id", "cam-1")
        rule = {"id": "presence", "version": "v1", "template": "presence", "bundle_digest": "b1", "status": "stable"}
        rule |= {"severity": "warning", "category": "intrusion"} | fields.pop("rule", {})
        scope, subject = fields.get("scope", "quai"), fields.get("subject", "a")
        authorisation = {"id": "a-1", "legal_basis": "decree", "reference": "order 12"}
        authorisation |= {"valid_until": 1_900_000_000_000}
        episode = fields.pop("episode_id", None) or episode_id("nimes", camera, rule["id"], "v1", scope, subject, start)
        box = {"track_id": 7, "object_class": "person", "score": 0.5, "x1": 64.0, "y1": 72.0, "x2": 128.0, "y2": 288.0}
        event = {
            "kind": kind, "id": event_id(episode, ordinal), "episode_id": episode, "ordinal": ordinal, "site": "nimes",
            "camera_id": camera, "camera_version": "c1", "time_zone": "Europe/Paris", "languages": ["fr", "en"],
            "session": "s-1", "seq": 10 + ordinal,
            "at": start + 1000 * (ordinal + 1), "started_at": start, "ended_at": None, "ended_reason": None,
            "rule": rule, "mode": "exercise", "authorisation": authorisation, "scope_kind": "zone", "scope": scope,
            "subject": subject, "direction": None, "direction_label": None, "zone_x": [0.1, 0.9, 0.9, 0.1],
            "zone_y": [0.2, 0.2, 0.8, 0.8], "width": 640, "height": 360, "frame_ref": {"partition": 0, "offset": 0},
            "source_frame": None, "objects": [box], "model": {"name": "hog", "version": "m1"}, "location": None,
            "title": {"fr": "Présence", "en": "Presence"}, "text": {"fr": "personne dans quai"},
            "facts": {"inside_s": 1.0 + ordinal}, "open_episodes": [], "minute": None, "compounds": [],
        }  # fmt: skip
        if kind == "CLOSE":
            event |= {"ended_at": event["at"] - 500, "ended_reason": "over"}
        return event | fields

    return make


@pytest.fixture(scope="session")
def affirmation(rule_event):
    """Makes the affirmation of a camera's minute: `affirmation(3, [open ids])`."""

    def make(minute, open_episodes=(), start=1_800_000_000_000, **fields):
        fields = {"minute": start + 60_000 * minute, "at": start + 60_000 * (minute + 1)} | fields
        return rule_event("AFFIRM", started_at=start + minute, objects=[], open_episodes=list(open_episodes), **fields)

    return make


@pytest.fixture
def site(tmp_path, request):
    """A copy of the example site, cameras and rules."""
    for name in ("cameras", "rules"):
        shutil.copytree(request.config.rootpath / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def change():
    """Replaces one text of a file by another: `change(path, "for: 3m", "for: 10m")`."""

    def replace(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture(scope="session")
def statistic_record():
    """Makes Statistic records: `statistic_record(3)` is the figure of hour 3 of 2026-05-04, Paris time, worth 0."""

    def make(hour=0, value=0.0, window="h1", **fields):
        lasts = {"m1": 60_000, "m15": 900_000, "h1": 3_600_000, "d1": 86_400_000}[window]
        named = {"site": "nimes", "camera_id": "cam-1", "measure": "crossings", "place": "porte"}
        named |= {"object_class": "person", "direction": "in", "rule": ""}
        named |= {name: fields.pop(name) for name in list(fields) if name in named}
        start = fields.pop("start", 1_777_845_600_000 + hour * lasts)
        record = named | {
            "series": "/".join([*named.values(), window]), "place_kind": "line", "direction_label": "",
            "window": window,
            "start": start, "end": start + lasts, "local_date": None, "value": float(value), "corrected": float(value),
            "low": None, "high": None, "unit": "crossings", "coverage": 1.0, "rate_fps": 5.0, "samples": int(value),
            "quantiles": {}, "sketch": None, "final": True, "revision": 1, "late": 0, "updated_at": start + lasts,
        }  # fmt: skip
        return record | fields

    return make


@pytest.fixture(scope="session")
def coverage_record():
    """Makes the coverage of a camera's minute: `coverage_record(3, watched_s=30.0)`."""

    def make(minute, start=1_780_000_020_000, **fields):
        return {
            "camera_id": "cam-1", "site": "nimes", "minute": start + 60_000 * minute, "camera_version": "c1",
            "bundle_digest": "b1", "frames": 120, "watched_s": 60.0, "shed_s": 0.0, "failed_s": 0.0, "offline_s": 0.0,
            "frozen_s": 0.0, "dark_s": 0.0, "blurred_s": 0.0, "moved_s": 0.0, "rules": ["porte"],
        } | fields  # fmt: skip

    return make


@pytest.fixture(scope="session")
def crossing(rule_event):
    """Makes the COUNT of a line at an instant, event time in ms: `crossing(at, "in", "person")`."""

    def make(at, direction="in", object_class="person", **fields):
        box = {"track_id": 1, "object_class": object_class, "score": 0.5, "x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0}
        rule = {"id": "porte", "template": "count_line", "category": "counting"} | fields.pop("rule", {})
        known = {"scope_kind": "line", "scope": "porte", "objects": [box], "direction": direction}
        known |= {"direction_label": {"in": "entrée", "out": "sortie"}[direction], "at": at, "mode": "shadow"}
        return rule_event("COUNT", started_at=at, rule=rule, **(known | fields))

    return make


@pytest.fixture(scope="session")
def town(crossing, affirmation, coverage_record):
    """Makes the log of a small town: (topic, key, value) in order of event time, the same each time.

    `town(cameras=6, minutes=130)`: a line a camera, a minute's crossings by class and direction, its affirmation and
    its coverage; camera and minute decide how many and how long it was watched.
    """

    def make(cameras=6, minutes=130, start=1_780_000_020_000):
        records = []
        for minute in range(minutes):
            for number in range(cameras):
                camera, begins = f"cam-{number}", start + 60_000 * minute
                for n in range((minute * 7 + number * 3) % 5):
                    way, kind = ("in", "out")[n % 2], ("person", "bicycle", "car")[(n + minute) % 3]
                    at = begins + 9_000 * n + 100 * number
                    records.append(("rule-events", camera, crossing(at, way, kind, camera_id=camera, subject=f"s:{n}")))
                records.append(("rule-events", camera, affirmation(minute, start=start, camera_id=camera)))
                watched = 60.0 if (minute + number) % 10 else 30.0
                seen = {"watched_s": watched, "frames": int(watched) * 2, "offline_s": 60.0 - watched}
                records.append(("coverage", camera, coverage_record(minute, start, camera_id=camera, **seen)))
        return records

    return make
