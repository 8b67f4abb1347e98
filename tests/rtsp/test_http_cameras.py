"""HTTP cameras on real sockets: MJPEG streams and snapshots, as they play, ask for credentials and look odd."""

from itertools import pairwise

import pytest
import simplejpeg
from sampler_footage import number_in

from vigie_frame_sampler import camera_capture, health
from vigie_frame_sampler.plan import Mask

KINDS = ("mjpeg", "snapshot")


def numbers(frames):
    return [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in frames]


@pytest.mark.parametrize("kind", KINDS)
def test_a_playing_camera_gives_pictures_at_the_sampling_rate(kind, simulate_http, watch, wait_until):
    camera = watch(kind=kind, uri=simulate_http().address(kind), fps=5.0)
    wait_until(lambda: len(camera.status("ok")) >= 12, 15)
    frames = camera.status("ok")[:12]
    spacing = [b["captured_at"] - a["captured_at"] for a, b in pairwise(frames)]
    assert abs(sum(spacing) / len(spacing) - 200) < 30
    assert {(b - a) % 100 for a, b in pairwise(numbers(frames))} <= {3, 4, 5, 6, 7}
    assert {(f["source_width"], f["source_height"], f["clock"]) for f in frames} == {(320, 192, "arrival")}
    assert all(250 <= f["clock_error_ms"] < 700 for f in frames)
    assert camera.states == ["online"]


@pytest.mark.parametrize("flavour", ["quoted", "wrong", "lengthless", "lying", "newlines", "bare"])
def test_parts_are_found_however_they_are_announced(flavour, simulate_http, watch, wait_until):
    simulator = simulate_http()
    simulator.order("flavour", flavour)
    camera = watch(kind="mjpeg", uri=simulator.address(), fps=10.0)
    wait_until(lambda: len(camera.status("ok")) >= 5, 15)
    assert {(b - a) % 100 for a, b in pairwise(numbers(camera.status("ok")[:5]))} <= {1, 2, 3, 4, 5}
    assert camera.troubles == []


def test_the_time_of_a_part_is_used_where_it_agrees_with_arrival(simulate_http, watch, wait_until, now_ms):
    simulator = simulate_http()
    simulator.order("flavour", "stamped")
    simulator.order("skew", "-0.8")
    camera = watch(kind="mjpeg", uri=simulator.address())
    wait_until(lambda: len(camera.status("ok")) >= 3, 15)
    frame = camera.status("ok")[-1]
    assert frame["clock"] == "stream"
    assert 600 < now_ms() - frame["captured_at"] < 2_500
    assert 700 < frame["clock_error_ms"] < 1_000
    simulator.order("skew", "36000")
    wait_until(lambda: camera.status("ok")[-1]["clock"] == "arrival", 15)
    times = [f["captured_at"] for f in camera.status("ok")]
    assert times == sorted(set(times))
    assert max(b - a for a, b in pairwise(times)) < 1_500
    assert camera.troubles == ["clock_lost"]


def test_a_new_connection_without_the_cameras_clock_has_lost_none(simulate_http, watch, wait_until):
    simulator = simulate_http()
    simulator.order("flavour", "stamped")
    camera = watch(kind="mjpeg", uri=simulator.address())
    wait_until(lambda: any(f["clock"] == "stream" for f in camera.status("ok")), 15)
    simulator.order("off")
    wait_until(lambda: camera.status("offline"), 15)
    simulator.order("flavour", "plain")
    simulator.order("play")
    wait_until(lambda: camera.status("ok")[-1]["clock"] == "arrival", 15)
    assert camera.troubles == []


def test_a_wide_picture_is_decoded_no_larger_than_needed_and_tells_its_own_size(simulate_http, watch, wait_until):
    simulator = simulate_http()
    simulator.order("size", "1280", "720")
    camera = watch(kind="snapshot", uri=simulator.address("snapshot"), width=320)
    wait_until(lambda: len(camera.status("ok")) >= 2, 15)
    frame = camera.status("ok")[-1]
    assert (frame["width"], frame["height"]) == (320, 180)
    assert (frame["source_width"], frame["source_height"]) == (1280, 720)
    assert all(0 <= n < 100 for n in numbers(camera.status("ok")))


def test_snapshots_come_over_one_connection_and_unchanged_ones_are_not_sent_again(simulate_http, watch, wait_until):
    simulator = simulate_http()
    simulator.order("tags", "on")
    simulator.order("rate", "0.001")
    camera = watch(kind="snapshot", uri=simulator.address("snapshot"), fps=10.0)
    wait_until(lambda: len(camera.status("ok")) >= 8, 15)
    counted = simulator.counted()
    assert counted["connections"] == 1
    assert counted["unchanged"] >= 6
    assert set(numbers(camera.status("ok"))) == {0}


def test_the_right_password_opens_a_camera(simulate_http, watch, wait_until, monkeypatch):
    monkeypatch.setenv("CAMERA_CENTRE", "operator:p@ss/wörd")
    watched = {}
    for scheme in ("digest", "basic"):
        simulator = simulate_http("--user", "operator", "--password", "p@ss/wörd", "--auth", scheme)
        for kind in KINDS:
            uri = simulator.address(kind)
            watched[scheme, kind] = watch(kind=kind, uri=uri, credentials="env:CAMERA_CENTRE")
    for which, camera in watched.items():
        wait_until(lambda camera=camera: len(camera.status("ok")) >= 3, 15)
        assert camera.status("offline") == [], which


def test_a_redirection_is_followed_on_the_same_host_with_the_credentials(simulate_http, watch, wait_until, monkeypatch):
    monkeypatch.setenv("CAMERA_CENTRE", "operator:right")
    simulator = simulate_http("--user", "operator", "--password", "right")
    camera = watch(kind="snapshot", uri=simulator.address("redirect"), credentials="env:CAMERA_CENTRE")
    wait_until(lambda: len(camera.status("ok")) >= 2, 15)


@pytest.mark.parametrize(("path", "kept"), [("redirect", False), ("moved", True)])
def test_a_temporary_redirection_holds_for_one_request_and_a_permanent_one_for_good(
    path, kept, simulate_http, watch, wait_until
):
    simulator = simulate_http()
    watch(kind="snapshot", uri=simulator.address(path), fps=10.0)
    counted = wait_until(lambda: (found := simulator.counted())["asked"] >= 5 and found, 15)
    assert counted["redirected"] == (1 if kept else pytest.approx(counted["asked"], abs=1))


def test_a_camera_whose_answer_stays_open_and_gives_no_image_has_stalled(simulate_http, watch, wait_until, monkeypatch):
    for module in (camera_capture, health):
        monkeypatch.setattr(module, "STALLED_MS", 1_500)
    cameras = []
    for kind in KINDS:
        simulator = simulate_http()
        cameras.append((simulator, watch(kind=kind, uri=simulator.address(kind), read_s=4.0)))
    for simulator, camera in cameras:
        wait_until(lambda camera=camera: camera.status("ok"), 15)
        simulator.order("stall")
    for _, camera in cameras:
        wait_until(lambda camera=camera: camera.states == ["online", "stalled", "offline"], 15)


def test_credentials_are_not_sent_on_to_another_host(simulate_http, watch, wait_until, monkeypatch, capfd):
    monkeypatch.setenv("CAMERA_CENTRE", "operator:right")
    simulator = simulate_http("--user", "operator", "--password", "right")
    camera = watch(kind="snapshot", uri=simulator.address("away"), credentials="env:CAMERA_CENTRE")
    expected = (
        f"camera cam-1: {simulator.address('away')} refuses (401 Unauthorized): "
        "it sends on to another host, or from https to http, where no credentials go; give that address"
    )
    wait_until(lambda: any(f["reason"] == expected for f in camera.status("offline")), 15)
    camera.stop()
    assert "secret" not in str(camera.messages) + "".join(capfd.readouterr())


@pytest.mark.parametrize("kind", KINDS)
def test_the_masks_lie_right_whatever_the_resolution(kind, simulate_http, watch, wait_until):
    simulator = simulate_http()
    corner = Mask("corner", ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)))
    camera = watch(kind=kind, uri=simulator.address(kind), masks=(corner,))
    wait_until(lambda: len(camera.status("ok")) >= 2, 15)
    simulator.order("size", "640", "480")
    wait_until(lambda: len([f for f in camera.status("ok") if f["source_width"] == 640]) >= 2, 15)
    frames = camera.status("ok")
    assert {(f["source_width"], f["source_height"], f["width"], f["height"]) for f in frames} == {
        (320, 192, 320, 192),
        (640, 480, 320, 240),
    }
    assert {f["session"] for f in frames} == {frames[0]["session"]}
    for frame in (frames[0], frames[-1]):
        image = simplejpeg.decode_jpeg(frame["jpeg"], "GRAY")
        hidden, shown = image[image.shape[0] // 2 + 8 :, 168:], image[: image.shape[0] // 2 - 8]
        assert hidden.max() < 16
        assert shown.max() > 90
    assert camera.troubles == ["size_change"]
