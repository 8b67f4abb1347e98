"""Records, producing and reading whole topics, and services as real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from aiokafka import TopicPartition

from vigie_cli.rules_bundles import read_histories
from vigie_common.codec import Codec
from vigie_common.kafka import consumer, producer
from vigie_common.stream.configuration import KNOWN_AFTER_MS
from vigie_common.topics import TopicNames, create_topics, load_topics

sys.path.insert(0, str(Path(__file__).parent))
from alert_bench import Bench, own_database  # it lies beside this file


@pytest.fixture(scope="session")
def camera_record():
    """Makes a Camera record."""

    def make(camera_id="cam-1", effective_at=0, **fields):
        return {
            "camera_id": camera_id,
            "site": "test",
            "version": "v1",
            "effective_at": effective_at,
            "removed": False,
            "title": {"en": camera_id},
            "time_zone": "Europe/Paris",
            "languages": ["fr", "en"],
            "holidays": [],
            "source": {
                "kind": "file",
                "uri": "clip.mp4",
                "credentials": None,
                "loop": False,
                "pace": "real",
                "start": None,
            },
            "sampling": {"fps": 5.0, "width": 640},
            "models": ["hog"],
            "tags": [],
            "position": None,
            "masks": [],
            "zones": [],
            "lines": [],
            "calibration": [],
        } | fields

    return make


@pytest.fixture(scope="session")
def detections_record():
    """Makes a Detections record without boxes."""

    def make(camera_id="cam-1", seq=0, captured_at=0, **fields):
        empty = ("x1", "y1", "x2", "y2", "score", "object_class", "model_index")
        return (
            {
                "camera_id": camera_id,
                "session": "01900000-0000-7000-8000-000000000000",
                "seq": seq,
                "captured_at": captured_at,
                "clock": "recording",
                "status": "ok",
                "reason": None,
                "frame_ref": {"partition": 0, "offset": seq},
                "width": 640,
                "height": 360,
                "source_width": 1920,
                "source_height": 1080,
                "source_frame": None,
                "models": [{"name": "hog", "version": "1"}],
            }
            | {name: [] for name in empty}
            | fields
        )

    return make


@pytest.fixture(scope="session")
def frame_record():
    """Makes a Frame record with a small grey picture."""

    def make(seq, **fields):
        return {
            "camera_id": "cam-1", "session": "019dd000-0000-7000-8000-000000000001", "seq": seq,
            "captured_at": 1_777_881_600_000 + 500 * seq,
            "clock": "arrival", "status": "ok", "reason": None, "camera_version": "v1", "models": ["hog"],
            "width": 64, "height": 64, "source_width": 64, "source_height": 64, "source_frame": None,
            "jpeg": simplejpeg.encode_jpeg(np.full((64, 64, 3), 90, np.uint8)),
        } | fields  # fmt: skip

    return make


class Deployment:
    """The topics of one test on the shared broker."""

    def __init__(self, settings):
        self.settings = settings
        self.names = TopicNames(settings.topic_prefix)
        self.codec = Codec.pinned()

    async def create(self):
        await create_topics(self.settings)

    def open_producer(self, **options):
        return producer(self.settings, **options)

    async def produce(self, topic, records, *, raw=False):
        """Encode and send (key, value) pairs; raw values go as they are."""
        async with self.open_producer() as client:
            schema = load_topics()[topic].schema
            for key, value in records:
                data = value if raw else self.codec.encode(schema, value)
                await client.send(self.names.full(topic), data, key=key.encode())
            await client.flush()

    async def read(self, topic, *, decode=True):
        """Every record of the topic, by partition and offset; the values decoded."""
        name = self.names.full(topic)
        client = consumer(self.settings, fetch_min_bytes=1, fetch_max_wait_ms=50)
        await client.start()
        try:
            partitions = [TopicPartition(name, p) for p in sorted(await client_partitions(client, name))]
            client.assign(partitions)
            ends = await client.end_offsets(partitions)
            await client.seek_to_beginning(*partitions)
            records = []
            while any([await client.position(tp) < ends[tp] for tp in partitions]):
                for batch in (await client.getmany(timeout_ms=200)).values():
                    records += batch
        finally:
            await client.stop()
        records.sort(key=lambda record: (record.partition, record.offset))
        return [(r, self.codec.decode(r.value)[1] if decode else r.value) for r in records]


async def client_partitions(client, name):
    while not (found := client.partitions_for_topic(name)):
        await client._client.force_metadata_update()
        await client.topics()
        await asyncio.sleep(0.01)
    return found


@pytest.fixture
async def deployment(kafka_settings):
    """Topics of this test's own on the shared broker, created."""
    made = Deployment(kafka_settings())
    await made.create()
    return made


@pytest.fixture(scope="session")
def deployment_on():
    """A deployment on other settings than the shared broker's."""
    return Deployment


class Process:
    """A service as a real process, `python -m module` or a script."""

    def __init__(self, command, environment, log):
        self.command, self.environment, self.log_path = command, environment, log
        self.start()

    def start(self):
        with self.log_path.open("ab") as log:
            self.popen = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)

    def kill(self):
        """SIGKILL, as a crash; the worker dies with its parent."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self):
        """SIGTERM; the seconds it took and the exit status."""
        started = time.monotonic()
        if self.popen.poll() is None:
            self.popen.terminate()
        status = self.popen.wait(20)
        return time.monotonic() - started, status

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")


@pytest.fixture(scope="session")
def until_known():
    """Waits until every bundle that was published judges what arrives: `await until_known(settings)`."""

    async def wait(settings):
        histories = await read_histories(settings)
        appended_at = max(one.appended_at for history in histories.values() for one in history.bundles)
        while time.time_ns() // 1_000_000 <= appended_at + KNOWN_AFTER_MS + 100:
            await asyncio.sleep(0.05)

    return wait


@pytest.fixture
def start_service(tmp_path):
    """Starts services as processes; whatever still runs at the end of the test is stopped.

    `start_service(settings, "vigie_tracking")` or a path to a script; more variables as keywords.
    """
    running = []

    def start(settings, module, **variables):
        environment = dict(os.environ)
        for name in type(settings).model_fields:
            value = getattr(settings, name)
            if value is not None and name in settings.model_fields_set:
                environment[f"VIGIE_{name.upper()}"] = str(value)
        environment |= {name: str(value) for name, value in variables.items()}
        command = [sys.executable, str(module)] if str(module).endswith(".py") else [sys.executable, "-m", module]
        process = Process(command, environment, tmp_path / f"service-{len(running)}.log")
        running.append(process)
        return process

    yield start
    for process in running:
        process.stop()


@pytest.fixture
def history_script(tmp_path):
    """What `python -m vigie_statistics history` runs, as a script."""
    script = tmp_path / "history.py"
    script.write_text(
        "import sys\nfrom vigie_statistics.__main__ import main\nsys.argv[1:] = ['history']\nmain()\n", encoding="utf-8"
    )
    return script


@pytest.fixture
async def bench(kafka_settings, tmp_path):
    """The topics of one test of the alert service, and hands to write and read them."""
    settings = kafka_settings()
    await create_topics(settings)
    made = Bench(settings, tmp_path)
    made.producer = producer(settings, linger_ms=0)
    await made.producer.start()
    yield made
    await made.producer.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An alert database of one test's own, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alerts.db"
    return own_database(request.getfixturevalue("postgres"))
