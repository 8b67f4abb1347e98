"""Three samplers share the cameras: one is killed for good, another one freezes and wakes up."""

import json
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from vigie_common.identity import session_id
from vigie_frame_sampler.settings import FrameSamplerSettings
from vigie_tracking.settings import TrackingSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "rtsp"))

from sampler_footage import write_clip

NAMES = [f"camera-{n}" for n in range(9)]
TAKEN_WITHIN_MS = 15_000


@pytest.fixture
def cameras(camera_record, tmp_path):
    """Records of cameras that play a clip round and round."""
    clip = write_clip(tmp_path / "clip.mp4", pictures=20, rate=10, gop=10)
    source = {"kind": "file", "uri": str(clip), "credentials": None, "loop": True, "pace": "real", "start": None}
    return [(name, camera_record(name, source=source, sampling={"fps": 2.0, "width": 160})) for name in NAMES]


@pytest.fixture
def three_samplers(deployment, kafka_settings, start_service, cameras, wait_until):
    """Starts three members with the session time-out that is the default, and waits until each captures its share."""

    async def start():
        await deployment.produce("cameras", cameras)
        found = {}
        for number in range(3):
            name = f"sampler-{number}"
            settings = kafka_settings(FrameSamplerSettings, kafka_linger_ms=5, instance_id=name)
            found[name] = start_service(settings, "vigie_frame_sampler")

        async def shared():
            held = {name: last_assignment(process.log) for name, process in found.items()}
            if not all(held.values()) or sum(map(len, held.values())) != 4:
                return None
            partition_of = {r.key.decode(): r.partition for r, _ in await deployment.read("cameras")}
            holder = {camera: next(n for n in held if p in held[n]) for camera, p in partition_of.items()}
            seen = {v["camera_id"]: v["sampler"] for _, v in await deployment.read("camera-health")}
            return holder if seen == holder else None

        return found, await wait_until(shared, 90)

    return start


def last_assignment(log):
    """The partitions that a sampler was given last, from its log."""
    lines = [json.loads(line) for line in log.splitlines() if '"partitions assigned"' in line]
    return set(lines[-1]["partitions"]) if lines else set()


def freeze(process):
    """The sampler hears and says nothing; its captures go on."""
    family = [psutil.Process(process.popen.pid), *psutil.Process(process.popen.pid).children()]
    for member in family:
        member.send_signal(signal.SIGSTOP)
    return family


@pytest.mark.timeout(240)
async def test_cameras_of_a_sampler_that_dies_or_freezes_are_captured_again_within_fifteen_seconds(
    deployment, kafka_settings, three_samplers, start_service, detections_record, wait_until
):
    samplers, owner = await three_samplers()

    async def images(since_ms=0):
        """(camera, session, append time, record) of every image since."""
        found = await deployment.read("frames")
        return [(v["camera_id"], v["session"], r.timestamp, v) for r, v in found if r.timestamp >= since_ms]

    async def newer_than(session, of):
        """When each of these cameras gave the first image of a session begun later; none while one has not."""
        first = {}
        for camera, begun, at, _ in await images():
            if begun > session and camera in of:
                first.setdefault(camera, at)
        return first if set(first) == of else None

    # killed for good: a static member is given up when its session has expired
    dead = owner[NAMES[0]]
    orphans = {camera for camera, name in owner.items() if name == dead}
    killed_ms, killed = time.time() * 1000, session_id()
    samplers.pop(dead).kill()

    async def orphans_captured():
        return await newer_than(killed, orphans)

    first = await wait_until(orphans_captured, 60)
    assert {camera: at for camera, at in first.items() if at - killed_ms > TAKEN_WITHIN_MS} == {}

    # frozen for longer than its session: it wakes as one that others have replaced, and lets go
    frozen = samplers[owner[next(camera for camera in NAMES if owner[camera] != dead)]]
    lost = {camera for camera in NAMES if samplers.get(owner[camera]) is frozen}
    stopped, asleep = session_id(), freeze(frozen)

    async def lost_captured():
        return await newer_than(stopped, lost)

    taken = await wait_until(lost_captured, 60)
    for member in asleep:
        member.send_signal(signal.SIGCONT)
    woken_ms = time.time() * 1000

    async def one_session_each():
        """For two seconds, each camera has come in one session alone."""
        recent = await images(time.time() * 1000 - 2000)
        sessions = {camera: {s for c, s, _, _ in recent if c == camera} for camera in NAMES}
        return time.time() * 1000 - woken_ms > 2000 and all(len(found) == 1 for found in sessions.values())

    await wait_until(one_session_each, 60)
    everything = await images()
    twice_ms = [at - taken[c] for c, session, at, _ in everything if c in lost and session < stopped and at > taken[c]]
    assert max(twice_ms, default=0) < TAKEN_WITHIN_MS + (woken_ms - min(taken.values()))

    # downstream knows them by their sessions: of two that overlap, the newest alone counts
    detections = [
        (camera, detections_record(camera, v["seq"], v["captured_at"], session=session))
        for camera, session, _, v in everything
    ]
    await deployment.produce("detections", detections)
    start_service(kafka_settings(TrackingSettings, instance_id="tracking-0"), "vigie_tracking")
    expected, newest = [], {}
    for camera, record in detections:
        newest[camera] = max(newest.get(camera, ""), record["session"])
        if record["session"] == newest[camera]:
            expected.append((camera, record["session"], record["seq"]))

    async def tracked():
        found = [(v["camera_id"], v["session"], v["seq"]) for _, v in await deployment.read("tracks")]
        return found if len(found) >= len(expected) else None

    assert sorted(await wait_until(tracked, 60)) == sorted(expected)
