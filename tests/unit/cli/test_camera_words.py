"""What `vigie cameras` says of a camera: no figure that nobody measured, no state of what is only a file."""

import pytest

from vigie_cli.cameras_deployed import SILENT, Deployed
from vigie_cli.cameras_shown import camera_details, camera_table, track_lines
from vigie_cli.wording import terminal_language

CAMERA = {
    "camera_id": "gate-01", "title": {"en": "The gate"}, "site": "town", "version": "c57d4c4e61088a04",
    "effective_at": 0, "time_zone": "Europe/Paris",
    "source": {"kind": "rtsp", "uri": "rtsp://192.0.2.17/x", "credentials": None},
    "sampling": {"fps": 2.0, "width": 960, "still_fps": None}, "models": ["hog"], "tags": [], "position": None,
    "zones": [], "lines": [], "masks": [], "calibration": [], "view_confirmed_at": None,
}  # fmt: skip


def deployed(state, fps, partition=3):
    return Deployed(CAMERA, None, partition, SILENT | {"state": state, "fps": fps})


@pytest.mark.parametrize(
    ("state", "fps", "expected"),
    [("online", 1.9, 1.9), ("online", 0.0, None), ("dark", 1.9, 1.9), ("offline", 1.9, None), ("unknown", None, None)],
)
def test_a_rate_is_told_only_where_it_was_measured_and_images_come(state, fps, expected):
    assert deployed(state, fps).measured_fps == expected


def test_a_camera_file_has_no_state_and_is_not_in_force():
    told = camera_details(deployed("unknown", None, partition=None), "en")
    assert [line for line in told if line.startswith(("version", "state"))] == [
        "version:      c57d4c4e61088a04 of the file, whatever is in service"
    ]


@pytest.mark.parametrize(
    ("status", "reason", "classes", "expected"),
    [
        ("ok", None, ["person", "car", "person"], "tracks:       1 car, 2 person in "),
        ("ok", None, [], "tracks:       none in "),
        ("failed", 'model "hog" is not served', [], "tracks:       none, failed (model "),
    ],
)
def test_tracks_are_counted_or_it_is_said_why_nobody_looked(status, reason, classes, expected):
    columns = {"object_class": classes, "track_id": range(4096, 4096 + len(classes)), "score": [0.5] * len(classes)}
    head = {"captured_at": 0, "status": status, "reason": reason, "models_missing": []}
    told, *each = track_lines(head | columns, "UTC")
    assert told.startswith(expected)
    assert [line.strip() for line in each] == [
        f"{name} {n}: track {4095 + n}, score 0.50" for n, name in enumerate(classes, 1)
    ]


def test_a_model_that_did_not_look_beside_others_is_named():
    head = {"captured_at": 0, "status": "ok", "reason": "model fire-smoke: no answer", "models_missing": ["fire-smoke"]}
    _, missing = track_lines(head | {"object_class": [], "track_id": [], "score": []}, "UTC")
    assert missing == "not looked:   fire-smoke (model fire-smoke: no answer)"


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (10_000, ["camera", "title", "site", "source", "state", "since", "frames/s", "tags"]),
        (57, ["camera", "title", "site", "state", "since", "frames/s", "tags"]),
        (45, ["camera", "title", "state", "since", "frames/s"]),
        (20, ["camera", "state", "since", "frames/s"]),
    ],
)
def test_a_narrow_terminal_leaves_out_the_columns_that_it_has_no_room_for(width, columns):
    table = camera_table([deployed("online", 1.9)], "en", width).renderables[0]
    assert [column.header for column in table.columns] == columns


@pytest.mark.parametrize(
    ("locale", "expected"),
    [({"LANG": "fr_FR.UTF-8"}, "fr"), ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"), ({}, "en")],
)
def test_the_terminal_speaks_the_language_of_its_locale(monkeypatch, locale, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == expected


def test_the_fleet_says_in_which_zone_its_times_are():
    """That of its site, and of several sites UTC."""
    here = Deployed(CAMERA, None, 3, SILENT | {"state": "online", "since": 1_782_907_200_000})
    there = Deployed(CAMERA | {"time_zone": "America/Cayenne"}, None, 3, here.health)
    for cameras, time, zone in (([here], "14:00", "Europe/Paris"), ([here, there], "12:00", "UTC")):
        table, total = camera_table(cameras, "en", 200).renderables
        since = [str(cell) for cell in table.columns[5].cells]
        assert since == [f"2026-07-01 {time}"] * len(cameras)
        assert str(total).endswith(f" online ({zone})")
    assert "state:        online since 2026-07-01 14:00:00 Europe/Paris" in camera_details(here, "en")
