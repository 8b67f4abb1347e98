"""`vigie cameras check`: what is allowed in a camera file and rarely meant, at its line; errors and warnings apart."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from vigie_cli.main import app
from vigie_common.camera_file import control_points, read_camera
from vigie_common.ground_plane import ground_plane

CAMERA = "maison-carree-02.yaml"
LIVRAISON = "livraison: [[0.40, 0.55], [0.62, 0.54], [0.66, 0.80], [0.38, 0.82]]"
PORTE = "porte: {from: [0.10, 0.60], to: [0.90, 0.62], in: entrée, out: sortie}"
FIRST_POINT = "{image: [0.21, 0.75], lat: 43.83821, lon: 4.35602}"


@pytest.fixture
def cameras(tmp_path, repository):
    return shutil.copytree(repository / "cameras", tmp_path / "cameras")


def check(*arguments):
    return CliRunner().invoke(app, ["cameras", "check", *map(str, arguments)])


def changed(cameras, *changes):
    path = cameras / CAMERA
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def warnings(cameras, *arguments):
    result = check(cameras, *arguments)
    assert result.exit_code == 0, result.stdout + result.stderr
    *told, _ = result.stdout.splitlines()
    return [line.replace(str(cameras / CAMERA), "F") for line in told]


def test_the_example_site_is_without_a_finding(cameras):
    result = check(cameras)
    assert (result.exit_code, result.stdout) == (0, "3 camera files of nimes: 0 errors, 0 warnings\n")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            [(LIVRAISON, "livraison: [[0.40, 0.55], [0.41, 0.55], [0.41, 0.57]]")],
            [
                (
                    "F:12:3: warning: zones.livraison: covers 0.010 % of the image, smaller than the foot of anybody "
                    "in it: draw it larger, or remove it"
                )
            ],
        ),
        (
            [("to: [0.90, 0.62]", "to: [0.11, 0.61]")],
            [
                (
                    "F:15:3: warning: lines.porte: 1.4 % of the image long, passages beside it are not counted: draw "
                    "it across the whole way"
                )
            ],
        ),
        (
            [
                (
                    "windows: [[0.02, 0.05], [0.30, 0.04], [0.31, 0.22]",
                    "windows: [[0.02, 0.05], [0.98, 0.04], [0.98, 0.70]",
                )
            ],
            [
                (
                    "F:19:5: warning: calibration[2]: point 3 is hidden by a mask: nobody can check it on the picture; "
                    "choose one that is seen"
                ),
            ],
        ),
        (
            [
                (
                    "windows: [[0.02, 0.05], [0.30, 0.04], [0.31, 0.22], [0.02, 0.25]]",
                    "gate: [[0, 0.5], [1, 0.5], [1, 0.7], [0, 0.7]]",
                )
            ],
            [
                "F:12:3: warning: zones.livraison: 56 % of it is hidden by masks (gate): move one of them",
                "F:15:3: warning: lines.porte: all of it is hidden by masks, where nobody is counted: move one of them",
            ],
        ),
        (
            [("lat: 43.8383, lon: 4.3561, height", "lat: 43.8483, lon: 4.3561, height")],
            ["F:8:1: warning: position: 1.1 km from the calibration points: one of the two has a wrong lat or lon"],
        ),
        (
            [("rtsp://camera-02.rtsp.example/stream2", "rtsp://camera-17.rtsp.example/stream2")],
            [
                (
                    "F:4:16: warning: source.rtsp: camera arenes-01 reads the same: everybody in it would be counted "
                    "twice; write this camera's own"
                )
            ],
        ),
    ],
)
def test_what_is_rarely_meant_is_told_at_its_line(cameras, changes, told):
    changed(cameras, *changes)
    assert warnings(cameras) == told


def test_the_wrong_point_of_a_calibration_is_named_with_its_metres(cameras):
    path = cameras / CAMERA
    plane = ground_plane(control_points(read_camera(path).content))
    more = [(x, y, *plane.position(x, y)) for x, y in ((0.5, 0.58), (0.45, 0.7), (0.6, 0.6))]
    lines = [f"  - {{image: [{x}, {y}], lat: {lat:.6f}, lon: {lon:.6f}}}" for x, y, lat, lon in more]
    path.write_text("\n".join([path.read_text(encoding="utf-8").rstrip("\n"), *lines, ""]), encoding="utf-8")
    assert warnings(cameras) == []
    changed(cameras, ("lat: 43.83838, lon: 4.35655", "lat: 43.83858, lon: 4.35655"))
    (told,) = warnings(cameras)
    assert told.startswith("F:19:5: warning: calibration: the points disagree by ")
    assert ": look at it first" in told
    assert "without point 3 the others agree to " in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            [("lat: 43.83838, lon: 4.35655", "lat: 43.83821, lon: 4.35602")],
            "F:19:5: error: calibration: points 1 and 3 are in one place on the ground: remove one, or correct it",
        ),
        (
            [("lat: 43.83838, lon: 4.35655", "lat: 44.83838, lon: 4.35655")],
            "F:19:5: error: calibration: point 3 is 111.1 km from another: at most 2 km; correct its lat or lon",
        ),
        (
            [("[0.62, 0.42]", "[0.495, 0.745]")],
            (
                "F:17:5: error: calibration: points 1, 2, 3 are on one line in the image: at least two must be off it, "
                "move one or add another"
            ),
        ),
        (
            [
                ("lat: 43.83838, lon: 4.35655", "lat: 43.83846, lon: 4.35629"),
                (
                    "  - {image: [0.30, 0.43], lat: 43.83846, lon: 4.35629}",
                    "  - {image: [0.30, 0.43], lat: 43.83838, lon: 4.35655}",
                ),
            ],
            (
                "F:17:5: error: calibration: the horizon would run between the points: two of them are exchanged, or "
                "one is wrong"
            ),
        ),
        (
            [(PORTE, "porte: {from: [0.10, 0.60], to: [0.10, 0.60]}")],
            "F:15:10: error: lines.porte: the line has no length: from and to are the same point; move one of them",
        ),
        (
            [(LIVRAISON, "livraison: [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]")],
            (
                "F:12:14: error: zones.livraison: the polygon crosses or touches itself: the edge after corner 1 meets "
                "the edge after corner 3; list the corners in order round the area"
            ),
        ),
    ],
)
def test_what_apply_refuses_is_an_error(cameras, changes, told):
    changed(cameras, *changes)
    result = check(cameras)
    assert result.exit_code == 1
    assert [line.replace(str(cameras / CAMERA), "F") for line in result.stdout.splitlines()] == [
        told,
        "3 camera files of nimes: 1 error, 0 warnings",
    ]


def test_warnings_are_errors_where_one_is_strict(cameras):
    changed(cameras, ("to: [0.90, 0.62]", "to: [0.11, 0.61]"))
    assert (check(cameras).exit_code, check(cameras, "--strict").exit_code) == (0, 1)


def test_one_file_is_checked_with_what_its_folder_knows(cameras):
    changed(cameras, ("camera: maison-carree-02", "camera: arenes-01"), ("to: [0.90, 0.62]", "to: [0.11, 0.61]"))
    result = check(cameras / CAMERA)
    assert result.exit_code == 1
    assert f'camera: the id "arenes-01" is taken by {cameras / "arenes-01.yaml"}: choose another' in result.stdout
    right = check(cameras / "arenes-01.yaml")
    assert (right.exit_code, right.stdout) == (0, "1 camera file of nimes: 0 errors, 0 warnings\n")


def test_programs_get_the_findings_as_json(cameras):
    path = changed(cameras, ("to: [0.90, 0.62]", "to: [0.11, 0.61]"))
    (found,) = json.loads(check(cameras, "--json").stdout)
    assert (found["file"], found["line"], found["column"], found["level"]) == (str(path), 15, 3, "warning")


def test_a_folder_without_cameras_is_one_message(tmp_path, cameras):
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(cameras / "site.yaml", empty)
    result = check(empty)
    assert (result.exit_code, result.stderr) == (
        1,
        (
            f"{empty}: no camera file in it nor in cameras/ below it: give the folder that holds them, each a file of "
            "its own ending in .yaml\n"
        ),
    )
