"""Kafka away for half a minute, under every service: what was captured meanwhile, and what comes out in the end."""

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from vigie_alert.settings import AlertSettings
from vigie_common.settings import Settings
from vigie_dev.kafka import KafkaBroker
from vigie_frame_sampler.settings import FrameSamplerSettings
from vigie_inference.settings import InferenceSettings
from vigie_rule_engine.settings import RuleEngineSettings
from vigie_tracking.settings import TrackingSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "rtsp"))

from sampler_footage import write_clip

AWAY_S = 30.0
FPS = 2.0
CAMERAS = ("gate", "square")
EVENTS_PER_S = 10


@pytest.fixture
def broker(tmp_path):
    """A broker of this test's own, since it is killed."""
    with KafkaBroker(tmp_path / "kafka") as running:
        yield running


@pytest.fixture
def site(broker, deployment_on):
    """Topics on it."""
    return deployment_on(Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="outage.", topic_partitions=4))


@pytest.fixture
def start_all(site, triton, start_service, tmp_path):
    """Starts every service of the way from camera to alert, by name."""

    def start():
        common = {name: getattr(site.settings, name) for name in site.settings.model_fields_set}
        common |= {"kafka_session_timeout_ms": 6000, "log_format": "json"}
        special = {
            "vigie_frame_sampler": FrameSamplerSettings(**common, instance_id="frame-sampler-0"),
            "vigie_inference": InferenceSettings(**common, triton_url=triton.grpc_url),
            "vigie_tracking": TrackingSettings(**common, instance_id="tracking-0"),
            "vigie_rule_engine": RuleEngineSettings(**common, instance_id="rule-engine-0"),
            "vigie_alert": AlertSettings(**common),
        }
        database = {"VIGIE_ALERT_DATABASE_URL": f"sqlite:///{tmp_path}/alerts.db"}
        database["VIGIE_ALERT_EVIDENCE_DIR"] = tmp_path / "evidence"
        return {name: start_service(settings, name, **database) for name, settings in special.items()}

    return start


@pytest.fixture
def cameras(camera_record, tmp_path):
    """Records of cameras that play a clip round and round; its pictures soon fill what waits for Kafka."""
    clip = write_clip(tmp_path / "clip.mp4", pictures=20, rate=10, gop=10, width=1280, height=720)
    source = {"kind": "file", "uri": str(clip), "credentials": None, "loop": True, "pace": "real", "start": None}
    sampling = {"fps": FPS, "width": 1280}
    return [(name, camera_record(name, source=source, sampling=sampling)) for name in CAMERAS]


async def feed_events(site, rule_event, over):
    """Episodes that open, one after another, until `over`; the ids that were acknowledged."""
    acknowledged = set()
    async with site.open_producer(linger_ms=5, request_timeout_ms=90_000) as client:
        sends = []
        while not over.is_set():
            number = len(sends)
            event = rule_event(camera_id=CAMERAS[number % 2], subject=str(number))
            value = site.codec.encode("rule-event", event)
            key = event["camera_id"].encode()
            sends.append((event, await client.send(site.names.full("rule-events"), value, key=key)))
            await asyncio.sleep(1 / EVENTS_PER_S)
        for event, sent in sends:
            await sent
            acknowledged.add(event["episode_id"])
    return acknowledged


def by_session(frames):
    """Sequence numbers and records of each session, in the order of the topic."""
    sessions = {}
    for _, frame in frames:
        sessions.setdefault((frame["camera_id"], frame["session"]), []).append(frame)
    return sessions


@pytest.mark.timeout(240)
async def test_half_a_minute_without_kafka_costs_only_images_that_say_so(
    broker, site, start_all, cameras, rule_event, wait_until
):
    await site.create()
    await site.produce("cameras", cameras)
    services = start_all()

    async def tracked():
        return {value["camera_id"] for _, value in await site.read("tracks")} == set(CAMERAS)

    await wait_until(tracked, 90)
    over = asyncio.Event()
    feeding = asyncio.create_task(feed_events(site, rule_event, over))

    async def alerted():
        return await site.read("alerts")

    await wait_until(alerted, 60)

    killed_ms = time.time() * 1000
    broker.kill()
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(broker.start)
    back_ms = time.time() * 1000

    async def followed():
        """Tracks of both cameras from well after Kafka's return."""
        newest = {value["camera_id"]: record.timestamp for record, value in await site.read("tracks")}
        return len(newest) == len(CAMERAS) and min(newest.values()) > back_ms + 5000

    await wait_until(followed, 90)
    over.set()
    fed = await feeding

    async def all_alerted():
        return {value["id"] for _, value in await site.read("alerts")} >= fed

    await wait_until(all_alerted, 60)

    # capture went on: the records of the time without Kafka are there, and those whose image was given up say so
    frames = await site.read("frames")
    status = Counter(frame["status"] for _, frame in frames)
    assert set(status) == {"ok", "shed"}
    assert {frame["reason"] for _, frame in frames if frame["status"] == "shed"} == {
        "more than 8 images wait for Kafka; the oldest was given up"
    }
    during = [f for _, f in frames if killed_ms < f["captured_at"] < killed_ms + 1000 * AWAY_S]
    assert len(during) >= 0.8 * AWAY_S * FPS * len(CAMERAS)
    # every camera in one session, every number once, up to Kafka's end and after its return
    sessions = by_session(frames)
    assert sorted(camera for camera, _ in sessions) == sorted(CAMERAS)
    for found in sessions.values():
        assert [frame["seq"] for frame in found] == list(range(len(found)))
    # what lay in the topics went through every service: each frame has its detections, each of these its tracks
    places = {(frame["camera_id"], frame["session"], frame["seq"]) for _, frame in frames}
    detected = Counter((v["camera_id"], v["session"], v["seq"]) for _, v in await site.read("detections"))
    followed_to = Counter((v["camera_id"], v["session"], v["seq"]) for _, v in await site.read("tracks"))
    assert set(detected) <= places
    newest = {camera: max(seq for c, _, seq in followed_to if c == camera) for camera in CAMERAS}
    missing = {(c, s, n) for c, s, n in places if n <= newest[c]} - set(followed_to)
    assert missing == set()
    # no alert lost, none doubled
    revisions = Counter((value["id"], value["revision"]) for _, value in await site.read("alerts"))
    assert {alert for alert, _ in revisions} == fed
    assert set(revisions.values()) == {1}
    # the parents are those that were started
    assert {name: process.popen.poll() for name, process in services.items()} == dict.fromkeys(services)
