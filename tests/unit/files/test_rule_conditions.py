"""What is wrong in the condition of a rule file is shown where it stands, with what to write."""

import pytest

RULE = "rules/town/delivery-parking.yaml"


def test_a_condition_on_a_class_or_zone_that_the_rule_does_not_have_is_named(rule_refusal):
    [message] = rule_refusal(RULE, "local.hour >= 7 && local.hour < 20", "object.class in ['car', 'bus']")
    assert message == 'F:8:31: when: object.class is never "bus": it is car or van or truck here'
    [message] = rule_refusal(RULE, "local.hour >= 7 && local.hour < 20", "zone.name == 'livraisn'")
    assert message == ('F:8:20: when: zone.name is never "livraisn": it is livraison here; did you mean "livraison"?')


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (
            'zone.name == "a #b"',
            (
                "F:8:23: when: what follows a space and # is a comment: put the whole condition in single quotes: "
                """'zone.name == "a #b"'"""
            ),
        ),
        (
            "[local.holiday]",
            (
                "F:8:7: when: a list where one condition is expected: join its items with &&, or with || where one "
                "is enough"
            ),
        ),
        ("{a: b}", "F:8:7: when: a mapping where one condition is expected: put the whole condition in quotes"),
        ("7", "F:8:7: when: 7: it is no condition: write one, such as local.hour >= 7"),
        ("", "F:8:1: when: is left empty: write a condition, such as local.hour >= 7, or remove the key"),
        ("true", "F:8:7: when: true: it is always true: leave `when` out"),
        ("false", "F:8:7: when: false: it is never true: write status: draft for a rule that does not run"),
        ('"true"', 'F:8:7: when: "true": it is always true: leave `when` out'),
        ("1 > 2", 'F:8:7: when: "1 > 2": it is never true: write status: draft for a rule that does not run'),
        ("local.hour / 0 == 1", "F:8:18: when: / 0 divides by zero, and what fails is false: divide by another number"),
    ],
)
def test_a_condition_that_is_none_is_refused_with_what_to_write(rule_refusal, when, message):
    assert rule_refusal(RULE, "local.hour >= 7 && local.hour < 20", when) == [message]


def test_an_unknown_variable_of_a_condition_is_shown_at_its_own_column(rule_refusal):
    [message] = rule_refusal(RULE, "local.hour >= 7 && local.hour < 20", "local.hour >= 7 && lokal.hour < 20")
    assert message.startswith("F:8:26: when: undeclared reference to 'lokal.hour': known are local.hour, ")
    assert message.endswith('; did you mean "local.hour"?')


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("|\n  local.hour >= 7 &&\n    lokal.hour < 20", "F:10:5"),
        ("|\n\n  local.hour >= 7 &&\n\n  lokal.hour < 20", "F:12:3"),
        ("|2-\n    local.hour >= 7 &&\n  lokal.hour < 20", "F:10:3"),
        (">-\n  local.hour >= 7 &&\n  lokal.hour < 20", "F:10:3"),
        (">\n  local.hour >= 7\n\n  && lokal.hour < 20", "F:11:6"),
        ("local.hour >= 7 &&\n  lokal.hour < 20  # daytime", "F:9:3"),
        ("\n  local.hour >= 7 &&\n  lokal.hour < 20", "F:10:3"),
        ("'local.hour >= 7 && lokal.hour < 20'", "F:8:27"),
    ],
)
def test_what_is_wrong_in_a_condition_of_several_lines_is_shown_where_it_stands(rule_refusal, when, place):
    [message] = rule_refusal(RULE, "local.hour >= 7 && local.hour < 20", when)
    assert message.startswith(f"{place}: when: undeclared reference to 'lokal.hour'")
