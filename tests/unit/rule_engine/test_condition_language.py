"""What conditions say of a frame, and of the time at the site."""

import pytest

from vigie_rule_engine.conditions import compile_condition, local_time


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("local.hour >= 7 && local.hour < 20", True),
        ("local.weekday in [6, 7] || local.holiday", False),
        ('object.class == "car" && facts.stopped_for_s > 30.0', True),
        ('"centre" in camera.tags && !camera.id.startsWith("x")', True),
        ('local.date >= "2026-06-01"', False),
        ('zone.name == "has(x)"', False),
        ("zone.name == 'place' // all(x)", True),
        ("zone.name != '''has(x) ' all('''", True),
        ("1 / local.minute == 1", False),
    ],
)
def test_what_it_says(condition_variables, source, holds):
    assert compile_condition(source, "stopped").holds(condition_variables) is holds


def test_a_variable_that_is_missing_is_false_not_true():
    assert compile_condition("local.hour >= 7", "stopped").holds({}) is False


@pytest.mark.parametrize(
    ("at_ms", "local"),
    [
        (1_777_881_600_000, (10, 1, "2026-05-04")),  # summer time
        (1_767_265_200_000, (12, 4, "2026-01-01")),  # winter time
        (1_792_886_400_000, (2, 7, "2026-10-25")),  # the hour that comes twice, first …
        (1_792_890_000_000, (2, 7, "2026-10-25")),  # … and second time
    ],
)
def test_local_time_follows_the_zone(at_ms, local):
    found = local_time(at_ms, "Europe/Paris", frozenset({"2026-05-08"}))
    assert (found["local.hour"], found["local.weekday"], found["local.date"]) == local


def test_holidays_are_the_sites():
    assert local_time(1_777_881_600_000, "Europe/Paris", frozenset({"2026-05-04"}))["local.holiday"] is True
