"""Whatever a condition is made of, it is refused at once, or true or false of any frame at hardly any cost."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_rule_engine.conditions import LONGEST, Condition, ConditionError, cel_environment, compile_condition, held


def evaluated(source):
    """What the compiler alone makes of a source, whatever is refused when a rule is read."""
    return Condition(source, "stopped", cel_environment("stopped").compile(source))


@pytest.mark.parametrize(
    "source",
    [
        "{1: true, local.weekday: true}[local.weekday]",
        "google.protobuf.Struct{fields: {'a': 1, 'a': 2}} == {'a': 1}",
        "camera.tags[9] == 'a'",
        "local.hour % local.minute == 0",
    ],
)
def test_an_evaluation_that_fails_is_false_however_the_evaluator_says_it(condition_variables, source):
    assert evaluated(source).holds(condition_variables) is False


def test_a_condition_that_an_older_engine_took_and_this_one_refuses_is_false(condition_variables):
    assert held("{1: true}[1]", "stopped", condition_variables) is False
    assert held("local.hour == 12", "stopped", condition_variables) is True


TOKENS = (
    *(
        "true",
        "1",
        "30.0",
        "'a'",
        "r'\\'",
        '"""',
        "'''",
        "b'x'",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "?",
        ".",
        "//",
        "\n",
    ),
    *(
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "in",
        "<",
        "camera.tags",
        "local.hour",
        "facts.score",
        "x",
        "`x`",
    ),
    *(".all", ".map", ".exists", ".matches", ".size", ".contains", "has", "dyn", "type", "int", "string", "timestamp"),
    *("google.protobuf.Struct{}", "9223372036854775807", "1e308", "'\\U0010FFFF'", "\x00", "\ud800", "é"),
)
SHARE_S = 0.2
"""Of the processor: a thousand times what a condition takes."""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(" ".join))
def test_any_text_is_a_condition_or_a_clear_error_at_once(condition_variables, source):
    began = time.process_time()
    refused = None
    try:
        compile_condition(source, "stopped").holds(condition_variables)
    except ConditionError as error:
        refused = error
    assert refused is None or str(refused).startswith("when: ")
    assert refused is None or 1 <= refused.line <= source.count("\n") + 1
    assert time.process_time() - began < SHARE_S


DEEPEST = 3


def cel_of(kind, depth):
    """CEL of a type, of many more kinds than an author needs: maps with keys twice, messages, conversions, macros."""
    number, truth, text = (lambda kind=kind: st.deferred(lambda: cel_of(kind, depth - 1)) for kind in ("i", "b", "s"))
    leaves = {
        "i": ["0", "1", "-1", "9223372036854775807", "local.hour", "size(camera.tags)"],
        "s": ["'a'", "''", "object.class", "string(local.hour)", "r'\\'", "'é{'"],
        "b": ["true", "false", "local.holiday"],
    }
    if depth <= 0:
        return st.sampled_from(leaves[kind])
    grown = {
        "i": (
            st.tuples(number(), st.sampled_from("+-*/%"), number()).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            st.tuples(number(), number(), number()).map(lambda p: f"[{p[0]}, {p[1]}][{p[2]}]"),
            st.tuples(number(), number()).map(lambda p: f"{{{p[0]}: 1, {p[1]}: 2, {p[0]}: 3}}[{p[1]}]"),
            st.tuples(number(), text()).map(lambda p: f"{{{p[0]}: 1, size({p[1]}): 2}}[{p[0]}]"),
            st.tuples(truth(), number(), number()).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
            text().map(lambda s: f"int({s})"),
            text().map(lambda s: f"duration({s}).getSeconds()"),
            st.tuples(number(), text()).map(lambda p: f"timestamp({p[0]}).getHours({p[1]})"),
            number().map(lambda i: f"int(uint({i}))"),
        ),
        "s": (
            st.tuples(text(), text()).map(lambda p: f"({p[0]} + {p[1]})"),
            number().map(lambda i: f"camera.tags[{i}]"),
            number().map(lambda i: f"string(timestamp({i}))"),
            text().map(lambda s: f"string(bytes({s}))"),
        ),
        "b": (
            st.tuples(number(), st.sampled_from(["<", "==", "!=", ">="]), number()).map(" ".join).map("({})".format),
            st.tuples(truth(), st.sampled_from(["&&", "||"]), truth()).map(" ".join).map("({})".format),
            st.tuples(text(), text()).map(
                lambda p: f"google.protobuf.Struct{{fields: {{{p[0]}: 1, {p[1]}: 2}}}} == {{'a': 1}}"
            ),
            st.tuples(number(), number()).map(lambda p: f"({p[0]} in {{{p[1]}: 1, 1: 2}})"),
            number().map(lambda i: f"[{i}, 1].all(x, x > {i})"),
            number().map(lambda i: f"(dyn({i}) == dyn('a'))"),
            text().map(lambda s: f"bool({s})"),
            text().map(lambda s: f"has({{'a': {s}}}.a)"),
        ),
    }
    return st.one_of(st.sampled_from(leaves[kind]), *grown[kind])


@settings(max_examples=400, deadline=None)
@given(cel_of("b", DEEPEST))
def test_whatever_the_compiler_takes_is_true_or_false_of_any_frame(condition_variables, source):
    """Also what is refused when a rule is read: a bundle of an older version may still say it."""
    with suppress(ConditionError):
        compile_condition(source, "stopped").holds(condition_variables)
    try:
        expression = evaluated(source)
    except RuntimeError:  # the compiler's own refusal
        return
    assert expression.holds(condition_variables) in {True, False}


LIST = f"[{','.join(['1'] * 60)}]"


@pytest.mark.parametrize(
    "source",
    [
        "true" + " && true" * 120,
        "!" * 1000 + "true",
        f"1 in [{','.join(['1'] * 450)}]",
        "+".join(["camera.tags"] * 28) + " == []",
        "+".join([f"'{'a' * 25}'"] * 30) + " == ''",
        f"1{'0' * 900}.0 > 1.0",
        f"{LIST}.all//\n(a, {LIST}.all//\n(b, {LIST}.all//\n(c, {LIST}.all//\n(d, true))))",
        "object.class.matches//\n('" + "(a*)*" * 50 + "b')",
        "cel.bind(a, 'xx', cel.bind(b, a + a, cel.bind(c, b + b, c.size() > 1)))",
        "lists.range(1000000000).size() > 1",
    ],
)
def test_what_is_made_to_cost_much_is_refused_or_costs_nothing(condition_variables, source):
    assert len(source) <= LONGEST
    began = time.process_time()
    with suppress(ConditionError):
        compile_condition(source, "stopped").holds(condition_variables)
    assert time.process_time() - began < SHARE_S
