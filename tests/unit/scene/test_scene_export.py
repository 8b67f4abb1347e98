"""Takes as records and files that the rest of the house reads; times of frames; what disturbs the picture."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from vigie_common.camera_file import read_camera
from vigie_common.codec import Codec
from vigie_common.errors import BadInputError
from vigie_rule_engine.recorded import read_recording
from vigie_scene import picture
from vigie_scene.export import camera_file, camera_record, detection_records, mot_truth, recorded_tracks, track_records
from vigie_scene.film import film, frame_times
from vigie_scene.library import library_scene
from vigie_scene.spec import Scene, read_scene

WALKS = [{"actor": "route", "name": "anna", "points": [[-8, 5], [8, 5]]}]


@pytest.fixture(scope="module")
def take(scene):
    return film(scene(WALKS, duration_s=12))


def test_records_say_what_the_arrays_say(take):
    records = list(detection_records(take, "cam", 1_000))
    assert [record["captured_at"] for record in records] == (take.times_ms + 1_000).tolist()
    assert [record["seq"] for record in records] == list(range(len(take.times_ms)))
    assert sum(len(record["x1"]) for record in records) == len(take.detections.score)
    scores = [score for record in records for score in record["score"]]
    assert scores == take.detections.score.tolist()
    assert {record["session"] for record in records} == {records[0]["session"]}
    assert records[0]["session"][14] == "7"


def test_scores_of_a_frame_fall(take):
    for record in detection_records(take, "cam"):
        assert record["score"] == sorted(record["score"], reverse=True)


def test_the_tracker_follows_a_walker_with_one_identity(scene):
    made = scene(WALKS, duration_s=12, detector={"errors": "none"})
    ids = {track for record in track_records(film(made), "cam") for track in record["track_id"]}
    assert len(ids) == 1


def test_recorded_tracks_are_read_by_the_rule_tests(take, tmp_path):
    file = tmp_path / "tracks.csv"
    file.write_text(recorded_tracks(take), encoding="utf-8")
    recording = read_recording(file)
    assert recording.interval_ms == 200
    tracked = [record for record in track_records(take, "scene", 0) if record["track_id"]]
    read = [boxes for _, boxes in recording.frames if boxes]
    assert [[box.track_id for box in boxes] for boxes in read] == [record["track_id"] for record in tracked]


def test_the_truth_is_a_motchallenge_file(take):
    lines = [line.split(",") for line in mot_truth(take).splitlines()]
    assert len(lines) == len(take.truth.entity)
    frame, name, x, y, w, h, use, kind, seen = lines[0]
    assert (int(frame), int(name), use, kind) == (int(np.searchsorted(take.truth.starts, 0, "right")), 1, "1", "1")
    box = take.truth.box[0]
    assert [float(x), float(y), float(w), float(h)] == pytest.approx(
        [box[0], box[1], box[2] - box[0], box[3] - box[1]], abs=0.011
    )
    assert 0 <= float(seen) <= 1


def test_the_hidden_can_be_left_out_of_the_truth(take):
    assert mot_truth(take, least_visible=1.01) == ""


def test_the_camera_s_zones_are_where_the_world_s_are():
    made = library_scene("stopped-happens")
    record = camera_record(made, "cam")
    (bay,) = [zone for zone in record["zones"] if zone["name"] == "bay"]
    pixels = np.column_stack([bay["x"], bay["y"]]) * [made.lens.width, made.lens.height]
    assert made.lens.ground(pixels) == pytest.approx(np.array(made.ground.zones["bay"]), abs=1e-6)
    assert len(record["calibration"]) == 6
    assert all(0 <= corner <= 1 for zone in record["zones"] for corner in (*zone["x"], *zone["y"]))


@pytest.mark.parametrize("name", ["stopped-happens", "count-line-happens"])
def test_the_camera_file_is_the_camera_s_record(name, tmp_path):
    made = library_scene(name)
    file = tmp_path / "camera.yaml"
    file.write_text(camera_file(made, "cam"), encoding="utf-8")
    camera, record = read_camera(file).content, camera_record(made, "cam")
    for zone in record["zones"]:
        corners = np.column_stack([zone["x"], zone["y"]])
        assert np.array(camera.zones[zone["name"]]) == pytest.approx(corners, abs=1e-5)
    for line in record["lines"]:
        assert camera.lines[line["name"]].from_ == pytest.approx([line["x1"], line["y1"]], abs=1e-5)
    assert len(camera.calibration) == len(record["calibration"])


def test_a_zone_out_of_the_picture_is_refused(scene):
    made = scene(street={"zones": {"far-left": [(-90, 0), (-80, 0), (-80, 5)]}})
    with pytest.raises(BadInputError, match=r"zone far-left: the corner .* is not in the picture"):
        camera_record(made, "cam")


@pytest.mark.parametrize("fps", [10.0, 5.0, 2.0, 1.0])
def test_frames_come_at_the_rate_asked_for_with_jitter(scene, fps):
    times = frame_times(scene(sampling={"fps": fps, "jitter_ms": 12}, duration_s=600))
    steps = np.diff(times)
    assert len(times) == 600 * fps
    assert (steps > 0).all()
    assert steps.mean() == pytest.approx(1000 / fps, rel=0.001)
    assert steps.std() == pytest.approx(12 * 2**0.5, rel=0.1)


def test_no_frame_comes_in_a_gap(scene):
    times = frame_times(scene(sampling={"gaps": [[10, 25]]})) / 1000
    assert not ((times >= 10) & (times < 25)).any()
    assert ((times < 10).sum(), (times >= 25).sum()) == (50, 175)


def test_glare_takes_most_detections_away(scene):
    people = [{"actor": "standing", "name": f"p{k}", "at": [k - 4, 6]} for k in range(8)]
    take = film(scene(people, disturbances={"exposure_lost": [[20, 40]]}, detector={"flicker": 0}))
    per_frame = np.diff(take.detections.starts)
    dark = (take.times_ms >= 20_000) & (take.times_ms < 40_000)
    assert per_frame[dark].mean() < 0.35 * per_frame[~dark].mean()


def test_shaking_moves_the_whole_picture(scene):
    people = [{"actor": "standing", "name": f"p{k}", "at": [k - 1, 6], "kind": "car"} for k in (-4, 4)]
    take = film(scene(people, disturbances={"shake_px": 6.0, "shaken": [[20, 60]]}))
    left, right = (take.truth.box[take.truth.entity == k] for k in (0, 1))
    assert np.ptp(left[:100, 3]) == 0
    assert left[100:, 3].std() == pytest.approx(6, rel=0.3)
    assert (left[:, 3] - left[0, 3]) == pytest.approx(right[:, 3] - right[0, 3], abs=0.01)


def test_a_scene_file_says_what_is_wrong_and_where(tmp_path):
    file = tmp_path / "scene.yaml"
    file.write_text("scene: x\nactors:\n  - {actor: driver, name: d, lane: east}\n", encoding="utf-8")
    with pytest.raises(BadInputError, match='d: there is no lane "east": the street has none') as caught:
        read_scene_on_square(file)
    assert "scene.yaml" in str(caught.value)


def read_scene_on_square(file):
    file.write_text(file.read_text(encoding="utf-8") + "layout: square\n", encoding="utf-8")
    return read_scene(file)


def test_a_scene_file_is_the_scene_that_python_makes(tmp_path):
    file = tmp_path / "scene.yaml"
    file.write_text(
        "scene: x\nseed: 4\nduration_s: 9\nlayout: square\nactors:\n"
        "  - {actor: walker, name: anna, points: [[-8, 5], [8, 5]]}\n",
        encoding="utf-8",
    )
    actors = ({"actor": "walker", "name": "anna", "points": ((-8.0, 5.0), (8.0, 5.0))},)
    given = {"scene": "x", "seed": 4, "duration_s": 9, "layout": "square", "actors": actors}
    assert read_scene(file) == Scene.model_validate(given)


def test_two_actors_of_one_name_are_refused(scene):
    with pytest.raises(ValueError, match='two actors are called "anna"'):
        scene([*WALKS, *WALKS])


def test_a_picture_shows_bodies_boxes_and_false_positives(scene):
    actors = [
        {"actor": "standing", "name": "anna", "at": [-2, 5]},
        {"actor": "false_object", "name": "post", "at": [3, 5]},
    ]
    take = film(scene(actors, duration_s=2, detector={"flicker": 0}))
    bare, full = (picture.draw(take, 5, detections=shown) for shown in (False, True))
    assert bare.shape == (720, 1280, 3)
    for colour, least in ((picture.FOUND, 100), (picture.FALSE, 100)):
        assert (bare == colour).all(axis=2).sum() == 0
        assert (full == colour).all(axis=2).sum() > least


def run(*words):
    from vigie_cli.scene import app

    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_the_command_records_a_scene(tmp_path):
    done = run("record", "line-cross-happens", "--fps", 2, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "camera.yaml",
        "events.jsonl",
        "gt.txt",
        "tracks.csv",
        "tracks.txt",
    ]
    events = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    assert [event["direction"] for event in events if event["kind"] == "crossing"] == ["out"]
    assert read_recording(tmp_path / "out" / "tracks.csv").interval_ms == 500


def test_the_command_draws_and_films_a_scene(tmp_path):
    assert run("draw", "line-cross-happens", "--at", 9, "--truth", "--out", tmp_path / "a.png").exit_code == 0
    assert cv2.imread(str(tmp_path / "a.png")).shape == (720, 1280, 3)
    file = tmp_path / "own.yaml"
    file.write_text("scene: own\nduration_s: 8\nlayout: square\n", encoding="utf-8")
    assert run("video", file, "--fps", 1, "--noise", 3, "--out", tmp_path / "a.mp4").exit_code == 0
    film_ = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert film_.get(cv2.CAP_PROP_FRAME_COUNT) == 8


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("draw", "stoped-happens", "--out", "a.png"), 'did you mean "stopped-happens"'),
        (("draw", "stopped-happens", "--at", "999", "--out", "a.png"), "--at 999: the scene lasts"),
        (("video", "stopped-happens", "--out", "a.gif"), "name an .mp4 or .mkv file"),
        (("record", "none.yaml", "--out", "a"), "there is no such file"),
        (("record", "stopped-happens", "--fps", "0", "--out", "a"), "--fps 0: must be more than 0"),
    ],
)
def test_the_command_says_what_is_wrong(words, said):
    with pytest.raises(BadInputError, match=said):
        run(*words)


def test_records_fit_the_schema(take):
    codec = Codec.pinned()
    record = list(detection_records(take, "cam"))[20]
    subject, back = codec.decode(codec.encode("detections", record))
    assert subject == "detections"
    assert back["x1"] == record["x1"]
    codec.encode("camera", camera_record(take.scene, "cam"))
