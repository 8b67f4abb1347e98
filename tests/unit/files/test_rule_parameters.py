"""Parameters of rules: their limits, alike for the lint, the engine and editors, and their defaults."""

import pytest

from vigie_common.errors import BadInputError
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.parameters import normalised
from vigie_rule_engine.quantities import allowed
from vigie_rule_engine.rule_numbers import numbers_of
from vigie_rule_engine.schema_json import rule_schema
from vigie_rule_engine.template import Parameter, Template


def test_every_default_of_the_catalogue_is_what_an_author_could_write():
    for template in TEMPLATES.values():
        required = {"classes": ["person"], "line": "porte", "zone": "place", "limit": "30 km/h"}
        given = {p.name: required[p.name] for p in template.parameters if p.default is None}
        parameters, problems = normalised(template, given)
        assert problems == []
        assert all(value >= 0 for value in parameters.numbers.values())


@pytest.mark.parametrize(
    ("template", "name", "value", "told"),
    [
        ("gathering", "people", -3, "-3: it must be 1 to 2048"),
        ("gathering", "people", 0, "0: it must be 1 to 2048"),
        ("gathering", "people", float("nan"), "nan: write a plain number, 1 to 2048"),
        ("line_cross", "direction", "inn", '"inn": write one of both, in, out; did you mean "in"?'),
        (
            "dwell",
            "for",
            float("nan"),
            "nan: not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m",
        ),
        ("gathering", "slower", "0 km/h", '"0 km/h": it must be 0.1 to 500 km/h'),
        ("fall", "aspect", -1, "-1: it must be 0.1 to 10"),
        ("fall", "took", "0s", '"0s": it must be 0.5s to 30d'),
        ("dwell", "for", "200d", '"200d": it must be 0s to 30d'),
        ("dwell", "for", "31d", '"31d": it must be 0s to 30d'),
        ("dwell", "for", "-5s", '"-5s": it must be 0s to 30d'),
        ("dwell", "for", f"{'9' * 23}s", f'"{"9" * 23}s": it must be 0s to 30d'),
        ("gathering", "slower", "-3 km/h", '"-3 km/h": it must be 0.01 to 100 heights/s or 0.1 to 500 km/h'),
        ("dwell", "for", "999999999d", '"999999999d": it must be 0s to 30d'),
        ("dwell", "keep_open", "365d", '"365d": it must be 0s to 30d'),
        ("dwell", "excursion", "999999d", '"999999d": it must be 0s to 30d'),
        ("count_line", "band", "999999999 heights", '"999999999 heights": it must be 0 to 100 heights'),
        ("stopped", "within", "0 m", '"0 m": it must be 0.01 to 1000 m'),
        ("speed", "limit", "0 km/h", '"0 km/h": it must be 0.1 to 500 km/h'),
        ("speed", "limit", "3 heights/s", '"3 heights/s": speed measures it on the ground: write 0.1 to 500 km/h'),
        ("object_class", "score", 2, "2: it must be 0 to 1"),
        ("density", "enter", 0, "0: it must be 0.01 to 20"),
        ("congestion", "slow", "0%", '"0%": it must be 1% to 100%'),
    ],
)
def test_a_number_that_means_nothing_is_refused_with_what_is_allowed(template, name, value, told):
    required = {"classes": ["person"], "zone": "place", "line": "porte", "limit": "30 km/h"}
    declared = TEMPLATES[template]
    given = {p.name: required[p.name] for p in declared.parameters if p.default is None} | {name: value}
    assert normalised(declared, given)[1] == [([name], f"with.{name}: {told}")]


@pytest.mark.parametrize(
    ("template", "given", "place", "told"),
    [
        ("density", {"enter": 0.3}, "enter", "with.leave: 0.35 is above `enter`, 0.3"),
        ("density", {"leave": 0.6}, "leave", "with.leave: 0.6 is above `enter`, 0.5"),
        ("congestion", {"slow": "50%", "recovers": "40%"}, "slow", "with.slow: 50% is above `recovers`, 40%"),
    ],
)
def test_what_is_over_as_soon_as_it_is_on_is_refused(template, given, place, told):
    _, [(path, text)] = normalised(TEMPLATES[template], {"classes": ["person"], "zone": "place", **given})
    assert (path, text) == ([place], f"{told}: as soon as it is on it would be over; write less")


def engine_says(template, parameter, unit, value):
    """Why the engine refuses a value in base units, if it does."""
    name = f"{parameter.name}_{unit}" if unit else parameter.name
    numbers = ({"limit_mps": 1.0} if template.name == "speed" else {}) | {name: value}
    try:
        numbers_of({"numbers": numbers}, template)
    except BadInputError as error:
        return str(error)
    return ""


def test_the_limits_of_every_parameter_are_those_of_the_engine_and_of_editors():
    schema = rule_schema()["allOf"]
    for template, one in zip((TEMPLATES[name] for name in sorted(TEMPLATES)), schema, strict=True):
        for parameter in template.parameters:
            for within in allowed(parameter).values():
                assert within.least < within.most
                assert within.refusal(within.least) is within.refusal(within.most) is None
                assert "it must be" not in engine_says(template, parameter, within.unit, within.least)
                assert "it must be" not in engine_says(template, parameter, within.unit, within.most)
                assert f"it must be {within.words}" in engine_says(template, parameter, within.unit, within.most + 1.0)
            if parameter.kind == "number":
                assert parameter.most or parameter.least, f"{template.name}.{parameter.name} has no limits of its own"
                written = one["then"]["properties"]["with"]["properties"][parameter.name]
                assert (written["minimum"], written["maximum"]) == (
                    allowed(parameter)[""].least,
                    allowed(parameter)[""].most,
                )


def test_a_parameter_that_measures_the_ground_is_read_in_metres():
    speed = Parameter("limit", "speed", "30 km/h", "", metric=True, ground=True)
    share = Parameter("share", "fraction", "75%", "")
    least = Parameter("least", "number", 4.0, "")
    template = Template("speed", "track", (speed, share, least), frozenset({"homography"}), "")
    parameters, problems = normalised(template, {"limit": "36 km/h"})
    assert (dict(parameters.numbers), problems) == ({"least": 4.0, "limit_mps": 10.0, "share_fraction": 0.75}, [])
