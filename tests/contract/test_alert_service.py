"""The alert service as a process, on a real broker and real databases."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
import uuid
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlparse

import cv2
import numpy as np
import psycopg
import pytest
from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.kafka import consumer, producer
from vigie_common.topics import TopicNames, create_topics

CODEC = Codec.pinned()
NOBODY = "00000000-0000-5000-8000-000000000000"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alerts.db"
    return own_database(request.getfixturevalue("postgres"))


def own_database(server_url):
    name = f"alerts_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server_url.rsplit("/", 1)[0] + "/" + name


@pytest.fixture
async def bench(kafka_settings, tmp_path):
    """The topics of one test, and hands to write and read them."""
    settings = kafka_settings()
    await create_topics(settings)
    made = Bench(settings, tmp_path)
    made.producer = producer(settings, linger_ms=0)
    await made.producer.start()
    yield made
    await made.producer.stop()


class Bench:
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
    picture = np.full((event["height"], event["width"], 3), 90, np.uint8)
    cv2.circle(picture, (96, 180), 40, (40, 120, 200), -1)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    return {
        "camera_id": event["camera_id"], "session": event["session"], "seq": event["seq"],
        "captured_at": event["at"], "clock": "recording", "status": "ok", "reason": None, "camera_version": "c1",
        "models": ["hog"], "width": event["width"], "height": event["height"], "source_width": 1280,
        "source_height": 720, "source_frame": None, "jpeg": jpeg,
    } | fields  # fmt: skip


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def summary(alerts):
    return [(a["revision"], a["state"], a["ended_reason"]) for a in alerts]


def decision(alert_id, **fields):
    given = {"id": f"d-{uuid.uuid4()}", "alert_id": alert_id, "decision": "confirm", "reason": None, "by": "op-1"}
    return given | {"decided_at": 1_800_000_100_000} | fields


async def test_events_become_alerts_with_an_evidence_image(bench, database_url, rule_event):
    opening = rule_event()
    (place,) = await bench.write("frames", frame(opening))
    opening["frame_ref"] = {"partition": 0, "offset": place}
    trace = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    with bench.service(database_url):
        await bench.write("rule-events", opening, headers=[trace])
        await bench.write(
            "rule-events", rule_event("UPDATE", 1), rule_event("CLOSE", 2), rule_event("COUNT", subject="n")
        )
        alerts = await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await bench.write("alert-decisions", decision(opening["episode_id"]), key=opening["episode_id"])
        # the image is in revision 1, or follows when the machine is busy
        alerts = await bench.alerts_when(lambda a: a[-1]["decision"] and a[-1]["evidence"])
    steps = [s for s in summary(alerts) if s[1] != "ENDED"]
    assert steps[0] == (1, "OPEN", None)
    assert [a["revision"] for a in alerts] == list(range(1, len(alerts) + 1))
    assert (alerts[-1]["state"], alerts[-1]["ended_reason"], alerts[-1]["decision"]["kind"]) == (
        "ENDED",
        "over",
        "confirm",
    )
    (image,) = alerts[-1]["evidence"]
    path = Path(unquote(urlparse(image["uri"]).path))
    assert path.name == f"{opening['episode_id']}.jpg"
    assert sha256_of(path) == image["sha256"]
    drawn = cv2.imread(str(path))
    assert drawn.shape[0] > 360
    assert drawn.shape[1] == 640
    first = (await bench.read("alerts"))[0]
    headers = dict(first.headers)
    assert first.key.decode() == opening["episode_id"]
    assert headers["ce_id"].decode() == f"{opening['episode_id']}:1"
    assert headers["ce_type"] == b"vigie.alert.open"
    assert headers["ce_source"] == b"/vigie/nimes/cam-1"
    assert (headers["ce_specversion"], headers["content-type"]) == (b"1.0", b"application/avro")
    assert headers["traceparent"] == trace[1]


async def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(bench, database_url, rule_event):
    with bench.service(database_url):
        await bench.write(
            "rule-events",
            b"\x00not avro",
            rule_event(mode="live", authorisation=None, subject="x"),
            rule_event(),
            rule_event(episode_id="../../etc/passwd"),
            rule_event("CLOSE", 1),
        )
        alert_id = rule_event()["episode_id"]
        await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await bench.write(
            "alert-decisions", decision(NOBODY), b"", decision(alert_id, decision="reject"), decision(alert_id)
        )
        alerts = await bench.alerts_when(lambda a: any(x["decision"] for x in a))
    assert {a["id"] for a in alerts} == {alert_id}
    letters = [CODEC.decode_as("dead-letter", r.value) for r in await bench.read("dead-letters")]
    assert {(x["service"], x["origin_topic"], x["origin_partition"], x["origin_offset"]) for x in letters} == {
        ("alert", "rule-events", 0, 0), ("alert", "rule-events", 0, 1), ("alert", "rule-events", 0, 3),
        ("alert", "alert-decisions", 0, 0), ("alert", "alert-decisions", 0, 1), ("alert", "alert-decisions", 0, 2),
    }  # fmt: skip
    assert any("names no authorisation" in x["message"] for x in letters)


async def test_a_frame_that_is_gone_or_anothers_is_evidence_expired(bench, rule_event, tmp_path):
    gone = rule_event(frame_ref={"partition": 1, "offset": 500})
    other = rule_event(subject="b")
    broken = rule_event(subject="c", session="s-3")
    offsets = await bench.write("frames", frame(other, session="s-2"), frame(broken, jpeg=b"\xff\xd8 torn"))
    other["frame_ref"] = {"partition": 0, "offset": offsets[0]}
    broken["frame_ref"] = {"partition": 0, "offset": offsets[1]}
    with bench.service(f"sqlite:///{tmp_path}/alerts.db"):
        await bench.write("rule-events", gone, other, broken)
        alerts = await bench.alerts_when(lambda a: sum(bool(x["evidence"]) for x in a) == 3)
    kinds = {a["id"]: a["evidence"][0]["kind"] for a in alerts if a["evidence"]}
    assert kinds == {
        gone["episode_id"]: "expired", other["episode_id"]: "expired", broken["episode_id"]: "unreadable",
    }  # fmt: skip
    assert not list((tmp_path / "evidence").rglob("*.jpg"))


async def test_an_image_that_is_late_follows_as_a_revision(bench, rule_event, tmp_path):
    opening = rule_event(frame_ref={"partition": 2, "offset": 0})
    with bench.service(f"sqlite:///{tmp_path}/alerts.db"):
        await bench.write("rule-events", opening)
        (alert,) = await bench.alerts_when(bool)
        assert alert["evidence"] == []
        await bench.write("frames", frame(opening), partition=2)
        alerts = await bench.alerts_when(lambda a: any(x["evidence"] for x in a))
    assert [(a["revision"], a["state"], len(a["evidence"])) for a in alerts] == [(1, "OPEN", 0), (2, "UPDATED", 1)]
    assert alerts[1]["evidence"][0]["kind"] == "image"


# Runs the service in a process that kills itself, by SIGKILL, at one exact step of the relay.
KILLED_AT = """
import os, signal, sys
from vigie_alert import outbox
from vigie_alert.service import serve
from vigie_alert.settings import AlertSettings
from vigie_common.process import Service
import asyncio

async def die(self, *_):
    os.kill(os.getpid(), signal.SIGKILL)

async def publish(self, connection=None):
    async with self._transaction(connection) as reading:
        if (await reading.execute(self._oldest())).all():
            await die(self)
    return 0

if sys.argv[1] == "after-transaction":
    outbox.Relay.publish = publish
else:
    outbox.Relay.forget = die
asyncio.run(serve(AlertSettings(), Service("alert")))
"""


@pytest.mark.parametrize("step", ["after-transaction", "after-publication"])
async def test_a_kill_between_transaction_and_publication_loses_and_changes_nothing(
    bench, database_url, rule_event, wait_until, step
):
    await bench.write("rule-events", rule_event(), rule_event("UPDATE", 1), rule_event(subject="b"))
    killed = bench.start(database_url, "-c", KILLED_AT, step)
    await asyncio.to_thread(killed.wait, 90)
    assert killed.returncode == -signal.SIGKILL
    before = await bench.read("alerts")
    assert bool(before) == (step == "after-publication")
    with bench.service(database_url):
        await bench.write("rule-events", rule_event("CLOSE", 2), rule_event("CLOSE", 1, subject="b"))
        await bench.alerts_when(lambda a: sum(x["state"] == "ENDED" for x in a) == 2)
    records = await bench.read("alerts")
    contents = {}
    for record in records:
        headers = dict(record.headers)
        contents.setdefault(headers["ce_id"], set()).add((record.value, tuple(record.headers)))
    assert {identity: len(content) for identity, content in contents.items()} == dict.fromkeys(contents, 1)
    for alert_id in {r.key for r in records}:
        revisions = sorted(int(i.split(b":")[1]) for i in contents if i.startswith(alert_id))
        assert revisions == list(range(1, len(revisions) + 1))


async def test_kills_at_random_leave_one_content_a_revision_in_order(bench, tmp_path, rule_event):
    url = f"sqlite:///{tmp_path}/alerts.db"
    subjects = [f"s{i}" for i in range(12)]
    for round_ in range(2):
        process = bench.start(url)
        step = [rule_event("UPDATE" if round_ else "OPEN", round_, subject=s) for s in subjects]
        await bench.write("rule-events", *step[:6])
        await bench.alerts_when(lambda a, n=round_: sum(x["explanation"]["facts"]["inside_s"] == n + 1 for x in a) > 0)
        await bench.write("rule-events", *step[6:])
        process.kill()
        process.wait()
    with bench.service(url):
        await bench.write("rule-events", *[rule_event("CLOSE", 2, subject=s) for s in subjects])
        alerts = await bench.alerts_when(lambda a: len({x["id"] for x in a if x["state"] == "ENDED"}) == len(subjects))
    latest = {}
    for alert in alerts:
        seen = latest.setdefault(alert["id"], [])
        if alert["revision"] <= len(seen):
            assert alert == seen[alert["revision"] - 1]
        else:
            assert alert["revision"] == len(seen) + 1
            seen.append(alert)
    assert {len(revisions[-1]["objects"]) for revisions in latest.values()} == {1}


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
    except OSError:
        return None, {}


async def test_a_database_that_is_away_delays_and_loses_nothing(bench, rule_event, postgres, wait_until, free_port):
    url = own_database(postgres)
    name = url.rsplit("/", 1)[1]

    def allow(yes):
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    with bench.service(url, VIGIE_HTTP_PORT=str(free_port)) as process:
        await bench.write("rule-events", rule_event())
        await bench.alerts_when(bool)
        allow("false")
        await bench.write("rule-events", rule_event("UPDATE", 1), rule_event("CLOSE", 2))
        await asyncio.to_thread(wait_until, lambda: ready(free_port)[0] == 503, 60)
        assert "database" in ready(free_port)[1]
        allow("true")
        alerts = await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await asyncio.to_thread(wait_until, lambda: ready(free_port)[0] == 200, 60)
        assert process.poll() is None
    assert [a["revision"] for a in alerts] == list(range(1, len(alerts) + 1))


async def test_two_processes_on_one_database_publish_each_revision_once(bench, rule_event, postgres):
    url = own_database(postgres)
    cameras = [f"cam-{i}" for i in range(4)]
    with bench.service(url), bench.service(url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-1")  # one that is still starting would do nothing, and not stop cleanly
        for i, camera in enumerate(cameras):
            opening = rule_event(camera_id=camera)
            await bench.write("rule-events", opening, rule_event("CLOSE", 1, camera_id=camera), key=camera, partition=i)
        alerts = await bench.alerts_when(lambda a: sum(x["state"] == "ENDED" for x in a) >= len(cameras))
        ids = sorted({a["id"] for a in alerts})
        for i, alert_id in enumerate(ids):
            await bench.write("alert-decisions", decision(alert_id), key=alert_id, partition=3 - i)
        alerts = await bench.alerts_when(lambda a: sum(bool(x["decision"]) for x in a) >= len(cameras))
    identities = [(a["id"], a["revision"]) for a in alerts]
    assert sorted(set(identities)) == sorted(identities)


def test_a_wrong_database_address_stops_the_start_with_the_variables_name(kafka_settings, tmp_path):
    bench = Bench(kafka_settings(), tmp_path)
    refused = subprocess.run(
        [sys.executable, "-m", "vigie_alert"],
        env=bench.environment("mysql://x/y"),
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert refused.returncode == 78
    assert b"VIGIE_ALERT_DATABASE_URL" in refused.stderr
    assert b"allowed are sqlite:// and postgresql://" in refused.stderr


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


async def test_members_that_two_processes_see_at_once_are_one_compound_alert_each(bench, postgres, rule_event):
    compounds = [f"meeting-{i}" for i in range(30)]

    def member(camera, compound, kind="OPEN"):
        stamp = {
            "id": compound, "version": "v1", "same": "site", "within_ms": 60_000, "min_rules": 1, "min_cameras": 2,
            "severity": "critical", "category": "crowd", "mode": "test", "authorisation": None, "title": {},
            "explain": {},
        }  # fmt: skip
        ordinal = 0 if kind == "OPEN" else 1
        fields = {"camera_id": camera, "subject": compound, "mode": "shadow", "authorisation": None}
        return rule_event(kind, ordinal, compounds=[stamp] if kind == "OPEN" else [], **fields)

    database_url = own_database(postgres)
    with bench.service(database_url), bench.service(database_url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-0")
        await bench.joined("alert-1")
        for kind, states in (("OPEN", 1), ("CLOSE", 2)):
            for compound in compounds:
                for partition, camera in enumerate(("cam-1", "cam-2")):
                    event = member(camera, compound, kind)
                    await bench.write("rule-events", event, key=camera, partition=partition)
            alerts = await bench.alerts_when(
                lambda a, n=states: len({(x["id"], x["state"] == "ENDED") for x in a}) == n * len(compounds)
            )
    assert sorted(a["rule"]["id"] for a in alerts if a["state"] == "OPEN") == sorted(compounds)
    assert sorted(a["rule"]["id"] for a in alerts if a["state"] == "ENDED") == sorted(compounds)
    assert {len(a["related_ids"]) for a in alerts} == {2}


async def test_a_compound_cools_down_across_a_restart_and_tells_then_what_goes_on(
    bench, postgres, rule_event, affirmation
):
    start = 1_800_000_000_000
    stamp = {
        "id": "distress", "version": "v1", "same": "camera", "within_ms": 60_000, "min_rules": 2, "min_cameras": 1,
        "cooldown_ms": 90_000, "severity": "critical", "category": "distress", "mode": "test", "title": {},
        "explain": {}, "authorisation": None,
    }  # fmt: skip
    shadow = {"mode": "shadow", "authorisation": None}

    def members(at_s, kind="OPEN"):
        started = start + 1000 * at_s
        times = {"started_at": started, "at": started} if kind == "OPEN" else {"started_at": started}
        return [
            rule_event(
                kind, int(kind == "CLOSE"), rule={"id": rule}, compounds=[stamp] * (kind == "OPEN"), **times | shadow
            )
            for rule in ("fall", "crowd")
        ]

    url, second = own_database(postgres), members(30)
    listed = [member["episode_id"] for member in second]
    with bench.service(url):
        await bench.write("rule-events", *members(0), *members(0, "CLOSE"), *second)
        await bench.alerts_when(lambda alerts: len(alerts) == 2)
    with bench.service(url):
        await bench.write("rule-events", *(affirmation(m, listed, compounds=[stamp]) for m in (0, 1)))
        alerts = await bench.alerts_when(lambda alerts: len(alerts) == 3)
    # of two alerts on two partitions neither has to come first
    assert sorted((a["started_at"] - start, a["updated_at"] - start, a["state"]) for a in alerts) == [
        (0, 0, "OPEN"),
        (0, 2_000, "ENDED"),
        (30_000, 90_000, "OPEN"),
    ]


async def test_an_open_compound_alert_ends_with_its_authorisation(bench, postgres, rule_event, affirmation):
    start = 1_800_000_000_000
    stamp = {
        "id": "distress", "version": "v1", "same": "camera", "within_ms": 60_000, "min_rules": 2, "min_cameras": 1,
        "severity": "critical", "category": "distress", "mode": "exercise", "title": {}, "explain": {},
        "authorisation": {"id": "a-9", "legal_basis": "law", "reference": "r", "valid_until": start + 90_000},
    }  # fmt: skip
    shadow = {"mode": "shadow", "authorisation": None, "compounds": [stamp]}
    members = [rule_event(rule={"id": rule}, **shadow) for rule in ("fall", "crowd")]
    listed = [member["episode_id"] for member in members]
    minutes = [affirmation(minute, listed, compounds=[stamp]) for minute in range(3)]
    with bench.service(own_database(postgres)):
        await bench.write("rule-events", *members, minutes[0])
        opened = await bench.alerts_when(lambda alerts: len(alerts) == 1)
        await bench.write("rule-events", *minutes[1:])
        alerts = await bench.alerts_when(lambda alerts: len(alerts) == 2)
    assert [alert["state"] for alert in opened] == ["OPEN"]
    ended = alerts[-1]
    assert (ended["id"], ended["ended_reason"], ended["ended_at"]) == (
        opened[0]["id"],
        "authorisation_ended",
        start + 90_000,
    )


async def test_compounds_that_two_processes_see_changed_end_once_with_the_reason(
    bench, postgres, rule_event, affirmation
):
    start = 1_800_000_000_000
    stamps = {
        name: {
            "id": name, "version": "v1", "same": "site", "within_ms": 60_000, "min_rules": 1, "min_cameras": 2,
            "severity": "critical", "category": "distress", "mode": "exercise", "title": {}, "explain": {},
            "authorisation": {"id": "a-9", "legal_basis": "law", "reference": "r", "valid_until": start + 10**9},
        }
        for name in ("gone", "changed", "withdrawn", "same")
    }  # fmt: skip
    now = [
        stamps["changed"] | {"version": "v2"},
        stamps["withdrawn"] | {"mode": "shadow", "authorisation": None},
        stamps["same"],
    ]
    cameras = ("cam-0", "cam-1")
    shadow = {"mode": "shadow", "authorisation": None, "compounds": list(stamps.values())}
    members = {camera: rule_event(camera_id=camera, **shadow) for camera in cameras}
    url = own_database(postgres)
    with bench.service(url), bench.service(url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-1")  # one that is still starting would do nothing, and not stop cleanly
        for i, camera in enumerate(cameras):
            await bench.write("rule-events", members[camera], key=camera, partition=i)
        await bench.alerts_when(lambda alerts: len(alerts) == len(stamps))
        for i, camera in enumerate(cameras):
            listed = [members[camera]["episode_id"]]
            minutes = [affirmation(m, listed, camera_id=camera, compounds=now) for m in (0, 1)]
            await bench.write("rule-events", *minutes, minutes[0], key=camera, partition=i)
        await bench.alerts_when(lambda alerts: sum(a["state"] == "ENDED" for a in alerts) >= 3)
        for i, camera in enumerate(cameras):
            times = {"at": start + 200_000, "ended_at": start + 200_000}
            close = rule_event("CLOSE", 1, camera_id=camera, **shadow | times | {"compounds": []})
            await bench.write("rule-events", close, key=camera, partition=i)
        alerts = await bench.alerts_when(lambda alerts: sum(a["state"] == "ENDED" for a in alerts) >= 4)
    ended = sorted((a["rule"]["id"], a["ended_reason"], a["ended_at"] - start) for a in alerts if a["state"] == "ENDED")
    assert ended == [
        ("changed", "rule_changed", 60_000),
        ("gone", "rule_changed", 60_000),
        ("same", "over", 200_000),
        ("withdrawn", "authorisation_ended", 60_000),
    ]
    assert len(alerts) == 2 * len(stamps)
