"""What is wrong in a condition is said at its place, and as CEL writes it."""

import pytest

from vigie_rule_engine.conditions import LONGEST, ConditionError, compile_condition


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("local.huor > 7", "undeclared reference to 'local.huor': known are local.hour", (1, 1)),
        ("true &&\n  local.huor > 7", 'did you mean "local.hour"?', (2, 3)),
        ("true &&\n local.hour > ", "it ends after >", (2, 15)),
        ("facts.stopped_for_s > 30", "a measured value and a whole number: write facts.stopped_for_s > 30.0", (1, 21)),
        ("local.hour + 1", "gives a whole number, not true or false", (1, 1)),
        ("[1].all(x, x > 0)", "all() may not be used, its cost has no bound", (1, 5)),
        ('object.class.matches("a+")', "matches() may not be used", (1, 14)),
        ("has(local.hour)", "has() may not be used, every name is always there", (1, 1)),
        ("{1: true, local.weekday: true}[local.weekday]", "{ may not be used, a map or message is not needed", (1, 1)),
        (
            'local.weekday == "monday"',
            "weekday is a number from 1, Monday, to 7, Sunday: write local.weekday == 1",
            (1, 15),
        ),
        ("local.weekday in ['saturday']", "weekday is a number from 1, Monday, to 7, Sunday: write", (1, 15)),
        ("zone.name == '{' &&\n  google.protobuf.Struct{} == google.protobuf.Struct{}", "{ may not be used", (2, 25)),
        ("true and\nfalse", "when: and: CEL writes &&", (1, 6)),
        ("zone.name == 'or' OR true", "when: OR: CEL writes ||", (1, 19)),
        ("true &&\n not local.holiday", "when: not: CEL writes !", (2, 2)),
        ("local.hour = 7", "when: =: CEL writes ==", (1, 12)),
        ("facts.present_for_s > 1.0", "undeclared reference to 'facts.present_for_s'", (1, 1)),
        ('object.class.matches//\n("(a*)*b")', "matches() may not be used", (1, 14)),
        ("true //\n&& [1].all//\n(x, x > 0)", "all() may not be used", (2, 8)),
        ("''' ' ''' == '' || [1].all(x, x > 0)", "all() may not be used", (1, 24)),
        ("r'\\' == 'x' || [1].exists(x, x > 0) || '' == ''", "exists() may not be used", (1, 20)),
        ("[" * 60 + "]" * 60 + " == []", "nested deeper than 32 levels", (1, 1)),
        ("(" * 60 + "true" + ")" * 60, "nested deeper than 32 levels", (1, 1)),
        ("true" + " || true" * 200, f"longer than {LONGEST}", (1, 1)),
    ],
)
def test_what_is_wrong_and_where(source, message, place):
    with pytest.raises(ConditionError) as wrong:
        compile_condition(source, "stopped")
    assert message in str(wrong.value)
    assert (wrong.value.line, wrong.value.column) == place


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('local.hour >= "7"', ">= does not go with a whole number and a text: write local.hour >= 7"),
        ('"7" <= local.hour', "<= does not go with a text and a whole number: write 7 <= local.hour"),
        (
            "true && local.date > 2026-05-04",
            '> does not go with a text and a whole number: write local.date > "2026-05-04"',
        ),
        ("local.date in [2026-05-04]", 'a text and a list of whole numbers: write local.date in ["2026-05-04"]'),
        ("facts.score > 30", "> does not go with a measured value and a whole number: write facts.score > 30.0"),
        ("local.holiday == 1", "write local.holiday or !local.holiday alone"),
        ('camera.tags != "gate"', 'write !("gate" in camera.tags)'),
        ('camera.tags.contains("gate")', 'write "name" in camera.tags'),
        ('object.class in "car"', 'write object.class in ["car"]'),
        ("!local.hour", "! does not go with a whole number: compare it with something"),
        ("7 < local.hour < 20", "two comparisons are joined by &&, as local.hour > 7 && local.hour < 20"),
        ("facts.score > local.hour", "write both as a measured value"),
        ("local.hour > 7 &&", "it ends after &&: write what follows, or remove &&"),
        ("&& local.hour > 7", "nothing stands before &&: remove it, or write what it joins"),
        ("(local.hour > 7", "( is not closed: write )"),
        ("local.hour > 7)", ") closes nothing: remove it"),
        ('zone.name == "a', 'the text that begins with " is not closed: write " at its end'),
        ("local.hour > 7 local.hour < 8", "local.hour follows without && or ||: write one before it, or remove it"),
        ("local.hour >= 07:00", "07:00: CEL has no times of day: write local.hour >= 7"),
        ("local.hour < 20:00 && true", "20:00: CEL has no times of day: write local.hour < 20"),
        ("local.hour >= 7:30", "7:30: CEL has no times of day: write local.hour * 60 + local.minute >= 450"),
        ("local.hour > 7:00", "7:00: CEL has no times of day: write local.hour * 60 + local.minute > 420"),
        ("true && 7:30", "7:30: CEL has no times of day: compare local.hour and local.minute"),
        ("local.hour between 7 and 20", "between: CEL writes local.hour >= 7 && local.hour <= 20"),
        ("local.hour entre 7 et 20", "entre: CEL writes local.hour >= 7 && local.hour <= 20"),
        ("local.holiday is false", "is: CEL writes =="),
        ("local.holiday is not true", "is not: CEL writes !="),
        ("zone.name est 'parvis'", "est: CEL writes =="),
        (
            "local.weekday in [sat, sun]",
            "undeclared reference to 'sat': weekday is a number from 1, Monday, to 7, Sunday: write 6",
        ),
        (
            "local.weekday == Lundi",
            "undeclared reference to 'Lundi': weekday is a number from 1, Monday, to 7, Sunday: write 1",
        ),
        ("local.hour > 7 ? true", "a ? b lacks its other half: write a ? b : c"),
        ("local.hour > 7;", "; is no sign of CEL: remove it"),
        ("local.hour => 7", "=>: CEL writes >="),
        ("local.hour > 7 & true", "&: CEL writes &&"),
        ("local.hour <> 7", "<>: CEL writes !="),
        ("local.hour ≥ 7", "≥: CEL writes >="),
        ("local.hour ≤ 7", "≤: CEL writes <="),
        ("local.hour ≠ 7", "≠: CEL writes !="),
        ("local.hour × 2 > 7", "×: CEL writes *"),
        ("local.hour ÷ 2 > 7", "÷: CEL writes /"),
        ("local.hour − 2 > 7", "−: CEL writes -"),
        ("local.holiday et local.hour > 7", "et: CEL writes &&"),
        ("local.holiday OU local.hour > 7", "OU: CEL writes ||"),
        ("non local.holiday", "non: CEL writes !"),
        ("zone.name == “parvis or so”", "“ is no quotation mark of CEL: write straight ones, \" or '"),
        ("zone.name == « parvis »", "« is no quotation mark of CEL: write straight ones, \" or '"),
        ("zone.name == ’parvis’", "’ is no quotation mark of CEL: write straight ones, \" or '"),
        ("local.hour\u00a0> 7", "U+00A0 (no-break space) is no space to CEL: write an ordinary one"),
        ("facts.stopped_for_s > 30s", "30s: a number has no unit here: write 30.0"),
        ("facts.stopped_for_s > 3 min && true", "3 min: a number has no unit here: write 180.0"),
        ("facts.stopped_for_s > 1,5m", "1,5m: a number has no unit here: write 90.0"),
        ("facts.moved_heights > 3 heights", "3 heights: a number has no unit here: write 3.0"),
        ("facts.moved_heights > 3 m", "a number has no unit here: write the number alone, in the unit in which the"),
        ("facts.stopped_for_s > ٣s", "٣ is no sign of CEL"),
        ("facts.score > 50%", "50%: a number has no unit here: write 0.5"),
        ("facts.score > 50 % && true", "50 %: a number has no unit here: write 0.5"),
        ("local.hour >= 7h", "7h: a number has no unit here: write 7"),
        ("local.hour > 7 local.hour % 2 > 7", "local.hour follows without && or ||"),
        ("facts.stopped_for_s > 30,5", "30,5: decimals follow a point: write 30.5"),
        ("local.weekday in [6,7] true", "true follows without && or ||"),
        (
            "local.hour < 99999999999999999999",
            "a number without a point lies between -9223372036854775808 and 9223372036854775807: write a smaller one",
        ),
        ("local.hour", "'local.hour' gives a whole number, not true or false: compare it"),
        ("object.class == person", 'a text is written in quotes, as "person"; known are '),
        ("facts.stopped_for > 30.0", "write facts.stopped_for_s, a condition names the unit; known are "),
    ],
)
def test_what_is_wrong_is_said_without_the_words_of_the_compiler(source, message):
    with pytest.raises(ConditionError) as wrong:
        compile_condition(source, "stopped")
    assert message in str(wrong.value)
    assert not any(word in str(wrong.value) for word in ("overload", "expecting", "EOF", "gives a int"))


def test_a_name_without_its_group_is_offered_with_it():
    with pytest.raises(ConditionError, match=r'did you mean "local\.hour"\?$'):
        compile_condition("hour > 7", "stopped")
