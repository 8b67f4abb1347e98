"""What a condition compares with what it never is, and what is always or never true."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_rule_engine.condition_names import unknown_names
from vigie_rule_engine.condition_ranges import never_true
from vigie_rule_engine.conditions import compile_condition

KNOWN = {"object.class": ("person", "car"), "zone.name": ("place", "voie"), "line.name": ()}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("object.class == 'car' && zone.name != \"voie\" && zone.name == ''", []),
        ("object.class == 'persn'", [('object.class is never "persn": it is person or car here', (1, 17))]),
        ("true &&\n 'nowhere' != zone.name", [('zone.name is never "nowhere": it is place or voie here', (2, 2))]),
        ("zone.name in ['place', 'plaice']", [('zone.name is never "plaice"', (1, 24))]),
        ("line.name == 'porte'", [('line.name is never "porte": it is always empty here', (1, 14))]),
        ("camera.id == 'persn' || zone.name.contains('x') // zone.name == 'y'", []),
        ("zone.name + 'x' == 'placex' && 'x' == zone.name.substring(0)", []),
        ("'zone.name == ' + 'x' == 'a'", []),
        ("zone.name == 'a\\n'", []),
    ],
)
def test_a_name_that_is_compared_with_what_it_never_is(source, told):
    found = list(unknown_names(source, KNOWN))
    assert [place for _, *place in found] == [list(place) for _, place in told]
    assert all(text.startswith(f"when: {begins}") for (text, *_), (begins, _) in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("local.hour > 24", [("local.hour is never > 24: it is 0 to 23", (1, 1))]),
        ("true &&\n24 <= local.hour", [("local.hour is never >= 24: it is 0 to 23", (2, 1))]),
        ("local.minute == 60", [("local.minute is never 60: it is 0 to 59", (1, 1))]),
        ("local.weekday in [6, 8]", [("local.weekday is never 8: it is 1 to 7, Monday to Sunday", (1, 22))]),
        ("(local.weekday == 0)", [("local.weekday is never 0: it is 1 to 7, Monday to Sunday", (1, 2))]),
        (
            "local.hour >= 22 && local.hour < 6",
            [("local.hour >= 22 && local.hour < 6 is never true: write || where one of them is enough", (1, 1))],
        ),
        (
            "local.date == '04/05/2026'",
            [('local.date is never as "04/05/2026": write year-month-day, such as "2026-05-04"', (1, 15))],
        ),
        ("local.date in ['2026-05-04', '2026-02-30']", [('local.date is never as "2026-02-30": write', (1, 30))]),
        ("'05/04' < local.date", [('local.date is never as "05/04": write year-month-day, such as', (1, 1))]),
        ("local.hour / 0 == 1", [("/ 0 divides by zero, and what fails is false", (1, 12))]),
        ("true &&\n local.hour %0 == 1", [("%0 divides by zero, and what fails is false", (2, 13))]),
        ("facts.score / 0.0 > 1.0", [("/ 0.0 divides by zero, and what fails is false", (1, 13))]),
        ("facts.score / 0.5 > 1.0 && zone.name != '/ 0' && local.hour / 10 > 1", []),
        ("local.hour >= 22 || local.hour < 6", []),
        ("!(local.hour >= 7 && local.hour < 7 + 1) && local.hour > 24 - 1", []),
        ("local.hour + 1 > 24 && local.hour < 24 && local.hour != 24", []),
        ("local.hour >= 7 && true in [local.hour == 8, local.hour == 9]", []),
        ("local.date >= '2026' && local.date < '2026-07' && local.date != ''", []),
        ("zone.name == 'local.hour > 24' // local.hour > 24", []),
    ],
)
def test_what_can_never_be_true_is_told(source, told):
    compile_condition(source, "stopped")
    found = list(never_true(source))
    assert [place for _, *place in found] == [list(place) for _, place in told]
    assert all(text.startswith(f"when: {begins}") for (text, *_), (begins, _) in zip(found, told, strict=True))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["local.hour", "local.minute", "local.weekday"]),
            st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
            st.integers(-2, 62),
        ).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_told_to_be_never_true_is_true_of_no_time_and_the_other_of_some(condition_variables, comparisons):
    source = " && ".join(comparisons)
    times = (
        {**condition_variables, "local.hour": hour, "local.minute": minute, "local.weekday": day}
        for day in range(1, 8)
        for hour in range(24)
        for minute in range(60)
    )
    condition = compile_condition(source, "stopped")
    assert any(map(condition.holds, times)) is not any(never_true(source))


@pytest.mark.parametrize(
    ("source", "constant"),
    [
        ("true", True),
        ("1 > 2", False),
        ("local.holiday || true", True),
        ("false && local.hour > 7", False),
        ("local.hour > 7", None),
        ("zone.name == ''", None),
        ("1 / 0 == 1", None),
    ],
)
def test_a_condition_that_no_variable_changes_is_known_as_one(source, constant):
    assert compile_condition(source, "stopped").constant() is constant


def test_the_nearest_name_is_offered():
    [(text, *_)] = unknown_names("object.class == 'persn'", KNOWN)
    assert text.endswith('; did you mean "person"?')
