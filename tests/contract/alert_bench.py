"""The alert service as a process, its topics and its database: what its contract tests write, start and read."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
import uuid
from contextlib import asynccontextmanager, contextmanager

import cv2
import numpy as np
import psycopg
from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.kafka import consumer
from vigie_common.topics import TopicNames

CODEC = Codec.pinned()


def own_database(server_url):
    """The address of a new, empty database of a PostgreSQL server."""
    name = f"alerts_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server_url.rsplit("/", 1)[0] + "/" + name


class Bench:
    """The topics of one test, and the service on them; what it logs is `alert.log` in the folder."""

    def __init__(self, settings, folder):
        self.settings, self.folder = settings, folder
        self.names = TopicNames(settings.topic_prefix)

    async def write(self, topic, *values, key="cam-1", partition=0, headers=()):
        """Append records (or raw bytes); gives their offsets."""
        schema = {"frames": "frame", "rule-events": "rule-event", "alert-decisions": "alert-decision"}[topic]
        offsets = []
        for value in values:
            data = value if isinstance(value, bytes) else CODEC.encode(schema, value)
            sent = await self.producer.send_and_wait(
                self.names.full(topic), data, key=key.encode(), partition=partition, headers=list(headers)
            )
            offsets.append(sent.offset)
        return offsets

    async def read(self, topic):
        """Every record that the topic has now, in the order of each partition."""
        name = self.names.full(topic)
        async with running(consumer(self.settings, fetch_min_bytes=1)) as reader:
            await reader._client.force_metadata_update()
            places = [TopicPartition(name, p) for p in range(self.settings.topic_partitions)]
            places = [p for p in places if p.partition in reader._client.cluster.partitions_for_topic(name)]
            reader.assign(places)
            await reader.seek_to_beginning(*places)
            ends = await reader.end_offsets(places)
            records = []
            while any([await reader.position(p) < ends[p] for p in places]):
                for got in (await reader.getmany(*places, timeout_ms=200)).values():
                    records += got
            return records

    async def alerts(self):
        return [CODEC.decode_as("alert", r.value) for r in await self.read("alerts")]

    async def alerts_when(self, condition, deadline_s=90):
        """The alerts once they are as wanted."""
        end = asyncio.get_running_loop().time() + deadline_s
        while True:
            alerts = await self.alerts()
            if condition(alerts):
                return alerts
            assert asyncio.get_running_loop().time() < end, [(a["id"], a["revision"], a["state"]) for a in alerts]
            await asyncio.sleep(0.1)

    def environment(self, database_url, **more):
        return (
            os.environ
            | {
                "VIGIE_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
                "VIGIE_TOPIC_PREFIX": self.settings.topic_prefix,
                "VIGIE_TOPIC_PARTITIONS": str(self.settings.topic_partitions),
                "VIGIE_ALERT_DATABASE_URL": database_url,
                "VIGIE_ALERT_EVIDENCE_DIR": str(self.folder / "evidence"),
                "VIGIE_KAFKA_SESSION_TIMEOUT_MS": "6000",
                "VIGIE_INSTANCE_ID": "alert-0",
                "VIGIE_LOG_FORMAT": "json",
            }
            | more
        )

    def start(self, database_url, *arguments, **more):
        """The service as its own process, or Python with other arguments in the same environment."""
        with (self.folder / "alert.log").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, *(arguments or ("-m", "vigie_alert"))],
                env=self.environment(database_url, **more),
                stderr=out,
            )

    async def joined(self, instance, deadline_s=60):
        """Return once this instance has been given its share of the partitions."""
        end = asyncio.get_running_loop().time() + deadline_s
        while not self._has_joined(instance):
            assert asyncio.get_running_loop().time() < end, (self.folder / "alert.log").read_text()
            await asyncio.sleep(0.1)

    def _has_joined(self, instance):
        told = (self.folder / "alert.log").read_text().splitlines()
        lines = (json.loads(line) for line in told if line.startswith("{") and line.endswith("}"))
        for address in (line["http"] for line in lines if line.get("instance") == instance and "http" in line):
            try:
                with urllib.request.urlopen(f"http://{address}/ready", timeout=5) as answer:
                    return json.load(answer).get("partitions") == "ok"
            except OSError:  # not ready yet, or an earlier process of that instance
                continue
        return False

    @contextmanager
    def service(self, database_url, **more):
        """The service as its own process; SIGTERM must stop it cleanly."""
        log = self.folder / "alert.log"
        process = self.start(database_url, **more)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@asynccontextmanager
async def running(client):
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


def frame(event, **fields):
    """The frame that an event is of."""
    picture = np.full((event["height"], event["width"], 3), 90, np.uint8)
    cv2.circle(picture, (96, 180), 40, (40, 120, 200), -1)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    return {
        "camera_id": event["camera_id"], "session": event["session"], "seq": event["seq"],
        "captured_at": event["at"], "clock": "recording", "status": "ok", "reason": None, "camera_version": "c1",
        "models": ["hog"], "width": event["width"], "height": event["height"], "source_width": 1280,
        "source_height": 720, "source_frame": None, "jpeg": jpeg,
    } | fields  # fmt: skip


def decision(alert_id, **fields):
    """An operator's confirmation of an alert."""
    given = {"id": f"d-{uuid.uuid4()}", "alert_id": alert_id, "decision": "confirm", "reason": None, "by": "op-1"}
    return given | {"decided_at": 1_800_000_100_000} | fields
