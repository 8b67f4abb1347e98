"""What goes wrong with cameras, on real sockets and in a real capture process that another camera shares."""

import itertools
import os
import signal
import socket
from itertools import pairwise

import pytest
import simplejpeg
from conftest import HttpSimulator, Simulator
from sampler_footage import number_in, write_clip

KINDS = ("rtsp", "mjpeg", "snapshot")


@pytest.fixture(scope="module")
def witness(capture_process, camera_clip):
    """A camera that plays on, in the process that suffers."""
    simulator = Simulator(camera_clip)
    yield capture_process.watch("witness", kind="rtsp", uri=simulator.address())
    capture_process.forget("witness")
    simulator.close()


@pytest.fixture(autouse=True)
def nothing_lost(witness, wait_until):
    """Whatever a test does to its cameras: every picture that the witness owes comes, in one session, on time."""
    wait_until(lambda: len(witness.status("ok")) >= 2, 60)
    begun = len(witness.frames)
    yield
    wait_until(lambda: len(witness.frames) >= begun + 2, 10)
    frames = witness.frames[begun - 1 :]
    assert {f["status"] for f in frames} == {"ok"}
    assert [f["seq"] for f in frames] == list(range(frames[0]["seq"], frames[0]["seq"] + len(frames)))
    assert len({f["session"] for f in frames}) == 1
    shown = [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in frames]
    assert {(b - a) % 100 for a, b in pairwise(shown)} <= {4, 5, 6}


@pytest.fixture(scope="module", autouse=True)
def blind(capture_process, tmp_path_factory):
    """Cameras that are black or frozen from the start: it takes 20 s to be sure. {(state, kind): told}"""
    folder = tmp_path_factory.mktemp("shades")
    clips = [write_clip(folder / f"{n}.mp4", pictures=100, shades=[n] * 100) for n in (0, 120)]
    running = [Simulator(clips[0], clips[1], "--cameras", "2")]
    told = {}
    for n, state in enumerate(("dark", "frozen")):
        running.append(HttpSimulator())
        running[-1].order({"dark": "black"}.get(state, state))
        places = (running[0].address(f"cam{n}"), *(running[-1].address(kind) for kind in KINDS[1:]))
        for kind, uri in zip(KINDS, places, strict=True):
            told[state, kind] = capture_process.watch(f"{state}-{kind}", kind=kind, uri=uri)
    yield told
    for state, kind in told:
        capture_process.forget(f"{state}-{kind}")
    for simulator in running:
        simulator.close()


@pytest.fixture
def cameras(capture_process, simulate, simulate_http):
    """Starts simulated cameras of the kinds, and captures them: `cameras(*KINDS)` gives {kind: (simulator, told)}.

    An RTSP camera is ordered by `order(simulator, ...)`, like the others.
    """
    started, numbers = [], itertools.count()

    def start(*kinds, options=(), **fields):
        given = {}
        for kind in kinds:
            simulator = simulate(*options) if kind == "rtsp" else simulate_http(*options)
            given[kind] = (simulator, watch(kind, simulator.address("cam0" if kind == "rtsp" else kind), **fields))
        return given

    def watch(kind, uri, **fields):
        name = f"{kind}-{next(numbers)}"
        started.append(name)
        return capture_process.watch(name, kind=kind, uri=uri, **fields)

    start.watch = watch
    yield start
    for name in started:
        capture_process.forget(name)


def order(kind, simulator, *words):
    simulator.order(*(("cam0", *words) if kind == "rtsp" else words))


def playing(given, wait_until):
    for _, told in given.values():
        wait_until(lambda told=told: len(told.status("ok")) >= 3, 30)


def rises(told):
    times = [f["captured_at"] for f in told.frames]
    assert times == sorted(set(times))
    return times


def test_killed_cameras_are_told_from_others_at_once(cameras, wait_until):
    given = cameras(*KINDS)
    playing(given, wait_until)
    for simulator, _ in given.values():
        os.kill(simulator.process.pid, signal.SIGKILL)
    for kind, (_, told) in given.items():
        wait_until(lambda told=told: any("nothing listens there" in r for r in told.reasons), 30)
        assert told.states[0] == "online"
        assert told.states[-1] == "offline", kind
        rises(told)


def test_cameras_that_accept_and_say_nothing_are_given_up(cameras, wait_until):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = f"127.0.0.1:{mute.getsockname()[1]}/x"
        told = [cameras.watch(kind, f"{'rtsp' if kind == 'rtsp' else 'http'}://{place}") for kind in KINDS]
        for camera in told:
            wait_until(lambda camera=camera: sum("no answer in time" in r for r in camera.reasons) >= 2, 30)
            assert camera.states == ["offline"]
            assert all(f["jpeg"] is None for f in camera.frames)


def test_cameras_that_stop_in_the_middle_of_a_picture_are_taken_up_again(cameras, wait_until):
    given = cameras(*KINDS)
    playing(given, wait_until)
    for kind, (simulator, _) in given.items():
        order(kind, simulator, "half")
    for kind, (simulator, told) in reversed(given.items()):
        wait_until(lambda told=told: any("no answer in time" in r for r in told.reasons), 30)
        assert told.states[0] == "online"
        assert told.states[-1] == "offline", kind
        order(kind, simulator, "play")
    for _, told in given.values():
        lost = told.frames[0]["session"]
        wait_until(lambda told=told, lost=lost: told.frames[-1]["session"] > lost, 30)
        wait_until(lambda told=told: told.states[-1] == "online", 30)
        rises(told)


def test_cameras_that_refuse_the_connection_are_told_so(cameras, wait_until, unused_tcp_port):
    place = f"127.0.0.1:{unused_tcp_port}/x"
    told = [cameras.watch(kind, f"{'rtsp' if kind == 'rtsp' else 'http'}://{place}") for kind in KINDS]
    for camera in told:
        expected = "cannot be opened (Connection refused): nothing listens there; check address, port and that"
        wait_until(lambda camera=camera, expected=expected: any(expected in r for r in camera.reasons), 30)
        assert camera.states == ["offline"]


def test_a_wrong_password_is_told_by_its_reference_and_said_nowhere(cameras, wait_until, capture_process):
    options = ("--user", "operator", "--password", "right")
    given = cameras(*KINDS, options=options, credentials="env:CAMERA_CENTRE")
    for _, told in given.values():
        expected = "the camera refuses env:CAMERA_CENTRE; correct user and password"
        wait_until(lambda told=told, expected=expected: any(expected in r for r in told.reasons), 30)
        assert told.states == ["offline"]
    said = str([told.messages for told in capture_process.cameras.values()]) + "".join(capture_process.log)
    assert "hunter2" not in said
    assert "operator" not in said


def test_cameras_that_ask_for_a_password_and_are_given_none_are_told_what_to_write(cameras, wait_until):
    given = cameras("mjpeg", "snapshot", options=("--user", "operator", "--password", "right"))
    for _, told in given.values():
        wait_until(lambda told=told: any("source.credentials, such as env:NAME" in r for r in told.reasons), 30)


def test_a_refusal_is_told_with_its_fix(cameras, wait_until):
    refusals = {
        403: "(403 Forbidden): no credentials may not read this; give the user the right to",
        404: "(404 Not Found): the camera has no such address; check the path",
        503: "(503 Service Unavailable): the camera is busy",
    }
    given = {status: cameras("snapshot")["snapshot"] for status in refusals}
    playing(given, wait_until)
    for status, (simulator, _) in given.items():
        simulator.order("status", str(status))
    for status, (simulator, told) in given.items():
        wait_until(lambda told=told, fix=refusals[status]: any(fix in r for r in told.reasons), 30)
        simulator.order("status", "200")
    for _, told in given.values():
        wait_until(lambda told=told: told.states == ["online", "offline", "online"], 30)


def test_garbage_is_no_picture(cameras, wait_until):
    given = cameras(*KINDS)
    playing(given, wait_until)
    for kind, (simulator, _) in given.items():
        order(kind, simulator, "garbage")
    expected = {"rtsp": "cam0", "mjpeg": "what comes is no MJPEG", "snapshot": "what comes is no JPEG"}
    for kind, (simulator, told) in reversed(given.items()):
        wait_until(lambda told=told, kind=kind: any(expected[kind] in r for r in told.reasons), 30)
        order(kind, simulator, "play")
    for _, told in given.values():
        wait_until(lambda told=told: told.states[-1] == "online" and "offline" in told.states, 30)
        rises(told)


def test_what_is_no_camera_is_told_so(cameras, wait_until):
    given = cameras("snapshot")
    simulator, told = given["snapshot"]
    simulator.order("text")
    wait_until(lambda: any("no JPEG (text/html, 39 bytes); check the path" in r for r in told.reasons), 30)
    simulator.order("other")
    wait_until(lambda: any("what answers does not speak HTTP" in r for r in told.reasons), 30)
    stream = cameras.watch("mjpeg", simulator.address("snapshot"))
    picture = cameras.watch("snapshot", simulator.address("mjpeg"))
    simulator.order("play")
    wait_until(lambda: any("one picture and no stream; name it in source.snapshot" in r for r in stream.reasons), 30)
    wait_until(lambda: any("name it in source.mjpeg" in r for r in picture.reasons), 30)


def test_torn_pictures_are_not_passed_off_as_pictures(cameras, wait_until):
    given = cameras("mjpeg", "snapshot")
    playing(given, wait_until)
    for simulator, _ in given.values():
        simulator.order("torn", "on")
    wait_until(lambda: "torn" in given["mjpeg"][1].troubles, 30)
    wait_until(lambda: "corrupt" in given["snapshot"][1].troubles, 30)
    for _, told in given.values():
        wait_until(lambda told=told: told.reasons, 30)


def test_the_resolution_may_change_midway(cameras, wait_until, simulate, camera_clip, tmp_path):
    larger = write_clip(tmp_path / "larger.mp4", pictures=100, width=640, height=480)
    simulator = simulate(more=[larger])
    told = cameras.watch(
        "rtsp", simulator.address(), masks=[{"name": "m", "points": [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]}]
    )
    wait_until(lambda: len(told.status("ok")) >= 3, 30)
    simulator.order("cam0", "clip", "1")
    wait_until(lambda: len([f for f in told.status("ok") if f["source_width"] == 640]) >= 3, 30)
    last = told.status("ok")[-1]
    assert (last["source_width"], last["source_height"], last["width"], last["height"]) == (640, 480, 320, 240)
    image = simplejpeg.decode_jpeg(last["jpeg"], "GRAY")
    assert image[124:].max() < 16
    assert image[:116].max() > 90
    assert told.troubles == ["size_change"]
    assert told.states == ["online"]
    rises(told)


def test_a_clock_that_jumps_by_ten_hours_leaves_no_hole(cameras, wait_until, now_ms):
    given = {(kind, jump): cameras(kind)[kind] for kind in ("rtsp", "mjpeg") for jump in ("36000", "-36000")}
    for (kind, _), (simulator, _) in given.items():
        if kind == "mjpeg":
            simulator.order("flavour", "stamped")
    playing(given, wait_until)
    wait_until(lambda: all(t.frames[-1]["clock"] == "stream" or k[0] == "mjpeg" for k, (_, t) in given.items()), 10)
    counts = {which: len(told.frames) for which, (_, told) in given.items()}
    for (kind, jump), (simulator, _) in given.items():
        order(kind, simulator, *(("jump", jump) if kind == "rtsp" else ("skew", jump)))
    for which, (_, told) in given.items():
        wait_until(lambda told=told, n=counts[which]: len(told.frames) >= n + 8, 30)
    for (kind, jump), (simulator, told) in given.items():
        order(kind, simulator, "skew", jump)
        counts[kind, jump] = len(told.frames)
    for which, (_, told) in given.items():
        wait_until(lambda told=told, n=counts[which]: len(told.frames) >= n + 8, 30)
        times = rises(told)[2:]
        assert max(b - a for a, b in pairwise(times)) < 1_000
        assert abs(now_ms() - times[-1]) < 2_500
        assert told.states == ["online"]
        assert told.frames[-1]["clock"] == "arrival"
        if which[0] == "rtsp":
            assert "time_jump" in told.troubles


def test_timestamps_that_wrap_keep_the_cameras_own_clock(cameras, wait_until):
    given = cameras("rtsp")
    playing(given, wait_until)
    simulator, told = given["rtsp"]
    session = told.frames[0]["session"]
    simulator.order("cam0", "wrap")
    simulator.order("cam0", "drop")
    wait_until(lambda: told.frames[-1]["session"] > session and told.frames[-1]["seq"] >= 12, 30)
    frames = [f for f in told.frames if f["session"] > session and f["jpeg"] is not None]
    assert {f["clock"] for f in frames} == {"stream"}
    assert max(b["captured_at"] - a["captured_at"] for a, b in pairwise(frames)) < 1_000
    assert told.troubles == []


def test_a_flood_is_sampled_no_more_often_than_asked(cameras, wait_until, now_ms):
    given = cameras("rtsp", "mjpeg")
    playing(given, wait_until)
    for kind, (simulator, _) in given.items():
        order(kind, simulator, "flood")
    for _, told in given.values():
        wait_until(lambda told=told: "flood" in told.troubles, 30)
    begun_ms, before = now_ms(), {kind: len(told.frames) for kind, (_, told) in given.items()}
    wait_until(lambda: now_ms() - begun_ms > 3_000, 30)
    for kind, (simulator, told) in given.items():
        assert 8 <= len(told.frames) - before[kind] <= 3 * 5 * 1.25 + 3 * 5 + 2, kind
        rises(told)
        order(kind, simulator, "play")
        assert told.states == ["online"]


def test_a_rate_that_the_header_lies_about_costs_no_picture(cameras, wait_until, simulate, tmp_path):
    simulator = simulate("--cameras", "3", clip=write_clip(tmp_path / "slow.mp4", pictures=100, rate=5, gop=5))
    for n, claim in enumerate(("25", "90000", "0")):
        simulator.order(f"cam{n}", "claim", claim)
    for told in [cameras.watch("rtsp", simulator.address(f"cam{n}")) for n in range(3)]:
        wait_until(lambda told=told: len(told.status("ok")) >= 12, 30)
        shown = [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in told.status("ok")[4:12]]
        assert [(b - a) % 100 for a, b in pairwise(shown)] == [1] * 7


def test_timestamps_that_are_nonsense_are_not_believed(cameras, wait_until, simulate):
    simulator = simulate("--cameras", "3")
    for n, pace in enumerate(("0", "0.1", "20")):
        simulator.order(f"cam{n}", "pace", pace)
        simulator.order(f"cam{n}", "reports", "off")
    watched = [cameras.watch("rtsp", simulator.address(f"cam{n}")) for n in range(3)]
    for told in watched:
        wait_until(lambda told=told: "time_distrusted" in told.troubles, 30)
    counted = [len(told.frames) for told in watched]
    for told, before in zip(watched, counted, strict=True):
        wait_until(lambda told=told, before=before: len(told.frames) >= before + 10, 30)
        spacing = [b - a for a, b in pairwise(rises(told)[before:])]
        assert abs(sum(spacing) / len(spacing) - 200) < 60


def test_a_still_scene_is_watched_at_the_full_rate_and_sent_at_the_low_one(cameras, wait_until):
    simulator, told = cameras("snapshot", fps=10.0, still_fps=0.5)["snapshot"]
    playing({"snapshot": (simulator, told)}, wait_until)
    simulator.order("rate", "0.001")  # the same picture from now on
    wait_until(lambda: len([f for f in told.status("ok") if f["still"]]) >= 2, 30)
    still = [f for f in told.status("ok") if f["still"]]
    spacing = [b["captured_at"] - a["captured_at"] for a, b in pairwise(still)]
    assert all(1_900 <= ms < 2_300 for ms in spacing), spacing
    assert [f["watched_ms"] for f in still[1:]] == spacing
    seqs = [f["seq"] for f in told.frames]
    assert seqs == list(range(len(seqs))), "a picture that is held back has no number, and leaves no hole"
    simulator.order("rate", "25")
    begun = len(told.frames)
    wait_until(lambda: len([f for f in told.frames[begun:] if not f["still"]]) >= 5, 30)
    assert told.reasons[1:] == []
    assert told.states == ["online"]


def test_a_stream_that_cannot_be_decoded_is_stalled(cameras, wait_until):
    simulator, told = cameras("rtsp")["rtsp"]
    playing({"rtsp": (simulator, told)}, wait_until)
    simulator.order("cam0", "scramble")
    wait_until(lambda: told.states[-1] == "stalled", 30)
    assert any("no image for" in r for r in told.reasons)
    simulator.order("cam0", "play")
    wait_until(lambda: told.states == ["online", "stalled", "online"], 30)
    assert len({f["session"] for f in told.frames}) == 1
    rises(told)


def test_black_and_frozen_pictures_are_seen_and_nothing_to_watch(blind, wait_until):
    for (state, _), told in blind.items():
        wait_until(lambda told=told, state=state: told.status(state), 60)
        assert told.states[-1] == state
        assert told.status(state)[0]["jpeg"] is not None
        assert not told.reasons[1:], "the first may be the wait for the first picture"
