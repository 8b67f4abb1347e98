"""What no camera should send and no author write: each has a defined outcome, and the rest goes on."""

import math
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.errors import BadInputError, PoisonRecordError
from vigie_common.ground_plane import ControlPoint, ground_plane
from vigie_rule_engine.catalogue import TEMPLATES, facts_of_template
from vigie_rule_engine.compile import compile_table
from vigie_rule_engine.conditions import LONGEST, VARIABLE_NAMES, compile_condition, local_time


def test_a_track_that_leaps_is_another_object_and_crosses_nothing(street, rule, obj):
    s = street([rule("count_line"), rule("presence", zones=[], numbers={"for_s": 1.0})])
    s.during(3, lambda _: [obj(1, 0.1, 0.6)])
    s.during(3, lambda _: [obj(1, 0.9, 0.6)])  # 7 body heights in a fifth of a second
    s.empty(15)
    assert s.events("COUNT") == []
    first, second = s.events("OPEN")
    assert first["episode_id"] != second["episode_id"]
    assert [e["ended_reason"] for e in s.events("CLOSE")] == ["track_lost", "track_lost"]


def test_a_track_that_leaps_again_and_again_is_another_object_each_time(street, rule, obj):
    s = street([rule("presence", zones=[], numbers={"for_s": 1.0})])
    for x, y in ((0.1, 0.4), (0.9, 0.4), (0.1, 0.9), (0.9, 0.9)):
        s.during(2, lambda _: [obj(1, x, y)])  # noqa: B023 - run at once
    subjects = [int(e["subject"].split(":")[1]) for e in s.events("OPEN")]
    assert subjects == [1, 1 + 2**40, 1 + 2 * 2**40, 1 + 3 * 2**40]


def test_boxes_that_leap_about_go_nowhere(street, rule, obj):
    s = street([rule("wrong_way", lines=["porte"]), rule("count_line"), rule("line_cross")])
    s.during(30, lambda t: [obj(1, 0.35 if int(t * 5) % 2 else 0.65, 0.45 if int(t * 5) % 4 < 2 else 0.85, 0.05)])
    assert s.story() == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1e30])
def test_numbers_that_are_none_are_passed_over_by_every_template(street, rule, camera, calibration, obj, wrong):
    rules = [
        rule(name, lines=["porte"] if any(p.kind == "line" for p in template.parameters) else [])
        | ({"numbers": {"limit_mps": 5.0}} if name == "speed" else {})
        for name, template in TEMPLATES.items()
    ]
    s = street(rules, camera=camera(calibration=calibration))
    s.during(30, lambda _: [obj(1, 0.5, 0.7), obj(2, wrong, 0.7), obj(3, 0.5, wrong), obj(4, 0.5, 0.7, wrong)])
    (table,) = s.core.tables()
    assert table.errors == ()
    assert s.core._cameras["cam-1"].n <= 4
    assert all(math.isfinite(value) for e in s.events("OPEN", "COUNT") for value in e["facts"].values())


def test_a_place_above_the_horizon_has_no_metres_and_no_episode(street, rule, camera, calibration, obj):
    s = street([rule("speed", zones=[], numbers={"limit_mps": 0.1})], camera=camera(calibration=calibration))
    s.during(10, lambda t: [obj(1, 0.1 + 0.05 * t, 0.05, 0.04)])
    assert s.story() == []


def test_a_calibration_that_means_nothing_refuses_the_rule_in_metres_and_no_other(camera, bundle, rule):
    line = [{"x": 0.1 * i, "y": 0.5, "lat": 43.8 + 0.0001 * i, "lon": 4.3} for i in range(4)]
    table = compile_table(
        camera(calibration=line),
        bundle([rule("density"), rule("presence"), rule("stopped", numbers={"within_m": 2.0})]),
    )
    assert [error["rule"] for error in table.errors] == ["density", "stopped"]
    assert all("on one line" in error["message"] for error in table.errors)
    assert table.judged == ("presence",)


def test_an_event_on_a_calibrated_camera_says_where_on_the_ground(street, rule, camera, calibration, obj):
    s = street([rule("presence")], camera=camera(calibration=calibration)).during(3, lambda _: [obj(1, 0.5, 0.7)])
    (event,) = s.events()
    place = event["location"]
    assert (place["method"], 43.8383 < place["lat"] < 43.8385, 4.356 < place["lon"] < 4.3562) == (
        "ground_plane",
        True,
        True,
    )
    plane = ground_plane([ControlPoint(**point) for point in calibration])
    size = event["width"], event["height"]
    foot_error_px = 0.04 * 0.2 * size[1]  # as measured, of a box 0.2 high
    assert place["accuracy_m"] == round(plane.accuracy_m(0.5, 0.7, foot_error_px, size), 1) > 0.0


@pytest.mark.parametrize(
    ("template", "change", "message"),
    [
        ("density", {}, "template density needs a calibrated camera: give camera cam-1 four calibration points"),
        ("speed", {"numbers": {"limit_mps": 9.0}}, "template speed needs a calibrated camera"),
        ("gathering", {"numbers": {"link_m": 2.0}}, "link is in metres, which needs a calibrated camera"),
        ("wrong_way", {}, "template wrong_way needs a line"),
        ("wrong_way", {"lines": ["porte", "autre"]}, "line 'autre' is not in camera cam-1"),
        ("line_cross", {"numbers": {"direction": 7e8}}, "direction is 7e+08"),
        ("presence", {"numbers": {"margin_m": 1.0}}, "margin is in metres, but presence measures it in heights"),
    ],
)
def test_what_this_camera_cannot_measure_is_refused_with_the_fix(camera, bundle, rule, template, change, message):
    (error,) = compile_table(camera(), bundle([rule(template, **change)])).errors
    assert message in error["message"]


def test_more_frames_than_are_kept_are_refused_with_how_long_that_is(camera, bundle, rule):
    fire = {"classes": ["fire"], "numbers": {"over_s": 10.0}}
    (error,) = compile_table(camera(), bundle([rule("object_class", **fire)])).errors
    assert "over is 10s, which is 50 frames of camera cam-1, and 32 are kept: write 6.4s or less" in error["message"]
    slow = camera(sampling={"fps": 3.0, "width": 960})
    assert compile_table(slow, bundle([rule("object_class", **fire)])).errors == ()


def test_a_template_that_needs_more_frames_is_refused_on_a_slow_camera(camera, bundle, rule):
    slow = camera(sampling={"fps": 2.0, "width": 960})
    (error,) = compile_table(slow, bundle([rule("fall")])).errors
    assert "template fall needs 4 frames a second: camera cam-1 is sampled at 2" in error["message"]


NAMES = [*VARIABLE_NAMES, *(f"facts.{name}" for name in facts_of_template("gathering")), "facts.none", "x"]
OPERATORS = ["&&", "||", "==", "<", "+", "*", "/", "%", "in", "?", ".", "["]
atoms = st.one_of(
    st.sampled_from(NAMES),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(repr),
    st.text(max_size=8).map(repr),
    st.sampled_from(["true", "null", "[]", "{}", "''", "camera.tags.size()", "duration('1h')"]),
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"!{e}"),
        inner.map(lambda e: f"[{e}].map(x, x)"),
        inner.map(lambda e: f"[{e}, {e}]"),
    ),
    max_leaves=40,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(expressions, st.text(max_size=200), st.binary(max_size=100).map(lambda b: b.decode("latin-1"))))
def test_a_condition_is_refused_or_answers_at_once(source):
    variables = dict.fromkeys(VARIABLE_NAMES, "")
    variables |= local_time(0, "Europe/Paris", frozenset()) | {"camera.tags": ["a"]}
    variables |= {f"facts.{name}": math.nan for name in facts_of_template("gathering")}
    began = time.thread_time()
    with suppress(BadInputError):
        compile_condition(source, "gathering").holds(variables)
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("source", ["(" * 500 + "true" + ")" * 500, "!" * 1000 + "true", "[" * 500 + "]" * 500])
def test_a_condition_nested_deeply_neither_hangs_nor_crashes(source):
    assert len(source) <= LONGEST
    began = time.thread_time()
    with suppress(BadInputError):
        compile_condition(source, "presence")
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("at", [-1, -(2**62), 32_503_680_000_000, 253_402_300_800_000, 2**63 - 1])
def test_a_time_that_no_calendar_has_is_a_poison_record_and_the_rest_goes_on(street, rule, obj, at):
    s = street([rule("presence", numbers={"for_s": 1.0}), rule("count_zone")])
    with pytest.raises(PoisonRecordError, match=f"cam-1, seq 0: captured_at is {at}, which is no time"):
        s.see(obj(1, 0.5, 0.7), captured_at=at)
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    assert s.kinds() == ["OPEN"]
