"""RTSP cameras on real sockets: what a capture says while they play, stall, die, come back or refuse."""

from itertools import pairwise

import numpy as np
import simplejpeg
from sampler_footage import number_in, write_clip

from vigie_frame_sampler import rtsp_source
from vigie_frame_sampler.picture import Limits
from vigie_frame_sampler.plan import CameraPlan
from vigie_frame_sampler.planes import luma_of


def test_a_playing_camera_gives_pictures_at_the_sampling_rate(simulate, watch, wait_until):
    camera = watch(uri=simulate().address(), fps=5.0)
    wait_until(lambda: len(camera.status("ok")) >= 16, 15)
    frames = camera.status("ok")[:16]
    spacing = [b["captured_at"] - a["captured_at"] for a, b in pairwise(frames)]
    assert abs(sum(spacing) / len(spacing) - 200) < 30
    numbers = [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in frames]
    assert {(b - a) % 100 for a, b in pairwise(numbers)} <= {4, 5, 6}
    assert {(f["source_width"], f["source_height"], f["source_frame"]) for f in frames} == {(320, 192, None)}
    assert camera.states == ["online"]


def test_the_cameras_own_clock_is_used_where_it_agrees_with_arrival(simulate, watch, wait_until, now_ms):
    simulator = simulate()
    simulator.order("cam0", "skew", "-0.8")
    camera = watch(uri=simulator.address())
    wait_until(lambda: len(camera.status("ok")) >= 5, 15)
    last = camera.status("ok")[-1]
    assert last["clock"] == "stream"
    assert 600 < now_ms() - last["captured_at"] < 2_500


def test_a_camera_clock_that_is_wrong_is_not_believed(simulate, watch, wait_until, now_ms):
    simulator = simulate()
    simulator.order("cam0", "skew", "-3600")
    camera = watch(uri=simulator.address())
    wait_until(lambda: len(camera.status("ok")) >= 5, 15)
    last = camera.status("ok")[-1]
    assert last["clock"] == "arrival"
    assert abs(now_ms() - last["captured_at"]) < 1_500


def test_key_frames_alone_are_decoded_where_they_come_often_enough(simulate, watch, wait_until, tmp_path):
    clip = write_clip(tmp_path / "keys.mp4", pictures=100, gop=10)
    camera = watch(uri=simulate(clip=clip).address(), fps=2.3)
    wait_until(lambda: len(camera.status("ok")) >= 6, 20)
    numbers = [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in camera.status("ok")]
    assert [n % 10 for n in numbers[-2:]] == [0, 0]


def test_a_camera_is_decoded_without_the_loop_filter_where_the_limits_say_so(simulate, tmp_path):
    options = {"preset": "veryfast", "crf": "30", "x264-params": "keyint_min=1:deblock=0,0"}
    address = simulate(clip=write_clip(tmp_path / "c.mp4", pictures=25, gop=25, options=options)).address()
    plan = CameraPlan("cam-1", "v1", "rtsp", address, 2.0, 320)

    def first(limits):
        return luma_of(next(iter(rtsp_source.RtspSource(plan, limits).pictures(lambda: False))).frame).astype(np.int16)

    true, again, cheap = (first(Limits(loop_filter=on)) for on in (True, True, False))
    assert (true == again).all()
    assert 0 < np.abs(true - cheap).max() < 64


def test_a_stalled_camera_is_reported_and_taken_up_again_under_a_new_session(simulate, watch, wait_until):
    simulator = simulate()
    camera = watch(uri=simulator.address())
    wait_until(lambda: camera.status("ok"), 15)
    simulator.order("cam0", "stall")
    wait_until(lambda: len(camera.status("offline")) >= 4, 20)
    wait_until(lambda: "offline" in camera.states, 20)
    simulator.order("cam0", "play")
    first_session = camera.frames[0]["session"]
    wait_until(lambda: camera.status("ok")[-1]["session"] > first_session, 20)
    times = [f["captured_at"] for f in camera.frames]
    assert times == sorted(set(times))
    blind = camera.status("offline")
    gaps = [b["captured_at"] - a["captured_at"] for a, b in pairwise(blind)]
    assert max(gaps) < 2_500
    wait_until(lambda: camera.states == ["online", "offline", "online"], 20)


def test_a_camera_that_is_killed_comes_back(simulate, watch, wait_until):
    simulator = simulate()
    camera = watch(uri=simulator.address())
    wait_until(lambda: camera.status("ok"), 15)
    simulator.order("cam0", "off")
    wait_until(lambda: len(camera.status("offline")) >= 2, 20)
    lost = camera.frames[0]["session"]
    simulator.order("cam0", "play")
    wait_until(lambda: camera.status("ok")[-1]["session"] != lost, 20)
    again = [f for f in camera.frames if f["session"] != lost]
    assert [f["seq"] for f in again] == list(range(len(again)))
    assert any("cam0" in f["reason"] for f in camera.status("offline"))


def test_the_right_password_opens_a_camera(simulate, watch, wait_until, monkeypatch):
    monkeypatch.setenv("CAMERA_CENTRE", "operator:p@ss/word")
    camera = watch(
        uri=simulate("--user", "operator", "--password", "p@ss/word").address(), credentials="env:CAMERA_CENTRE"
    )
    wait_until(lambda: camera.status("ok"), 15)


def test_a_wrong_password_is_reported_by_its_reference_only(simulate, watch, wait_until, monkeypatch, capfd):
    monkeypatch.setenv("CAMERA_CENTRE", "operator:hunter2")
    simulator = simulate("--user", "operator", "--password", "right")
    camera = watch(uri=simulator.address(), credentials="env:CAMERA_CENTRE")
    wait_until(lambda: camera.status("offline"), 15)
    expected = (
        f"camera cam-1: {simulator.address()} cannot be opened "
        "(Server returned 401 Unauthorized (authorization failed)): "
        "the camera refuses env:CAMERA_CENTRE; correct user and password"
    )
    wait_until(lambda: camera.status("offline")[-1]["reason"] == expected, 15)
    camera.stop()
    said = str(camera.messages) + "".join(capfd.readouterr())
    assert "hunter2" not in said
    assert "operator" not in said


def test_a_camera_that_nobody_answers_for_is_reported(watch, wait_until, unused_tcp_port):
    camera = watch(uri=f"rtsp://127.0.0.1:{unused_tcp_port}/cam0")
    wait_until(lambda: len(camera.status("offline")) >= 2, 15)
    reason = camera.status("offline")[-1]["reason"]
    assert f"rtsp://127.0.0.1:{unused_tcp_port}/cam0 cannot be opened (Connection refused)" in reason
    assert camera.states == ["offline"]


def test_a_missing_stream_is_reported(simulate, watch, wait_until):
    camera = watch(uri=simulate().address("elsewhere"))
    wait_until(lambda: camera.status("offline"), 15)
    wait_until(lambda: "the camera has no such stream" in camera.status("offline")[-1]["reason"], 15)


def test_a_stream_that_cannot_be_decoded_for_long_is_begun_anew(simulate, watch, wait_until, monkeypatch):
    monkeypatch.setattr(rtsp_source, "UNDECODED_S", 2.0)
    simulator = simulate()
    camera = watch(uri=simulator.address())
    wait_until(lambda: camera.status("ok"), 15)
    simulator.order("cam0", "scramble")
    expected = "packets come, but no picture could be decoded for 2 s"
    wait_until(lambda: any(expected in f["reason"] for f in camera.status("offline")), 30)
    simulator.order("cam0", "play")
    first_session = camera.frames[0]["session"]
    wait_until(lambda: camera.status("ok")[-1]["session"] > first_session, 30)


def test_h265_is_read_like_h264(simulate, watch, wait_until, tmp_path):
    options = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=25:min-keyint=25:scenecut=0"}
    clip = write_clip(tmp_path / "h265.mp4", pictures=100, codec="libx265", b_frames=0, options=options)
    camera = watch(uri=simulate(clip=clip).address())
    wait_until(lambda: len(camera.status("ok")) >= 8, 20)
    numbers = [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in camera.status("ok")[:8]]
    assert {(b - a) % 100 for a, b in pairwise(numbers)} <= {4, 5, 6}
    assert {f["clock"] for f in camera.status("ok")} == {"stream"}
