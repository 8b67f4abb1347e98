"""The rule engine as a process on the real broker: configuration in, tracks in; events, coverage and status out."""

import asyncio
import time

import pytest

START = 1_777_881_600_000
SESSION = "019dd000-0000-7000-8000-000000000001"


def tracks(seq, *, status="ok", x=320.0):
    seen = status == "ok"
    one = [0] if seen else []
    return {
        "camera_id": "cam-1",
        "session": SESSION,
        "seq": seq,
        "captured_at": START + 500 * seq,
        "clock": "recording",
        "status": status,
        "reason": None,
        "frame_ref": {"partition": 0, "offset": seq},
        "width": 640 if seen else 0,
        "height": 360 if seen else 0,
        "source_width": 1920,
        "source_height": 1080,
        "source_frame": None,
        "models": [{"name": "hog", "version": "1"}],
        "x1": [x - 15 for _ in one],
        "y1": [180.0 for _ in one],
        "x2": [x + 15 for _ in one],
        "y2": [260.0 for _ in one],
        "score": [0.5 for _ in one],
        "object_class": ["person" for _ in one],
        "model_index": one,
        "track_id": [4096 for _ in one],
        "vx": [0.0 for _ in one],
        "vy": [0.0 for _ in one],
        "ended_track_id": [],
        "ended_at": [],
        "ended_reason": [],
    }


def rule(name, **fields):
    return {
        "id": name,
        "version": "v1",
        "title": {"fr": name},
        "status": "stable",
        "template": "presence",
        "camera_tags": [],
        "camera_ids": ["cam-1"],
        "classes": ["person"],
        "zones": [],
        "lines": [],
        "numbers": {"for_s": 2.0, "moved_heights": 0.0},  # these people never move
        "when": None,
        "severity": "info",
        "category": "security",
        "explain": {"fr": "{object.class} depuis {facts.present_for}"},
    } | fields


@pytest.fixture
async def engine(deployment, start_service, camera_record):
    """A deployment with a camera and rules in force, and the service; `run(records)` gives the events."""
    bundle = {
        "site": "test",
        "digest": "d1",
        "effective_at": 0,
        "author": "test",
        "withdrawn": False,
        "rules": [rule("presence"), rule("wrong", zones=["nowhere"])],
        "authorisations": [],
        "compounds": [],
    }
    # the rules first: a camera that is in force before them is judged by none, and its status says so
    await deployment.produce("rules", [("test", bundle)])
    await deployment.produce("cameras", [("cam-1", camera_record(sampling={"fps": 2.0, "width": 640}))])
    return deployment, lambda: start_service(deployment.settings, "vigie_rule_engine")


async def test_tracks_become_events_coverage_and_status_and_a_kill_changes_nothing(engine):
    deployment, start = engine
    process = start()
    sent = 0

    async def told(topic):
        return [value for _, value in await deployment.read(topic)]

    async def feed(count):
        nonlocal sent
        await deployment.produce("tracks", [("cam-1", tracks(sent + i)) for i in range(count)])
        sent += count

    async def wait_for(what, expected, received):
        """Read until what was `received` is as `expected`; says both if it is not within a minute."""
        deadline = time.monotonic() + 60
        while not expected(got := await received()):
            said = f"{what} not within 60 s of {sent} records; received {got}; the service said:\n{process.log[-2000:]}"
            assert time.monotonic() < deadline, said
            await asyncio.sleep(0.02)
        return got

    # configuration counts for records appended five seconds after it: wait on the log's own clock, record by record
    async def opened():
        await feed(2)
        return [v for v in await told("rule-events") if v["kind"] == "OPEN"]

    first = (await wait_for("an OPEN", bool, opened))[0]
    process.kill()
    process.start()
    # a minute is told within ten seconds after it, and not at all if the configuration was not yet in force
    last = (START + 500 * (sent + 260)) // 60_000 * 60_000 - 60_000
    await feed(281)

    async def minutes():
        return sorted({v["minute"] for v in await told("coverage")})

    async def statuses():
        return [(v["digest"], [(e["rule"], e["message"]) for e in v["errors"]]) for v in await told("rules-status")]

    await wait_for(f"coverage of the minute {last}", lambda minutes: last in minutes, minutes)
    # the status is told about once a second, whatever else is: it may come after the minutes
    said = await wait_for("a status of d1", lambda all_said: any(digest == "d1" for digest, _ in all_said), statuses)
    events = [v for v in await told("rule-events") if v["kind"] == "OPEN"]
    assert {v["id"]: v for v in events} == {first["id"]: first}, f"{len(events)} OPEN records, the first one {first}"
    assert first["text"]["fr"].startswith("personne depuis 2 s"), first
    assert {(digest, tuple(rule for rule, _ in errors)) for digest, errors in said} == {("d1", ("wrong",))}, said
    assert "zone 'nowhere'" in said[-1][1][0][1], said
    seconds, code = process.stop()
    assert (seconds < 10, code) == (True, 0), f"stopped after {seconds:.1f} s with {code}:\n{process.log[-2000:]}"


async def test_what_cannot_be_judged_goes_to_dead_letters_and_the_rest_goes_on(engine, wait_until):
    deployment, start = engine
    broken = tracks(0) | {"score": []}
    await deployment.produce("tracks", [("cam-1", b"\x00not avro")], raw=True)
    process = start()

    async def letters():
        await deployment.produce("tracks", [("cam-1", broken)])
        return len({v["message"] for _, v in await deployment.read("dead-letters")}) >= 2

    await wait_until(letters, 60)
    messages = " ".join(v["message"] for _, v in await deployment.read("dead-letters"))
    assert "1 track ids but 0 score" in messages
    assert process.stop()[1] == 0
