from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from vigie_cli.rules_publish import refuse_unfit
from vigie_cli.site_folder import read_site_folder
from vigie_dev import demo
from vigie_dev.demo import alert_line, write_site
from vigie_dev.demo_view import Scene
from vigie_dev.footage import Detector
from vigie_dev.tally import Tally


def _alert(**changes):
    alert = {
        "id": "a",
        "revision": 1,
        "state": "OPEN",
        "ended_reason": None,
        "mode": "exercise",
        "rule": {"id": "r"},
        "camera": {"id": "c"},
        "zone": "crossing",
        "started_at": 0,
        "updated_at": 3000,
        "ended_at": None,
        "severity": "warning",
        "title": {"en": "Presence"},
        "explanation": {"text": {"en": "person for 3 s"}},
        "evidence": [],
    }
    return alert | changes


@pytest.mark.parametrize("known", [True, False])
def test_the_generated_site_is_right_for_any_footage_whatever_its_name(tmp_path, monkeypatch, known):
    video = tmp_path / 'it\'s a "film": #1.avi'
    video.write_bytes(b"film")
    if known:
        monkeypatch.setattr(demo, "VTEST_SHA256", demo.sha256(video))
    site = read_site_folder(write_site(tmp_path / "site", video, Detector("hog", None)))
    assert (site.problems, site.cameras.problems) == ((), ())
    assert site.cameras.site.time_zone == demo.ZONE
    refuse_unfit(tmp_path / "site", site)  # as `vigie apply` does
    (camera,) = (located.content for located in site.cameras.cameras)
    assert (camera.source.file, camera.models, bool(camera.position)) == (str(video), ["hog"], known)


def test_counts_are_of_what_went_through():
    tally = Tally()
    tally.add("cameras", {"camera_id": "c", "removed": False}, 3200)
    tally.add("frames", {"jpeg": b"x"}, 3200)
    tally.add("frames", {"jpeg": None}, 3200)
    tally.add("detections", {"status": "ok", "x1": [1.0, 2.0]}, 3200)
    tally.add("detections", {"status": "shed", "x1": []}, 3200)
    tally.add("tracks", {"camera_id": "c", "session": "s", "track_id": [7, 8]}, 3200)
    tally.add("tracks", {"camera_id": "c", "session": "s", "track_id": [8]}, 3200)
    tally.add("tracks", {"camera_id": "c", "session": "after a restart", "track_id": [8]}, 3200)
    for kind in ("OPEN", "COUNT", "AFFIRM"):
        tally.add("rule-events", {"kind": kind}, 3200)
    tally.add("alerts", _alert(), 3200)
    tally.add("alerts", _alert(revision=2), 3200)
    tally.add("dead-letters", {}, 3200)
    assert tally.summary() == {
        "cameras": 1,
        "frames": 1,
        "detections": 2,
        "tracks": 3,
        "rule_events": 2,
        "alerts": 1,
        "shed": 1,
        "failed": 0,
        "dead_letters": 1,
    }
    assert tally.openings == {"a": 1}
    assert (tally.latency_ms(0.5), Tally().latency_ms(0.5)) == (200, None)


def test_a_restart_counts_once_whoever_started_the_worker_again():
    services = {"alert": SimpleNamespace(restarted_at=[]), "tracking": SimpleNamespace(restarted_at=[])}
    scene = Scene(stack=SimpleNamespace(services=services), tally=Tally())
    for launched, began in ((0, 100.5), (0, 100.5), (0, 107.25), (1, 109.0), (1, 109.0), (1, 111.5)):
        scene.account("alert", f"process_start_time_seconds {began}\n", launched)
    services["alert"].restarted_at.append(108.0)
    scene.account("tracking", "process_start_time_seconds 100.0\n", 0)
    assert scene.restarts() == {"alert": 3}


def test_an_alert_is_told_when_it_opens_and_when_it_ends_and_not_between():
    opened = alert_line(_alert(evidence=[{"uri": "file:///tmp/a%20b.jpg"}]))
    assert re.match(r"\d\d:\d\d:\d\d  warning ", opened)
    assert opened.endswith("warning  Presence: person for 3 s (c crossing, exercise)  /tmp/a b.jpg")
    assert alert_line(_alert(revision=2)) is None
    ended = alert_line(_alert(revision=3, state="ENDED", ended_at=9000, ended_reason="over"))
    assert ended.endswith("ended    Presence: after 9 s, over (c crossing)")
