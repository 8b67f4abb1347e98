"""A rule that a camera cannot run is refused there, with what to do; the rest runs."""

import pytest

from vigie_rule_engine.compile import compile_table


@pytest.mark.parametrize(
    ("template", "change", "message"),
    [
        ("presence", {"template": "teleport"}, "template 'teleport' is not known to this engine: use one of presence"),
        ("presence", {"zones": ["ailleurs"]}, "zone 'ailleurs' is not in camera cam-1 (it has place): add it"),
        ("count_line", {"lines": ["ailleurs"]}, "line 'ailleurs' is not in camera cam-1 (it has porte): add it"),
        ("count_line", {"lines": []}, "template count_line needs a line"),
        ("presence", {"classes": ["dragon"]}, "class 'dragon' is not in the taxonomy: use some of unknown, person"),
        ("presence", {"classes": []}, "classes: none is given"),
        ("presence", {"when": "1 +"}, "when: it ends after +"),
        ("presence", {"when": "local.hour"}, "gives a whole number, not true or false"),
        ("presence", {"numbers": {"for": 3.0}}, "'for' is no parameter of template presence"),
        ("presence", {"numbers": {"for_s": float("nan")}}, "for_s is nan: it must be 0s to 30d"),
        ("presence", {"numbers": {"for_s": -1.0}}, "for_s is -1: it must be 0s to 30d"),
        ("presence", {"numbers": {"keep_open_s": 365 * 86_400.0}}, "keep_open_s is 3.1536e+07: it must be 0s to 30d"),
        ("gathering", {"numbers": {"people": 0.0}}, "people is 0: it must be 1 to 2048"),
        ("density", {"numbers": {"enter": 0.2}}, "leave is above enter: as soon as the rule is on it would be over"),
        (
            "stopped",
            {"numbers": {"within_m": 2.0}},
            "within is in metres, which needs a calibrated camera: give camera cam-1",
        ),
        ("stopped", {"numbers": {"within_m": 2.0, "within_heights": 0.3}}, "within is given twice"),
    ],
)
def test_it_is_refused_with_the_fix(camera, bundle, rule, template, change, message):
    wrong = rule(template) | {"id": "wrong"} | change
    table = compile_table(camera(), bundle([wrong, rule("presence", id="right")]))
    (error,) = table.errors
    assert (error["rule"], error["camera_id"]) == ("wrong", "cam-1")
    assert message in error["message"]
    assert table.judged == ("right",)


def test_a_line_without_length_is_refused(camera, bundle, rule):
    dot = {"name": "porte", "x1": 0.5, "y1": 0.5, "x2": 0.5, "y2": 0.5, "in_label": "", "out_label": ""}
    (error,) = compile_table(camera(lines=[dot]), bundle([rule("count_line")])).errors
    assert "has no length" in error["message"]


def test_a_zone_of_two_corners_is_refused(camera, bundle, rule):
    (error,) = compile_table(
        camera(zones=[{"name": "place", "x": [0, 1], "y": [0, 1]}]), bundle([rule("presence")])
    ).errors
    assert "three corners or more" in error["message"]


@pytest.mark.parametrize(
    ("tags", "ids", "applies"),
    [
        (["centre"], [], True),
        (["centre", "gare"], [], False),
        (["gare"], ["cam-1"], True),
        ([], ["cam-1"], True),
        ([], ["cam-2"], False),
    ],
)
def test_a_rule_is_for_cameras_with_all_its_tags_or_named(camera, bundle, rule, tags, ids, applies):
    table = compile_table(camera(), bundle([rule("presence", camera_tags=tags, camera_ids=ids)]))
    assert bool(table.rows) == applies


def test_forty_zones_and_thirty_lines_are_all_judged(street, rule, camera, obj):
    zones = [
        {"name": f"z{i}", "x": [0.02 * i, 0.02 * i + 0.015, 0.02 * i + 0.015, 0.02 * i], "y": [0.3, 0.3, 0.9, 0.9]}
        for i in range(40)
    ]
    lines = [
        {
            "name": f"l{i}",
            "x1": 0.3 + 0.01 * i,
            "y1": 0.0,
            "x2": 0.3 + 0.01 * i,
            "y2": 1.0,
            "in_label": "",
            "out_label": "",
        }
        for i in range(30)
    ]
    rules = [
        rule("presence", zones=[z["name"] for z in zones], numbers={"for_s": 0.0}),
        rule("count_line", lines=[line["name"] for line in lines]),
    ]
    s = street(rules, camera=camera(zones=zones, lines=lines))
    s.during(30, lambda t: [obj(1, 0.03 * t, 0.7)])
    assert len({e["scope"] for e in s.events("OPEN")}) == 40
    assert sorted(e["scope"] for e in s.events("COUNT")) == sorted(line["name"] for line in lines)


def test_rules_that_share_a_zone_share_its_region(camera, bundle, rule):
    rules = [rule("presence", id=f"r{i}", numbers={"for_s": float(i)}) for i in range(5)]
    table = compile_table(camera(), bundle([*rules, rule("presence", id="wide", numbers={"margin_heights": 0.4})]))
    assert (len(table.rows), len(table.regions)) == (6, 2)


def test_an_unused_zone_costs_nothing(camera, bundle):
    table = compile_table(camera(), bundle([]))
    assert (table.regions, table.gates, len(table.rules)) == ((), (), 0)


def test_a_rule_that_is_there_twice_runs_once(camera, bundle, rule):
    table = compile_table(camera(), bundle([rule("presence"), rule("presence", zones=["place", "place"])]))
    assert [row.rule["id"] for row in table.rows] == ["presence"]
    assert "has this rule twice" in table.errors[0]["message"]
