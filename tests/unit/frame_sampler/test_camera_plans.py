"""What the sampler makes of camera records, and where it finds their secrets."""

import pytest

from vigie_common.errors import BadInputError
from vigie_frame_sampler.credentials import with_credentials, without_credentials
from vigie_frame_sampler.plan import Mask, plan_from_record


def record(**fields):
    return {
        "camera_id": "gate",
        "version": "v7",
        "source": {
            "kind": "rtsp",
            "uri": "rtsp://host/s",
            "credentials": None,
            "loop": False,
            "pace": "real",
            "start": None,
        },
        "sampling": {"fps": 2.0, "width": 960},
        "models": ["hog"],
        "masks": [{"name": "window", "x": [0.0, 0.5, 0.5], "y": [0.0, 0.0, 1.0]}],
    } | fields


def test_a_record_becomes_a_plan():
    plan = plan_from_record(record())
    assert (plan.camera_id, plan.version, plan.fps, plan.width, plan.models) == ("gate", "v7", 2.0, 960, ("hog",))
    assert plan.masks == (Mask("window", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0))),)
    assert plan.live
    assert plan.heartbeat_s == 1.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sampling": {"fps": 0.0, "width": 960}}, "camera gate: sampling.fps 0 is outside 0..60"),
        ({"sampling": {"fps": float("nan"), "width": 960}}, "camera gate: sampling.fps nan is outside 0..60"),
        ({"sampling": {"fps": 2.0, "width": 8}}, "camera gate: sampling.width 8 is outside 16..7680"),
        ({"source": {"kind": "unknown", "uri": "http://x"}}, "camera gate: source kind 'unknown' cannot be read"),
        ({"source": {"kind": "file", "uri": ""}}, "camera gate: source.file is empty"),
        (
            {"masks": [{"name": "w", "x": [0.0, 1.5, 1.0], "y": [0.0, 0.0, 1.0]}]},
            r"mask 'w': vertex \(1.5, 0.0\) is outside 0..1",
        ),
        ({"masks": [{"name": "w", "x": [0.0, 1.0], "y": [0.0, 0.0]}]}, "mask 'w' has 2 x and 2 y; give three vertices"),
    ],
)
def test_a_wrong_record_is_refused_by_name_value_and_fix(fields, message):
    with pytest.raises(BadInputError, match=message):
        plan_from_record(record(**fields))


def test_a_change_of_masks_alone_keeps_the_capture():
    plan = plan_from_record(record())
    assert plan.same_capture(plan_from_record(record(masks=[], version="v8")))
    assert not plan.same_capture(plan_from_record(record(sampling={"fps": 5.0, "width": 960})))


@pytest.mark.parametrize(("kind", "same"), [("rtsp", True), ("mjpeg", False), ("snapshot", False)])
def test_another_width_asks_jpeg_cameras_anew_which_are_decoded_no_larger(kind, same):
    plans = [
        plan_from_record(record(source={"kind": kind, "uri": "http://host/s"}, sampling={"fps": 2.0, "width": width}))
        for width in (640, 1280)
    ]
    assert plans[0].same_capture(plans[1]) is same


def test_credentials_come_from_a_variable_and_are_escaped(monkeypatch):
    monkeypatch.setenv("CAM", "me:a:b/c@d")
    assert with_credentials("gate", "rtsp://host:554/s?x=1", "env:CAM") == "rtsp://me:a%3Ab%2Fc%40d@host:554/s?x=1"


def test_credentials_stand_in_the_address_where_it_says_so(monkeypatch):
    monkeypatch.setenv("CAM", "me:a&b c")
    assert (
        with_credentials("gate", "http://host/i?u={user}&p={password}", "env:CAM") == "http://host/i?u=me&p=a%26b%20c"
    )


def test_credentials_come_from_a_file(tmp_path):
    (tmp_path / "secret").write_text("me:pw\n")
    assert with_credentials("gate", "rtsp://host/s", f"file:{tmp_path}/secret") == "rtsp://me:pw@host/s"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:NOWHERE", "camera gate: credentials env:NOWHERE: the sampler has no variable NOWHERE; set it"),
        ("file:/nowhere/secret", "camera gate: credentials file:/nowhere/secret cannot be read"),
        ("env:BROKEN", "camera gate: env:BROKEN does not hold user:password"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(reference, message, monkeypatch):
    monkeypatch.setenv("BROKEN", "hunter2")
    with pytest.raises(BadInputError, match=message) as refused:
        with_credentials("gate", "rtsp://host/s", reference)
    assert "hunter2" not in str(refused.value)


def test_a_secret_in_place_of_a_reference_is_not_repeated():
    with pytest.raises(BadInputError) as refused:
        with_credentials("gate", "rtsp://host/s", "operator:hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cannot open rtsp://a:b@host/s, http://c@x", "cannot open rtsp://host/s, http://x"),
        ("rtsp://me:p@ss@host:554/s lost", "rtsp://host:554/s lost"),
        ("camera g: http://host/i?usr=me&pwd=s3cret: closed", "camera g: http://host/i?usr=…&pwd=…: closed"),
        ("(rtsp://host/user=admin&password=s3cret&channel=1)", "(rtsp://host/user=…&password=…&channel=…)"),
        ("rtsp://host/user=admin_password=s3cret_channel=1.sdp", "rtsp://host/user=…"),
        ("structure = 3, fps=2", "structure = 3, fps=2"),
    ],
)
def test_addresses_are_cleaned_for_logs(text, cleaned):
    assert without_credentials(text) == cleaned
