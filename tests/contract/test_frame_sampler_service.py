"""The frame sampler as a process on a real broker: camera records in, frames out."""

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest

from vigie_common.identity import session_id
from vigie_frame_sampler.settings import FrameSamplerSettings
from vigie_frame_sampler.trace import traceparent
from vigie_frame_sampler.view_reader import ViewReader
from vigie_frame_sampler.view_watch import ViewMemory, memory_of

sys.path.insert(0, str(Path(__file__).parents[1] / "rtsp"))

from sampler_footage import write_clip

MODULE = "vigie_frame_sampler"


@pytest.fixture(scope="session")
def footage(tmp_path_factory):
    """Two seconds of 10 pictures a second."""
    return write_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", pictures=20, rate=10, gop=10)


@pytest.fixture
def looped(camera_record, footage):
    """Makes the record of a camera that plays the clip round and round."""

    def make(camera_id, *, uri=footage, fps=5.0, loop=True, pace="real", start=None, **fields):
        source = {"kind": "file", "uri": str(uri), "credentials": None, "loop": loop, "pace": pace, "start": start}
        sampling = {"fps": fps, "width": 160}
        return camera_id, camera_record(camera_id, source=source, sampling=sampling, **fields)

    return make


@pytest.fixture
def sampler(deployment, kafka_settings, start_service):
    """Starts a sampler on this test's topics."""

    def start(**fields):
        settings = kafka_settings(FrameSamplerSettings, kafka_linger_ms=5, kafka_session_timeout_ms=6000, **fields)
        return start_service(settings, MODULE)

    return start


@pytest.fixture
def frames_of(deployment):
    """Reads the frames of a camera so far, in order."""

    async def read(camera_id):
        return [value for _, value in await deployment.read("frames") if value["camera_id"] == camera_id]

    return read


def last_assignment(log):
    """The partitions that a sampler was given last, from its log."""
    lines = [json.loads(line) for line in log.splitlines() if '"partitions assigned"' in line]
    return set(lines[-1]["partitions"]) if lines else set()


async def test_a_recording_goes_through_whole_and_in_order(deployment, sampler, looped, frames_of, wait_until):
    start = 1_760_000_000_000
    await deployment.produce("cameras", [looped("gate", loop=False, pace="fast", start=start, fps=10.0)])
    sampler(capture_queue_images=1)

    async def ended():
        frames = await frames_of("gate")
        return frames if frames and frames[-1]["status"] == "ended" else None

    frames = await wait_until(ended, 90)
    assert [f["captured_at"] - start for f in frames] == [*range(0, 2000, 100), 1901]
    assert [f["source_frame"] for f in frames] == [*range(20), None]
    assert [f["status"] for f in frames] == ["ok"] * 20 + ["ended"]
    assert {(f["session"], f["camera_version"], tuple(f["models"])) for f in frames} == {
        (frames[0]["session"], "v1", ("hog",))
    }


async def test_frames_lie_under_the_cameras_key_in_the_cameras_partition(deployment, sampler, looped, wait_until):
    names = [f"camera-{n}" for n in range(6)]
    await deployment.produce("cameras", [looped(name, loop=False, pace="fast") for name in names])
    sampler()

    async def all_ended():
        frames = await deployment.read("frames")
        return frames if sum(v["status"] == "ended" for _, v in frames) == len(names) else None

    frames = await wait_until(all_ended, 90)
    partition_of = {r.key: r.partition for r, _ in await deployment.read("cameras")}
    assert len(set(partition_of.values())) > 1
    assert {(r.key, r.partition) for r, _ in frames} == set(partition_of.items())
    assert {r.key.decode() for r, _ in frames} == {v["camera_id"] for _, v in frames}
    assert all(r.headers == (("traceparent", traceparent(v["session"], v["seq"])),) for r, v in frames)
    states = await deployment.read("camera-health")
    assert {(r.key, r.partition) for r, _ in states} == set(partition_of.items())
    assert Counter(v["state"] for _, v in states) == {"online": 6, "offline": 6}


async def test_a_removal_stops_a_camera_and_the_others_go_on(deployment, sampler, looped, frames_of, wait_until):
    await deployment.produce("cameras", [looped("stays"), looped("goes")])
    sampler()

    async def both():
        return await frames_of("stays") and await frames_of("goes")

    await wait_until(both, 90)
    await deployment.produce("cameras", [looped("goes", removed=True)])

    async def silent():
        before = await frames_of("stays"), await frames_of("goes")

        async def later():
            return len(await frames_of("stays")) > len(before[0]) + 10

        await wait_until(later, 60)
        return len(await frames_of("goes")) == len(before[1])

    await wait_until(silent, 90)


async def test_a_version_of_the_future_takes_over_at_its_time(deployment, sampler, looped, frames_of, wait_until):
    await deployment.produce("cameras", [looped("gate", fps=2.0)])
    sampler()

    async def running():
        return await frames_of("gate")

    await wait_until(running, 90)
    effective_at = int(time.time() * 1000) + 2_000
    future = looped("gate", fps=10.0, effective_at=effective_at, version="v2")
    await deployment.produce("cameras", [future])

    async def changed():
        frames = await frames_of("gate")
        return frames if any(f["camera_version"] == "v2" for f in frames) else None

    frames = await wait_until(changed, 90)
    first = next(f for f in frames if f["camera_version"] == "v2")
    assert first["captured_at"] >= effective_at
    assert first["session"] > frames[0]["session"]


async def test_broken_cameras_and_poison_records_cost_the_others_nothing(
    deployment, sampler, looped, frames_of, wait_until, tmp_path
):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "notes.mp4").write_text("no video")
    await deployment.produce("cameras", [("poison", b"\x00\x00\x00\x00\x01junk")], raw=True)
    await deployment.produce("cameras", [("unknown-id", b"\x00\x00\x01\x86\x9fjunk")], raw=True)
    await deployment.produce("cameras", [looped("too-fast", fps=1_000.0)])
    broken = [looped("empty", uri=tmp_path / "empty.mp4"), looped("text", uri=tmp_path / "notes.mp4")]
    await deployment.produce("cameras", [*broken, looped("good")])
    sampler()

    async def said():
        good, empty, text = [await frames_of(name) for name in ("good", "empty", "text")]
        return (good, empty, text) if len(good) > 10 and len(empty) > 2 and len(text) > 2 else None

    good, empty, text = await wait_until(said, 90)
    assert {f["status"] for f in good} == {"ok"}
    assert {(f["status"], f["jpeg"]) for f in empty + text} == {("offline", None)}
    assert empty[-1]["reason"] == f"camera empty: {tmp_path}/empty.mp4 is empty (0 bytes); copy it again"
    assert "is no video that can be read" in text[-1]["reason"]
    letters = [value for _, value in await deployment.read("dead-letters")]
    assert {(v["origin_topic"], v["service"]) for v in letters} == {("cameras", "frame_sampler")}
    assert sorted(v["key"] for v in letters) == [b"poison", b"too-fast", b"unknown-id"]
    assert "sampling.fps 1000 is outside 0..60" in next(v["message"] for v in letters if v["key"] == b"too-fast")


async def test_a_poison_camera_is_one_dead_letter_however_often_its_partition_is_taken_over(
    deployment, sampler, looped, wait_until
):
    async def letters():
        return sorted(value["key"] for _, value in await deployment.read("dead-letters"))

    await deployment.produce("cameras", [("poison", b"no camera")], raw=True)
    await deployment.produce("cameras", [looped("too-fast", fps=1_000.0)])
    first = sampler(instance_id="sampler-0")

    async def told():
        return await letters() == [b"poison", b"too-fast"]

    await wait_until(told, 90)
    first.kill()
    await deployment.produce("cameras", [("poison", b"nor is this")], raw=True)
    await deployment.produce("cameras", [looped("too-fast", fps=2_000.0)])
    first.start()

    async def told_of_the_new_ones():
        return {b"nor is this"} <= {value["value"] for _, value in await deployment.read("dead-letters")}

    await wait_until(told_of_the_new_ones, 90)
    wait_until(lambda: first.log.count("sampling.fps 2000 is outside") == 1, 30)
    sampler(instance_id="sampler-1")  # the partitions are dealt out anew, and read again by both
    wait_until(lambda: first.log.count("partitions assigned") >= 3, 60)
    await deployment.produce("cameras", [("last", b"nor this")], raw=True)

    async def told_of_the_last():
        return b"last" in await letters()

    await wait_until(told_of_the_last, 90)
    assert await letters() == [b"last", b"poison", b"poison", b"too-fast", b"too-fast"]


async def test_when_a_sampler_is_killed_the_other_takes_over_under_a_new_session(
    deployment, sampler, looped, wait_until
):
    names = [f"camera-{n}" for n in range(6)]
    await deployment.produce("cameras", [looped(name) for name in names])
    samplers = [sampler(instance_id=f"sampler-{n}") for n in range(2)]

    async def shared():
        """By camera the sampler that holds its partition, once both hold some and capture what they hold."""
        held = [last_assignment(s.log) for s in samplers]
        if not all(held) or held[0] & held[1]:
            return None
        partition_of = {r.key.decode(): r.partition for r, _ in await deployment.read("cameras")}
        holder = {name: f"sampler-{0 if partition in held[0] else 1}" for name, partition in partition_of.items()}
        seen = {v["camera_id"]: v["sampler"] for _, v in await deployment.read("camera-health")}
        return holder if seen == holder else None

    async def newest_sessions():
        return {value["camera_id"]: value["session"] for _, value in await deployment.read("frames")}

    owner = await wait_until(shared, 90)
    before = await newest_sessions()
    samplers[0].kill()
    killed = session_id()
    orphans = {name for name in names if owner[name] == "sampler-0"}

    async def taken_over():
        now = await newest_sessions()
        return now if all(now[name] > killed for name in orphans) else None

    now = await wait_until(taken_over, 90)
    # the survivor's own captures have lived through the rebalance
    assert {name: now[name] for name in set(names) - orphans} == {name: before[name] for name in set(names) - orphans}


async def test_a_capture_process_that_dies_is_replaced_and_only_its_cameras_begin_anew(
    deployment, sampler, looped, frames_of, wait_until
):
    await deployment.produce("cameras", [looped("one"), looped("two")])
    process = sampler(captures_per_process=1)

    async def both():
        return await frames_of("one") and await frames_of("two")

    await wait_until(both, 90)
    children = [
        child
        for child in psutil.Process(process.popen.pid).children(recursive=True)
        if "vigie_frame_sampler.capture" in child.cmdline()
    ]
    assert len(children) == 2
    os.kill(children[0].pid, signal.SIGKILL)

    async def back():
        sessions = {name: sorted({f["session"] for f in await frames_of(name)}) for name in ("one", "two")}
        return sessions if sum(len(s) for s in sessions.values()) == 3 else None

    sessions = await wait_until(back, 90)
    assert sorted(len(s) for s in sessions.values()) == [1, 2]


async def test_it_stops_within_ten_seconds_and_leaves_nothing_running(
    deployment, sampler, looped, frames_of, wait_until
):
    await deployment.produce("cameras", [looped("gate")])
    process = sampler()

    async def running():
        return await frames_of("gate")

    await wait_until(running, 90)
    family = psutil.Process(process.popen.pid).children(recursive=True)
    seconds, status = process.stop()
    assert status == 0
    assert seconds < 10
    wait_until(lambda: not any(child.is_running() for child in family), 5)


@pytest.fixture(scope="session")
def street_clips(tmp_path_factory):
    """A street, then the same street from another angle after 40 s; and that angle alone for 60 s."""
    rng = np.random.default_rng(4)
    street = np.full((360, 640), 120, np.uint8)
    for x, y, w, h, grey in rng.integers((0, 0, 12, 10, 20), (640, 360, 110, 80, 235), (120, 5)).tolist():
        cv2.rectangle(street, (x, y), (x + w, y + h), grey, -1)
    before, after = street[40:310, 20:500], street[60:330, 80:560]
    folder = tmp_path_factory.mktemp("street")
    clips = folder / "shifted.mp4", folder / "after.mp4"
    for path, views in zip(clips, ([before] * 40 + [after] * 50, [after] * 60), strict=True):
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=1, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
            for view in views:
                noise = rng.integers(0, 5, view.shape, np.uint8)
                frame = av.VideoFrame.from_ndarray(cv2.cvtColor(view + noise, cv2.COLOR_GRAY2RGB), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return clips


async def test_a_camera_that_is_moved_stays_moved_over_a_restart_until_a_person_confirms(
    deployment, sampler, looped, frames_of, wait_until, street_clips
):
    shifted, after = street_clips
    start = 1_760_000_000_000

    def gate(uri, start, **fields):
        return looped("gate", uri=uri, loop=False, pace="fast", start=start, fps=1.0, **fields)

    def ended(since):
        async def frames():
            found = [f for f in await frames_of("gate") if f["captured_at"] >= since]
            return found if found and found[-1]["status"] == "ended" else None

        return frames

    async def states():
        return [value for _, value in await deployment.read("camera-health")]

    await deployment.produce("cameras", [gate(shifted, start)])
    first = sampler()
    statuses = [f["status"] for f in await wait_until(ended(start), 90)]
    assert set(statuses[:47]) == {"ok"}
    assert statuses[-5:] == ["moved"] * 4 + ["ended"]
    moved = next(s for s in await states() if s["state"] == "moved")
    assert len(moved["view"]["signature"]) == 576
    assert moved["view"]["moved_at"] == moved["since"]
    first.kill()

    # the next sampler finds the camera as it was left, before it has seen anything of its own
    again = start + 3_600_000
    await deployment.produce("cameras", [gate(after, again)])
    sampler()
    frames = await wait_until(ended(again), 90)
    assert {f["status"] for f in frames[:-1]} == {"moved"}
    assert all(f["jpeg"] is not None for f in frames[:-1])
    assert [s["since"] for s in await states() if s["state"] == "moved"][-1] == moved["since"]

    confirmed = again + 3_600_000
    await deployment.produce("cameras", [gate(after, confirmed, view_confirmed_at=confirmed - 1)])
    frames = await wait_until(ended(confirmed), 90)
    assert {f["status"] for f in frames[:-1]} == {"ok"}

    async def learnt_anew():
        last = (await states())[-1]["view"]
        return last if last["moved_at"] is None and last["signature"] != moved["view"]["signature"] else None

    view = await wait_until(learnt_anew, 90)
    assert (view["confirmed_at"], len(view["signature"])) == (confirmed - 1, 576)


async def test_a_sampler_learns_the_views_of_cameras_that_are_new_to_it_and_keeps_what_it_knows(deployment):
    view = {"signature": b"\x01\x02", "detail": 0.5, "learnt_at": 1_000, "moved_at": None, "confirmed_at": None}
    health = {"session": "s", "state": "online", "since": 1_000, "updated_at": 1_000, "fps": 2.0, "sampler": "before"}
    records = [(name, health | {"camera_id": name, "reason": None, "view": view}) for name in ("known", "new")]
    await deployment.produce("camera-health", records)
    own = ViewMemory(b"\x09", 0.7, 2_000)
    views = {"known": own}
    reader = ViewReader(
        deployment.settings, f"{deployment.settings.topic_prefix}camera-health", deployment.codec, views
    )
    await reader.read(range(4), known={"known"})
    assert views == {"known": own, "new": memory_of(view)}


async def test_topics_that_are_not_co_partitioned_stop_the_start(kafka_settings, start_service, wait_until):
    from vigie_common.kafka import admin
    from vigie_common.topics import create_topics

    settings = kafka_settings(FrameSamplerSettings)
    await create_topics(settings)
    client = admin(settings)
    await client.start()
    try:
        from aiokafka.admin import NewPartitions

        await client.create_partitions({f"{settings.topic_prefix}frames": NewPartitions(total_count=6)})
    finally:
        await client.close()
    process = start_service(settings, MODULE)
    wait_until(lambda: process.popen.poll() is not None, 30)
    assert process.popen.returncode == 78
    assert "camera topics must have the same number of partitions" in process.log
