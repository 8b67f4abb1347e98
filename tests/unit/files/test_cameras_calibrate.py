"""`vigie cameras calibrate`: points in, errors told, the camera file rewritten in one place; and the pictures."""

import shutil

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from vigie_cli.cameras_picture import draw_camera, draw_grid
from vigie_cli.main import app
from vigie_common.camera_file import control_points, read_camera
from vigie_common.ground_plane import ControlPoint, degree_m, ground_plane
from vigie_scene.camera import SceneCamera

CAMERA = SceneCamera(heading_deg=20.0)
SHARES = [(0.1, 0.95), (0.9, 0.9), (0.85, 0.5), (0.2, 0.45), (0.5, 0.7), (0.7, 0.6)]


@pytest.fixture
def cameras(tmp_path, repository):
    return shutil.copytree(repository / "cameras", tmp_path / "cameras")


@pytest.fixture
def points():
    ground = CAMERA.ground([(x * CAMERA.width, y * CAMERA.height) for x, y in SHARES])
    per_lat, per_lon = degree_m(CAMERA.lat)
    return [
        ControlPoint(x, y, CAMERA.lat + north / per_lat, CAMERA.lon + east / per_lon)
        for (x, y), (east, north) in zip(SHARES, ground.tolist(), strict=True)
    ]


def vigie(*arguments):
    return CliRunner().invoke(app, ["cameras", *map(str, arguments)])


def written(path, points, size=(1, 1), header="x,y,lat,lon"):
    rows = [f"{p.x * size[0]:.6f},{p.y * size[1]:.6f},{p.lat:.9f},{p.lon:.9f}" for p in points]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_points_come_from_a_file_and_the_worst_is_named(cameras, points, tmp_path):
    points[4] = points[4]._replace(lat=points[4].lat + 3 / degree_m(CAMERA.lat)[0])
    file = written(tmp_path / "points.csv", points)
    result = vigie("calibrate", cameras / "arenes-01.yaml", "--points", file)
    assert result.exit_code == 0
    rows = result.stdout.splitlines()
    assert [row.split()[0] for row in rows[1:7]] == ["1", "2", "3", "4", "5", "6"]
    assert [row.endswith("<- without it 0.00 m: look at it first") for row in rows[1:7]] == [False] * 4 + [True, False]
    assert " 3.00 m  <-" in rows[5]
    assert rows[7].startswith("error (root mean square): ")
    near, middle, far = (float(row.split()[-2]) for row in rows[8:])
    assert near < middle < far


def test_pixels_need_the_size_of_their_image(cameras, points, tmp_path):
    file = written(tmp_path / "points.csv", points, (1280, 720))
    alike = vigie("calibrate", cameras / "arenes-01.yaml", "--points", file, "--size", "1280x720")
    assert alike.exit_code == 0
    assert (
        alike.stdout
        == vigie("calibrate", cameras / "arenes-01.yaml", "--points", written(tmp_path / "shares.csv", points)).stdout
    )
    without = vigie("calibrate", cameras / "arenes-01.yaml", "--points", file)
    assert without.exit_code == 1
    assert without.stderr.splitlines()[0] == (
        f"{file}:2:1: x: 128.000000 is out of range: x and y are shares of the image, 0..1; for pixels give "
        "--size WIDTHxHEIGHT"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "F:1:1: the first line is empty: it must name the columns x, y, lat, lon"),
        ("x,y,lat\n", "F:1:1: the first line is x, y, lat: it must name the columns x, y, lat, lon"),
        ("x,y,lat,lon\n0.1,0.9,43,4\n0.2,high,43,4\n", 'F:3:1: y: "high" is not a number'),
        ("x,y,lat,lon\n0.1,0.9,143,4\n", "F:2:1: lat: 143 is out of range: give degrees, -90 to 90"),
        ("x,y,lat,lon\n0.1,0.9,nan,4\n", "F:2:1: lat: nan is out of range: give degrees, -90 to 90"),
        ("x,y,lat,lon\n0.1,0.9,43\n", 'F:2:1: lon: "" is not a number'),
        ("x,y,lat,lon\n0.1,0.9,43,4\n", "F:1:1: four points or more are needed: 1 given"),
        (
            "x,y,lat,lon\n0.1,0.9,43,4\n0.9,0.9,43,4.0002\n0.9,0.4,43,4\n0.1,0.4,43.1,4\n",
            "F:4:1: points 1 and 3 are in one place on the ground: remove one, or correct it",
        ),
    ],
)  # fmt: skip
def test_points_that_cannot_be_used_are_told_with_their_line(cameras, tmp_path, text, told):
    file = tmp_path / "points.csv"
    file.write_text(text, encoding="utf-8")
    result = vigie("calibrate", cameras / "arenes-01.yaml", "--points", file)
    assert (result.exit_code, result.stderr.replace(str(file), "F")) == (1, told + "\n")


def test_points_that_are_not_in_utf_8_are_told_with_the_byte(cameras, tmp_path):
    file = tmp_path / "points.csv"
    file.write_bytes("x,y,lat,lon,name\n0,0,0,0,café\n".encode("latin-1"))
    result = vigie("calibrate", cameras / "maison-carree-02.yaml", "--points", file)
    assert result.stderr == f"{file}:2:12: byte 0xe9 is not UTF-8: save the file as UTF-8\n"


def test_a_spreadsheet_in_french_is_read(cameras, points, tmp_path):
    rows = ["lat; lon; x; y"]
    rows += [";".join(f"{value:.9f}".replace(".", ",") for value in (p.lat, p.lon, p.x, p.y)) for p in points]
    (tmp_path / "points.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    result = vigie("calibrate", cameras / "arenes-01.yaml", "--points", tmp_path / "points.csv")
    assert (result.exit_code, "0.00 m at the points" in result.stdout) == (0, True)


@pytest.mark.parametrize("place", ["before", "after", "absent"])
def test_writing_the_points_leaves_every_other_line_alone(cameras, points, tmp_path, place):
    """Comments, quotes, spaces and the order of keys are the author's."""
    others = (
        "# who hung it: the town's own people\ncamera:   porte-01\ntitle: {fr: 'Porte'}   # to be named\nsite: nimes\n"
    )
    others += "source: {rtsp: rtsp://porte.example/2}\nmodels: [yolox-nano]\n"
    old = "calibration:   # by eye\n  - {image: [0.1, 0.1], lat: 43, lon: 4}  # the kerb\n\n# next\n"
    texts = {"before": old + others, "after": others + old.rstrip("\n"), "absent": others}
    file = cameras / "porte.yaml"
    file.write_text(
        texts[place].replace("  - {image: [0.1, 0.1], lat: 43, lon: 4}  # the kerb\n", "  []\n"),
        encoding="utf-8",
    )
    result = vigie("calibrate", file, "--points", written(tmp_path / "points.csv", points), "--write")
    assert (result.exit_code, result.stderr) == (0, "")
    text = file.read_text(encoding="utf-8")
    assert others in text
    assert ("# next" in text) == (place != "absent")
    for (x, y, lat, lon), (gx, gy, glat, glon) in zip(control_points(read_camera(file).content), points, strict=True):
        assert (x, y, lat, lon) == pytest.approx((gx, gy, glat, glon), abs=1e-7)


def test_a_file_without_a_calibration_asks_for_points(cameras):
    result = vigie("calibrate", cameras / "arenes-01.yaml")
    assert (result.exit_code, result.stderr) == (
        1,
        f"{cameras / 'arenes-01.yaml'}: has no calibration: give points with --points points.csv\n",
    )


def test_the_view_of_a_camera_file_is_drawn_on_an_image_with_its_masks_burned_in(cameras, tmp_path):
    still, view = tmp_path / "still.png", tmp_path / "view.png"
    cv2.imwrite(str(still), np.full((360, 640, 3), 200, np.uint8))
    result = vigie("show", cameras / "maison-carree-02.yaml", "--picture", view, "--image", still)
    assert (result.exit_code, result.stderr) == (0, "")
    drawn = cv2.imread(str(view))
    assert drawn.shape == (540, 960, 3)
    assert drawn[40:110, 30:280].min() == 0  # under the mask `windows` nothing of the picture is left
    assert not (drawn[40:110, 30:280] == 200).all(axis=2).any()
    assert tuple(drawn[520, 940]) == (200, 200, 200)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--image", "S"], "--from-source, --image and --tracks are about the view: say with --picture where to"),
        (
            ["--picture", "view.png", "--image", "S", "--tracks"],
            "--tracks: tracks are of the frame they were seen in: leave --from-source and --image out",
        ),
        (["--picture", "view.xyz", "--image", "S"], "view.xyz: no picture is written as .xyz: use .png or .jpg"),
        (["--picture", "view.png", "--image", "T"], "T: not a picture that can be read: give a JPEG or PNG"),
        (["--picture", "view.png", "--image", "S", "--from-source"], "--from-source and --image: give one of them"),
    ],
)
def test_a_picture_that_cannot_be_made_is_one_message(cameras, tmp_path, arguments, told):
    cv2.imwrite(str(tmp_path / "still.png"), np.zeros((90, 160, 3), np.uint8))
    (tmp_path / "text").write_text("no picture")
    files = {"S": tmp_path / "still.png", "T": tmp_path / "text"}
    result = vigie("show", cameras / "maison-carree-02.yaml", *(files.get(given, given) for given in arguments))
    assert (result.exit_code, result.stderr.replace(str(files["T"]), "T")) == (1, told + "\n")


def test_a_recording_gives_its_view_itself(cameras, tmp_path):
    folder = cameras / "stills"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.full((360, 640, 3), 120, np.uint8))
    file = cameras / "arenes-01.yaml"
    text = file.read_text(encoding="utf-8")
    source = "source: {rtsp: rtsp://camera-17.rtsp.example/stream2, credentials: env:CAMERA_CENTRE}"
    assert source in text
    file.write_text(text.replace(source, "source: {folder: stills}"), encoding="utf-8")
    result = vigie("show", file, "--from-source", "--picture", tmp_path / "view.jpg")
    assert (result.exit_code, result.stderr) == (0, "")
    assert cv2.imread(str(tmp_path / "view.jpg"))[530, 20].tolist() == pytest.approx([120] * 3, abs=4)


def test_a_square_of_the_grid_is_as_large_as_it_says(points):
    """Two lines of the drawn grid, measured back on the ground, lie one step apart."""
    plane = ground_plane(points)
    grey = np.full((720, 1280, 3), 90, np.uint8)
    drawn = draw_grid(grey, plane, points)
    column = drawn[:, 1000].astype(int)
    lines = np.flatnonzero((column[:, 0] > 200) & (column[:, 2] < 120))
    groups = [group.mean() for group in np.split(lines, np.flatnonzero(np.diff(lines) > 2) + 1)]
    assert len(groups) >= 3
    assert (grey == 90).all()  # drawn on a copy
    # every line of the grid is a multiple of 5 m east or north of the origin
    for y in groups:
        east, north = plane.metres(1000 / 1279, y / 719)
        off = min(abs(value - 5 * round(value / 5)) for value in (east, north))
        assert off < 0.5


def test_the_arrow_of_a_line_points_where_in_is(repository):
    from vigie_common.camera_record import camera_record
    from vigie_common.site_file import read_site

    content = read_camera(repository / "cameras" / "arenes-01.yaml").content
    site = read_site(repository / "cameras" / "site.yaml").content
    record = camera_record(content, site, repository, 0)
    (line,) = record["lines"]  # from left to right: the right of whoever walks along it is below
    blank = np.full((540, 960, 3), 90, np.uint8)
    drawn = draw_camera(blank, record | {"zones": []})
    x, y = round((line["x1"] + line["x2"]) / 2 * 959), round((line["y1"] + line["y2"]) / 2 * 539)
    red = (drawn[:, x - 40 : x + 40, 2] > 240) & (drawn[:, x - 40 : x + 40, 0] < 120)
    widths = red.sum(axis=1)
    head, tail = widths[y + 20 : y + 110], widths[y - 110 : y - 20]
    assert head.sum() > tail.sum()
