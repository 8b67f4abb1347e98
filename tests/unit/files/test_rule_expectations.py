"""What is wrong in the tests of a rule file, and what they expect that its template never says."""

import pytest

RULE = "rules/town/delivery-parking.yaml"
COUNT = "rules/town/gate-count.yaml"


def test_a_test_that_closes_before_it_opens_is_refused(rule_refusal):
    [message] = rule_refusal(RULE, "within: 2s, close: 5m", "within: 2s, close: 3m")
    assert message == (
        "F:18:14: tests[0].expect[0]: close (3m) is before open (3m10s): both count from the test's start"
    )


def test_what_differs_in_a_test_is_checked_like_the_rule(rule_refusal):
    test = "tests:\n  - scene: stopped-happens\n    with: {zone: bay, for: 3, whithin: 2 heights}\n    expect: []\n"
    assert rule_refusal(RULE, "tests:\n", test) == [
        "F:16:28: tests[0].with.for: 3: a duration needs its unit: write 3s, 3m or 3h",
        (
            "F:16:31: tests[0].with.whithin: stopped has no such parameter; it has classes, zone, for, within, "
            'margin, keep_open; did you mean "within"?'
        ),
    ]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("{expect: []}", "name what happens: write either tracks: FILE with camera: ID, or scene: NAME"),
        (
            "{scene: stopped-happens, camera: a, expect: []}",
            "`camera` goes with `tracks`: a scene has a camera of its own, recorded tracks need one",
        ),
    ],
)
def test_a_test_has_one_source(rule_refusal, test, message):
    assert rule_refusal(RULE, "tests:\n", f"tests:\n  - {test}\n") == [f"F:15:5: tests[0]: {message}"]


def test_a_count_without_its_line_says_so(rule_refusal):
    assert rule_refusal(COUNT, ", line: porte}", "}") == [
        "F:7:7: with.line: is missing: count_line needs it (a line of the camera file)"
    ]
    assert rule_refusal(COUNT, "{count: in, at: 6s, within: 2s}", "{count: in}") == [
        "F:17:9: tests[0].expect[0]: `at` goes with `count`: write {count: in, at: 12s}"
    ]


FOOTFALL = "rules/town/footfall.yaml"
TEN = "facts: {unique: 10, entered: 10, low: 10, high: 11}"


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (
            "facts: {uniq: 10}",
            (
                "17:53: tests[0].expect[0].facts.uniq: unique_count brings no such value; values are unique, entered, "
                'low, high, watched_s; did you mean "unique"?'
            ),
        ),
        ("facts: {unique: 10 ± 2}", '17:61: tests[0].expect[0].facts.unique: "10 ± 2": write 8 to 12'),
        (
            "facts: {unique: 12 to 8}",
            '17:61: tests[0].expect[0].facts.unique: "12 to 8": begins above its end: write 8 to 12',
        ),
        (
            "facts: {unique: many}",
            (
                '17:61: tests[0].expect[0].facts.unique: "many": write a number, such as 3, or the least and the most, '
                "such as 1.9 to 2.3"
            ),
        ),
    ],
)
def test_a_value_that_a_count_never_brings_is_refused_with_the_fix(rule_refusal, new, message):
    assert rule_refusal(FOOTFALL, TEN, new) == [f"F:{message}"]


def test_a_test_that_expects_what_its_template_never_says_is_refused(rule_refusal):
    assert rule_refusal(RULE, "{open: 3m10s, within: 2s, close: 5m}", "{count: in, at: 3m10s}") == [
        ("F:18:15: tests[0].expect[0].count: in: stopped opens episodes and counts nothing: write {open: 3m10s}")
    ]
    assert rule_refusal(FOOTFALL, f"count: minute, at: 0s, within: 3s, {TEN}", "open: 0s") == [
        ("F:17:10: tests[0].expect[0].open: unique_count counts and opens no episode: write {count: minute, at: 0s}")
    ]
    assert rule_refusal(COUNT, "{count: in, at: 6s, within: 2s}", "{count: minute, at: 6s}") == [
        "F:17:10: tests[0].expect[0].count: minute: count_line counts in and out: write count: in"
    ]
    assert rule_refusal(RULE, "{open: 3m10s, within: 2s, close: 5m}", "{open: 3m10s, facts: {max: 3}}") == [
        ("F:18:14: tests[0].expect[0]: `facts` goes with `count`: write {count: minute, at: 0s, facts: {max: 3}}")
    ]
