"""`vigie replay` on real footage through a real Triton."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

import av
import pytest

from vigie_dev.footage import find_footage
from vigie_dev.places import DEV

LINE = re.compile(r"\d+,\d+,-?\d+\.\d\d,-?\d+\.\d\d,\d+\.\d\d,\d+\.\d\d,[01]\.\d{4},\d+,1")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The first twelve seconds of the sample footage, copied without a new encoding."""
    path = tmp_path_factory.mktemp("clip") / "street.avi"
    with av.open(str(find_footage())) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for number, packet in enumerate(source.demux(stream)):
            if packet.dts is None or number == 120:
                break
            packet.stream = copy
            target.mux(packet)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The demonstration's camera and rules."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DEV / "demo", folder, dirs_exist_ok=True)
    camera = folder / "cameras" / "vtest.yaml"
    values = {"video": "street.avi", "model": "hog", "fps": 3}
    camera.write_text(Template(camera.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
    return folder


def vigie(*arguments):
    return subprocess.run(
        [Path(sys.executable).with_name("vigie"), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def replay(clip, out, triton, *arguments):
    done = vigie("replay", clip, "--out", out, "--triton", triton.grpc_url, *arguments)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def judged(clip, site, triton, tmp_path_factory):
    """A replay with the demonstration's camera and rules."""
    out = tmp_path_factory.mktemp("judged")
    return replay(clip, out, triton, "--camera", site / "cameras" / "vtest.yaml", "--rules", site / "rules")


def test_two_runs_give_the_same_files_byte_for_byte(clip, site, triton, judged, tmp_path):
    again = replay(clip, tmp_path, triton, "--camera", site / "cameras" / "vtest.yaml", "--rules", site / "rules")
    for name in ("tracks.txt", "rule-events.jsonl", "alerts.jsonl", "counts.csv"):
        assert (again / name).read_bytes() == (judged / name).read_bytes(), name


def test_tracks_are_motchallenge_lines_with_ids_by_first_appearance(judged):
    lines = (judged / "tracks.txt").read_text().splitlines()
    assert lines
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    rows = [line.split(",") for line in lines]
    frames = [int(row[0]) for row in rows]
    assert frames == sorted(frames)
    assert frames[0] >= 1
    assert max(frames) <= 120
    first = list(dict.fromkeys(int(row[1]) for row in rows))
    assert first == list(range(1, len(first) + 1))
    assert {row[7] for row in rows} == {"1"}  # HOG tells people alone


def test_an_alert_has_its_rule_event_and_says_that_it_is_a_replay(judged):
    events = [json.loads(line) for line in (judged / "rule-events.jsonl").read_text().splitlines()]
    alerts = [json.loads(line) for line in (judged / "alerts.jsonl").read_text().splitlines()]
    assert alerts
    assert {alert["mode"] for alert in alerts} == {"replay"}
    opened = {event["episode_id"] for event in events if event["kind"] == "OPEN"}
    assert {alert["id"] for alert in alerts} == opened
    for alert_id in opened:
        revisions = [alert["revision"] for alert in alerts if alert["id"] == alert_id]
        assert revisions == list(range(1, len(revisions) + 1))


def test_the_summary_and_the_files_agree(judged):
    summary = json.loads((judged / "summary.json").read_text())
    lines = (judged / "tracks.txt").read_text().splitlines()
    with (judged / "counts.csv").open() as file:
        counts = list(csv.DictReader(file))
    events = [json.loads(line) for line in (judged / "rule-events.jsonl").read_text().splitlines()]
    assert summary["frames_read"] >= 118
    assert 35 <= summary["frames_sampled"] <= 37  # twelve seconds at three a second
    assert summary["shed"] == 0
    assert summary["tracked_boxes"] == len(lines)
    assert summary["tracks"] == len({line.split(",")[1] for line in lines})
    assert summary["rule_events"] == len(events)
    assert len(counts) == sum(event["kind"] == "COUNT" for event in events)
    assert set(summary["stage_seconds"]) == {"sampling", "inference", "tracking", "rules", "alerts"}


def test_without_a_camera_it_stops_at_tracks(clip, triton, tmp_path):
    replay(clip, tmp_path, triton, "--model", "hog", "--fps", 1)
    assert (tmp_path / "tracks.txt").read_text()
    assert (tmp_path / "rule-events.jsonl").read_text() == ""
    assert (tmp_path / "alerts.jsonl").read_text() == ""


def test_event_time_begins_where_it_is_told(clip, site, triton, tmp_path):
    camera = ("--camera", site / "cameras" / "vtest.yaml", "--rules", site / "rules")
    replay(clip, tmp_path, triton, *camera, "--start", "2026-05-01T18:00+02:00")
    assert json.loads((tmp_path / "summary.json").read_text())["start_ms"] == 1777651200000


@pytest.mark.shared_data
def test_it_starts_the_triton_that_it_needs(clip, tmp_path):
    done = vigie("replay", clip, "--out", tmp_path, "--model", "yolox-nano", "--fps", 2)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "summary.json").read_text())["tracks"] >= 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"this is no video\n" * 100, "is no video that can be read"),
    ],
    ids=["missing", "zero bytes", "text"],
)
def test_a_recording_that_cannot_be_read_is_named_with_the_fix(content, said, triton, tmp_path):
    video = tmp_path / "broken.mp4"
    if content is not None:
        video.write_bytes(content)
    done = vigie("replay", video, "--model", "hog", "--out", tmp_path / "out", "--triton", triton.grpc_url)
    assert done.returncode == 1
    assert str(video) in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_truncated_recording_gives_what_it_holds(clip, triton, tmp_path):
    video = tmp_path / "cut.avi"
    video.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    replay(video, tmp_path / "out", triton, "--model", "hog", "--fps", 1)
    sampled = json.loads((tmp_path / "out" / "summary.json").read_text())["frames_sampled"]
    assert 3 <= sampled < 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "yolo"), 'model "yolo" is not in'),
        ((), "--model is missing"),
        (("--model", "hog", "--fps", "0"), "--fps 0 is outside 0..60"),
        (("--model", "hog", "--start", "yesterday"), "--start yesterday: not a time"),
        (("--model", "hog", "--start", "1960-01-01"), "--start 1960-01-01: write a time of the years 1970 to 2999"),
        (("--model", "hog", "--rules", "rules"), "needs a camera file"),
        (("--model", "hog", "--camera", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_a_wrong_option_is_named_with_the_fix(arguments, said, clip, tmp_path):
    done = vigie("replay", clip, "--out", tmp_path, "--triton", "127.0.0.1:9", *arguments)
    assert done.returncode in (1, 2, 78)
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_model_file_that_is_another_one_is_refused_with_both_digests(clip, tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"another model")
    done = vigie("replay", clip, "--out", tmp_path, "--model", "yolox-nano", "--model-file", file)
    assert done.returncode == 1
    assert "sha256" in done.stderr
    assert "695e750a" in done.stderr


MEETING = """\
compound: stands-on-the-crossing
title: {en: Somebody stands on the crossing}
status: test
rules: [crossing-presence, crossing-stopped]
cameras: {tags: [demo]}
same: zone
within: 30s
category: presence
explain: {en: "{rules} on {cameras}"}
"""


@pytest.fixture(scope="module")
def meeting_site(site, tmp_path_factory):
    """The demonstration's camera and rules, and a compound of two of them."""
    folder = tmp_path_factory.mktemp("meeting-site")
    shutil.copytree(site, folder, dirs_exist_ok=True)
    (folder / "cameras" / "any.yaml").unlink()  # still a template
    (folder / "rules" / "meeting.yaml").write_text(MEETING, encoding="utf-8")
    return folder


def test_a_replay_shows_the_alerts_of_compounds(clip, meeting_site, triton, tmp_path):
    camera, rules = meeting_site / "cameras" / "vtest.yaml", meeting_site / "rules"
    out = replay(clip, tmp_path, triton, "--camera", camera, "--rules", rules)
    alerts = [json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines()]
    met = [alert for alert in alerts if alert["rule"]["template"] == "compound"]
    assert {(alert["rule"]["id"], alert["mode"]) for alert in met} == {("stands-on-the-crossing", "replay")}
    assert met[0]["explanation"]["text"] == {"en": "crossing-presence, crossing-stopped on campus-01"}
    assert set(met[0]["related_ids"]) <= {alert["id"] for alert in alerts}


def test_changed_rules_are_compared_over_a_video(clip, site, meeting_site, triton):
    options = ("--camera", "campus-01", "--against", site / "rules", "--triton", triton.grpc_url, "--json")
    done = vigie("rules", "replay", meeting_site / "rules", "--video", clip, *options)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [len(found[what]) for what in ("gone", "moved")] == [0, 0]
    assert {(one["rule"], one["mode"]) for one in found["new"]} == {("stands-on-the-crossing", "shadow")}
    assert {"crossing-presence", "crossing-stopped"} <= {one["rule"] for one in found["same"]}
