"""Rules in metres: understood on a calibrated camera, refused by the lint on another, with its own defaults."""

import pytest

from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.lint import lint, read_cameras
from vigie_rule_engine.parameters import normalised

SITE = "site: nimes\ntitle: {fr: Nîmes}\ntime_zone: Europe/Paris\nlanguages: [fr]\nholidays: []\n"
CAMERA = """camera: cam-1
title: {{fr: Place}}
site: nimes
source: {{rtsp: rtsp://camera.example/1}}
sampling: {{fps: {fps}, width: 960}}
models: [yolox-nano]
tags: [centre]
zones: {{place: [[0.3, 0.6], [0.7, 0.6], [0.7, 0.9], [0.3, 0.9]]}}
{calibration}"""
CALIBRATION = """calibration:
  - {image: [0.1, 0.9], lat: 43.83830, lon: 4.35600}
  - {image: [0.9, 0.9], lat: 43.83830, lon: 4.35612}
  - {image: [0.7, 0.5], lat: 43.83845, lon: 4.35612}
  - {image: [0.3, 0.5], lat: 43.83845, lon: 4.35600}
"""
RULE = """rule: r
title: {{fr: Règle}}
status: test
template: {template}
cameras: {{tags: [centre]}}
with: {{{given}}}
category: test
"""


@pytest.fixture
def linted(tmp_path):
    def messages(template, given, calibration="", fps=5):
        for folder in ("cameras", "rules"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "cameras/site.yaml").write_text(SITE, encoding="utf-8")
        camera = CAMERA.format(calibration=calibration, fps=fps)
        (tmp_path / "cameras/cam-1.yaml").write_text(camera, encoding="utf-8")
        (tmp_path / "rules/r.yaml").write_text(RULE.format(template=template, given=given), encoding="utf-8")
        found = lint(read_rules(tmp_path / "rules"), read_cameras(tmp_path / "cameras", None))
        return [problem.message for problem in found]

    return messages


@pytest.mark.parametrize(
    ("template", "given"),
    [
        ("stopped", "classes: [car], zone: place, within: 2 m"),
        ("speed", "classes: [car], limit: 30 km/h"),
        ("density", "classes: [person], zone: place"),
        ("gathering", "classes: [person], link: 2 m, slower: 0.5 m/s"),
    ],
)
def test_metres_are_understood_where_the_camera_is_calibrated_and_refused_where_not(linted, template, given):
    assert linted(template, given, CALIBRATION) == []
    (message,) = linted(template, given)
    assert "has no calibration: add four calibration points to it" in message


def test_a_camera_that_is_sampled_too_slowly_is_named(linted):
    (message,) = linted("fall", "classes: [person]", fps=2)
    assert "fall needs 4 frames a second and camera cam-1" in message
    assert message.endswith("is sampled at 2: raise its sampling.fps")


def test_one_distance_in_metres_makes_all_of_them_metres():
    parameters, problems = normalised(TEMPLATES["gathering"], {"classes": ["person"], "link": "3 m"})
    assert problems == []
    assert (parameters.numbers["link_m"], parameters.numbers["slower_mps"]) == (3.0, 0.5)


def test_metres_and_heights_are_not_mixed():
    given = {"classes": ["person"], "link": "3 m", "slower": "0.3 heights/s"}
    _, problems = normalised(TEMPLATES["gathering"], given)
    assert [path for path, _ in problems] == [["slower"]]
    assert "give this one in metres too, such as 0.5 m/s" in problems[0][1]


def test_a_choice_is_one_of_its_words():
    given = {"classes": ["person"], "line": "porte", "direction": "sideways"}
    _, problems = normalised(TEMPLATES["line_cross"], given)
    assert problems == [(["direction"], 'with.direction: "sideways": write one of both, in, out')]
    parameters, _ = normalised(TEMPLATES["line_cross"], given | {"direction": "out"})
    assert parameters.numbers["direction"] == -1.0


def test_only_the_wanted_direction_opens(street, rule, obj):
    s = street([rule("line_cross", numbers={"direction": 1.0})])
    s.during(10, lambda t: [obj(1, 0.2 + 0.06 * t, 0.6), obj(2, 0.8 - 0.06 * t, 0.6)]).empty(15)
    assert [(e["kind"], e["subject"].split(":")[1]) for e in s.events()] == [("OPEN", "2"), ("CLOSE", "2")]


def test_metres_hold_near_and_far(street, rule, camera, calibration, obj):
    """Two metres are two metres at either end of the picture."""
    s = street(
        [rule("stopped", zones=[], numbers={"within_m": 2.0, "for_s": 20.0})], camera=camera(calibration=calibration)
    )
    # both sway by the same share of the picture: a metre near, more than three far away
    s.during(40, lambda t: [obj(i, 0.5 + 0.08 * (int(t / 4) % 2), y, 0.1) for i, y in ((1, 0.88), (2, 0.3))])
    assert [e["subject"].split(":")[1] for e in s.events("OPEN")] == ["1"]
