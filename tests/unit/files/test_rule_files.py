import json
from pathlib import Path

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.errors import BadInputError
from vigie_common.site_file import read_site
from vigie_common.yaml_model import MOST_TOLD
from vigie_common.yaml_source import parse_document
from vigie_rule_engine.bundle import read_rules, rule_bundle, rule_record
from vigie_rule_engine.catalogue import TEMPLATES, also_called
from vigie_rule_engine.parameters import normalised
from vigie_rule_engine.quantities import allowed
from vigie_rule_engine.rule_file import RuleFile, parse_rule
from vigie_rule_engine.rule_numbers import numbers_of
from vigie_rule_engine.schema_json import rule_schema
from vigie_rule_engine.template import Parameter, Template

REPOSITORY = Path(__file__).parents[3]
RULE = "rules/town/delivery-parking.yaml"
COUNT = "rules/town/gate-count.yaml"
AUTHORISATION = "rules/authorisations/exercise.yaml"
WITH = "{classes: [car, van, truck], zone: livraison, for: 3m, within: 0.3 heights}"
CLASSES = "person, bicycle, motorcycle, scooter, car, van, bus, truck, tram, animal, bag, fire, smoke, weapon"


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            "template: stopped",
            "template: stoped",
            [
                (
                    f'F:5:11: template: "stoped" is not a template; templates are {", ".join(sorted(TEMPLATES))}; '
                    'did you mean "stopped"?'
                )
            ],
        ),
        (
            "within: 0.3 heights",
            "margin: 0.3",
            ["F:7:70: with.margin: 0.3: a distance needs its unit: write 0.3 heights"],
        ),
        ("for: 3m", "for: 3", ["F:7:58: with.for: 3: a duration needs its unit: write 3s, 3m or 3h"]),
        (
            "within: 0.3 heights",
            "within: 0.3",
            ["F:7:70: with.within: 0.3: a distance needs its unit: write 0.3 m or 0.3 heights"],
        ),
        (
            "within: 0.3 heights",
            "margin: 2 m",
            [
                (
                    'F:7:70: with.margin: "2 m": stopped measures in heights of the object, not in metres: '
                    "write 0.1 heights"
                )
            ],
        ),
        (
            "[car, van, truck]",
            "[car, vans]",
            [f'F:7:23: with.classes: "vans" is not a class; classes are {CLASSES}; did you mean "van"?'],
        ),
        (
            "classes: [car, van, truck]",
            "classes: unknown",
            [f'F:7:17: with.classes: "unknown" is not a class; classes are {CLASSES}'],
        ),
        (
            "classes: [car, van, truck], ",
            "",
            [("F:7:7: with.classes: is missing: stopped needs it (which objects, by their names in the taxonomy)")],
        ),
        (
            "for: 3m",
            "during: 3m",
            [
                (
                    "F:7:53: with.during: stopped has no such parameter; it has classes, zone, for, within, "
                    "margin, keep_open"
                )
            ],
        ),
        ("zone: livraison", "zone: [a, a]", ['F:7:46: with.zone[1]: "a" is listed twice: remove one']),
        (
            "[car, van, truck]",
            "[car, 1]",
            ["F:7:23: with.classes[1]: 1 where a name is expected: write a name"],
        ),
        (
            "for: 3m",
            "for: ",
            ["F:7:53: with.for: is left empty: write 60s, its default, or another value"],
        ),
        (
            "for: 3m",
            'for: "1,5m"',
            ['F:7:58: with.for: "1,5m": not a duration: write 1.5m'],
        ),
        (
            "category: parking",
            "category:",
            ["F:10:1: category: is left empty where a text is expected: write one, or remove the key"],
        ),
        (
            "cameras: {tags: [delivery]}",
            "cameras: {tags: delivery}",
            ['F:6:17: cameras.tags: "delivery" where a list is expected: write [delivery]'],
        ),
        ("zone: livraison", "zone: 3", ["F:7:42: with.zone: 3: write a name or a list of names"]),
        ("status: stable", "status: beta", ['F:4:9: status: "beta" is not allowed: use draft, test or stable']),
        (
            "status: stable",
            "status: stabel",
            [('F:4:9: status: "stabel" is not allowed: use draft, test or stable; did you mean "stable"?')],
        ),
        (
            "severity: warning",
            "severity: high",
            ['F:9:11: severity: "high" is not allowed: use info, warning or critical'],
        ),
        (
            "cameras: {tags: [delivery]}",
            "cameras: {}",
            ["F:6:10: cameras: selects nothing: write {tags: [name]} or {ids: [camera]}"],
        ),
        (
            "cameras: {tags: [delivery]}",
            "cameras: {tag: [delivery]}",
            ['F:6:11: cameras.tag: unknown key; allowed: tags, ids; did you mean "tags"?'],
        ),
        (
            "category: parking\n",
            "",
            [
                (
                    'F:2:1: category: is missing: add "category: …"; keys are rule, title, status, template, '
                    "cameras, with, when, severity, category, cooldown, explain, replaces, tests"
                )
            ],
        ),
        (
            "category: parking",
            "category: Parking!",
            [
                (
                    'F:10:11: category: "Parking!": an id has 1 to 64 of a-z, 0-9, - and _, and begins with a '
                    "letter or digit"
                )
            ],
        ),
        (
            "category: parking",
            "category: parking\ncooldown: 600",
            ["F:11:11: cooldown: 600: a duration needs its unit: write 600s, 600m or 600h"],
        ),
        (
            "category: parking",
            "category: parking\ncooldown: 8d",
            ['F:11:11: cooldown: "8d": write more than 0s and 7d at most'],
        ),
        (
            "category: parking",
            'category: "parking\\n"',
            [
                (
                    'F:10:11: category: "parking�": an id has 1 to 64 of a-z, 0-9, - and _, and begins with a '
                    "letter or digit"
                )
            ],
        ),
        (
            "en: Parking in a delivery bay",
            'en: "\\ud800"',
            ["F:3:60: title.en: half of a character (a lone surrogate) is no text: remove it"],
        ),
        (
            "en: Parking in a delivery bay",
            'en: "\\e[31mParking"',
            [('F:3:60: title.en: "�[31mParking": has the control character U+001B, which no text needs: remove it')],
        ),
        (
            "when: local.hour >= 7 && local.hour < 20",
            "when: local.hour",
            [
                (
                    "F:8:7: when: 'local.hour' gives a whole number, not true or false: compare it with something, "
                    "such as local.hour >= 7"
                )
            ],
        ),
        (
            "expect: [{open: 3m10s, within: 2s, close: 5m}]",
            "expect: [{open: 190, within: 2s, close: 5m}]",
            ["F:18:21: tests[0].expect[0].open: 190: a duration needs its unit: write 190s, 190m or 190h"],
        ),
        (
            "expect: [{open: 3m10s, within: 2s, close: 5m}]",
            "expect: none",
            ['F:18:13: tests[0].expect: "none" where a list is expected: write [] for none'],
        ),
        (
            "expect: [{open: 3m10s, within: 2s, close: 5m}]",
            "expect: [{open: -5s}]",
            ['F:18:21: tests[0].expect[0].open: "-5s": a duration is 0 or more, and less than 1000000000s'],
        ),
        (
            "expect: [{open: 3m10s, within: 2s, close: 5m}]",
            "expect: [{within: 2s}]",
            [("F:18:14: tests[0].expect[0]: expect an episode {open: 3m} or a count {count: in, at: 12s}")],
        ),
    ],
)
def test_a_wrong_rule_file_is_refused_with_the_place_and_the_fix(rule_refusal, old, new, messages):
    assert rule_refusal(RULE, old, new) == messages


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("loitering", '"dwell"'),
        ("Intrusion", '"presence"'),
        ("illegal-parking", '"stopped"'),
        ("smoke", '"object_class"'),
        ("footfall", '"count_line" or "unique_count"'),
        ("abandoned_luggage", '"abandoned_object"'),
        ("jam", '"congestion"'),
        ("crowd", '"gathering" or "density"'),
    ],
)
def test_a_template_by_another_word_is_offered_by_its_name(rule_refusal, name, meant):
    [message] = rule_refusal(RULE, "template: stopped", f"template: {name}")
    assert message.endswith(f"; did you mean {meant}?")


def test_every_template_has_other_words_and_none_of_them_is_a_template():
    assert all(also_called(name) and not set(also_called(name)) & set(TEMPLATES) for name in TEMPLATES)


def test_one_height_is_a_distance():
    assert rule(change=("within: 0.3 heights", "within: 1 height"))["numbers"]["within_heights"] == 1.0


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


def test_a_test_that_closes_before_it_opens_is_refused(rule_refusal):
    [message] = rule_refusal(RULE, "within: 2s, close: 5m", "within: 2s, close: 3m")
    assert message == (
        "F:18:14: tests[0].expect[0]: close (3m) is before open (3m10s): both count from the test's start"
    )


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


def test_a_placeholder_in_a_block_is_shown_where_it_stands(rule_refusal):
    [message] = rule_refusal(
        RULE, 'en: "{object.class} still for {facts.stopped_for}', "en: >\n    still,\n    {object.klass}"
    )
    assert message.startswith("F:15:5: explain.en: {object.klass} is not known")


def test_a_brace_without_its_other_half_is_shown_where_it_stands(rule_refusal):
    english = "{object.class} still for {facts.stopped_for}"
    assert rule_refusal(RULE, english, "{object.class} still for {facts.stopped_for") == [
        (
            "F:13:33: explain.en: {facts.stopped_for is not closed, operators would read it as it stands: write "
            "{facts.stopped_for}"
        )
    ]
    [message] = rule_refusal(RULE, english, "{object.clas, {facts.stopped_for}")
    assert message.startswith("F:13:8: explain.en: {object.clas is not closed")
    assert message.endswith("write {object.class}")
    assert rule_refusal(RULE, english, "object.class}") == [
        "F:13:20: explain.en: } closes nothing: remove it, or open a placeholder before it"
    ]


def test_of_very_many_problems_the_first_are_told(rule_refusal):
    found = rule_refusal(RULE, "tests:\n", f"tests: [{', '.join(['1'] * 5_000)}]\nno_tests:\n")
    assert len(found) == MOST_TOLD + 1
    assert "and 4801 more problems of this file: mend these first" in "\n".join(found)


def test_a_placeholder_that_nothing_fills_is_shown(rule_refusal):
    message, empty = rule_refusal(RULE, '"{object.class} still for {facts.stopped_for}', '"{object.klass} still for {}')
    assert empty.startswith("F:13:33: explain.en: {} is not known: use one of ")
    assert message.startswith("F:13:8: explain.en: {object.klass} is not known: use one of {camera.id}, ")
    assert message.endswith('; did you mean "object.class"?')


ENGLISH = '"{object.class} still for {facts.stopped_for} in {zone.name}"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ENGLISH,
            '"On {line.name}"',
            (
                "13:11: explain.en: {line.name} is a placeholder that nothing fills: stopped is "
                "about no line: write {zone.name}"
            ),
        ),
        (
            ENGLISH,
            '"To {direction}"',
            (
                "13:11: explain.en: {direction} is a placeholder that nothing fills: stopped is "
                "about no line, which alone has directions: leave it out"
            ),
        ),
        (
            "zone: livraison, ",
            "",
            (
                "13:56: explain.en: {zone.name} is a placeholder that nothing fills: the rule is about "
                "the whole image: add `zone` to `with`, or write {camera.title}"
            ),
        ),
    ],
)
def test_a_placeholder_that_nothing_fills_in_this_rule_is_shown(rule_refusal, old, new, message):
    assert rule_refusal(RULE, old, new)[-1] == f"F:{message}"


def test_a_place_or_a_unit_that_the_rule_does_not_have_fills_nothing(rule_refusal):
    [message] = rule_refusal(COUNT, "Passage, direction {direction}", "{zone.name} {line.name} {direction}")
    assert message.endswith("nothing fills: count_line is about a line: write {line.name}")
    wrong_way = "rules/decree-2023-828/wrong-way.yaml"
    [message] = rule_refusal(wrong_way, "against the traffic on", "{facts.progress_heights} {facts.progress_m}")
    assert message.endswith("nothing fills: the rule measures in heights: write {facts.progress_heights}")


def test_a_placeholder_in_a_title_is_shown_since_titles_are_not_filled(rule_refusal):
    [message] = rule_refusal(RULE, "en: Parking in a delivery bay", 'en: "Parking in {zone.name}"')
    assert message.endswith(": title.en: {zone.name} is not filled in a title: write it in `explain`")


def test_everything_wrong_in_a_rule_is_told_at_once(rule_refusal):
    found = rule_refusal(RULE, "status: stable\ntemplate: stopped", "status: new\ntemplate: presence")
    assert found == [
        'F:4:9: status: "new" is not allowed: use draft, test or stable',
        "F:7:62: with.within: presence has no such parameter; it has classes, zone, for, moved, margin, keep_open",
        *(line for line in found if ": {facts.stopped_for} is not known: use one of " in line),
    ]
    assert [line.split(": ")[0] for line in found] == ["F:4:9", "F:7:62", "F:12:39", "F:13:33"]


def test_a_wrong_severity_hides_neither_the_condition_nor_the_text(rule_refusal):
    found = rule_refusal(
        RULE,
        "when: local.hour >= 7 && local.hour < 20\nseverity: warning",
        "when: local.huor >= 7\nseverity: high",
    )
    assert [line[:32] for line in found] == ["F:8:7: when: undeclared referenc", 'F:9:11: severity: "high" is not ']


@pytest.mark.parametrize("key", ["on", "Off", "yes", "no", "y", "N"])
def test_a_key_that_older_yaml_takes_for_true_or_false_is_named(rule_refusal, key):
    found = rule_refusal(RULE, "category: parking", f"category: parking\n{key}: parking")
    assert f'F:11:1: key {key}: older YAML (1.1) reads it as true or false: write "{key}", or another name' in found


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


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            "until: 2035-12-31",
            "until: 2019-12-31",
            ["F:10:8: until: 2019-12-31 is not after from, 2020-01-01: write a later one"],
        ),
        (
            "until: 2035-12-31",
            "until: 31/12/2035",
            [('F:10:8: until: "31/12/2035": not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00+02:00')],
        ),
        ("mode: exercise", "mode: real", ['F:8:7: mode: "real" is not allowed: use exercise or live']),
        (
            'reference: "Note de service d\'exemple 2026-01"\n',
            "",
            [
                (
                    'F:3:1: reference: is missing: add "reference: …"; keys are authorisation, categories, '
                    "cameras, legal_basis, reference, mode, from, until"
                )
            ],
        ),
        (
            (
                "categories: [presence, parking, counting, traffic, queue, gathering, abandoned-object, weapon, "
                "wrong-way, forbidden-zone, distress, crowd-movement, density, fire]"
            ),
            "categories: []",
            ["F:4:13: categories: 0 given: at least 1 needed"],
        ),
    ],
)
def test_a_wrong_authorisation_is_refused_with_the_place_and_the_fix(rule_refusal, old, new, messages):
    assert rule_refusal(AUTHORISATION, old, new) == messages


def rule(text=None, **changes):
    """The record of the example rule with other content."""
    text = (REPOSITORY / RULE).read_text(encoding="utf-8") if text is None else text
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return rule_record(parse_rule(parse_document(text, "F"), REPOSITORY))


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


def test_what_counts_does_not_cool_down(rule_refusal):
    assert rule_refusal(COUNT, "category: ", "cooldown: 1m\ncategory: ")[0].endswith(
        "cooldown: count_line counts, and a count is no alert that could be repeated: remove it"
    )


def test_a_rule_is_judged_with_all_its_parameters_in_base_units():
    record = rule()
    assert record["numbers"] == {
        "for_s": 180.0,
        "keep_open_s": 5.0,
        "margin_heights": 0.1,
        "within_heights": 0.3,
    }
    assert record["cooldown_ms"] == 0
    assert rule(change=("category: parking", "category: parking\ncooldown: 1m30s"))["cooldown_ms"] == 90_000
    assert (record["classes"], record["zones"], record["lines"]) == (["car", "van", "truck"], ["livraison"], [])


@pytest.mark.parametrize(
    "change",
    [
        ("title: {fr: Stationnement gênant en aire de livraison", "title: {fr: Autre"),
        ("severity: warning", "severity: critical"),
        ("status: stable", "status: test"),
        ("category: parking", "category: standing"),
        ("cameras: {tags: [delivery]}", "cameras: {ids: [arenes-01]}"),
        ("for: 3m", "for: 180s"),
        ("[car, van, truck]", "[truck, car, van]"),
        ("within: 0.3 heights}", "within: 0.3 heights, keep_open: 5s}"),
    ],
)
def test_a_change_that_judges_the_same_keeps_the_version(change):
    assert rule(change=change)["version"] == rule()["version"]


@pytest.mark.parametrize(
    "change",
    [
        ("for: 3m", "for: 4m"),
        ("[car, van, truck]", "[car, van]"),
        ("zone: livraison,", "zone: [livraison, parvis],"),
        ("local.hour < 20", "local.hour < 21"),
        ("within: 0.3 heights", "within: 0.2 heights"),
        ("category: parking", "category: parking\ncooldown: 10m"),
    ],
)
def test_a_change_that_judges_otherwise_is_another_version(change):
    assert rule(change=change)["version"] != rule()["version"]


def test_the_bundle_is_what_the_schema_says_and_its_digest_is_of_the_content():
    schema = fastavro.parse_schema(json.loads((REPOSITORY / "schemas/rule-bundle/v1.avsc").read_text()))
    site = read_site(REPOSITORY / "cameras/site.yaml").content
    folder = read_rules(REPOSITORY / "rules")
    bundle = rule_bundle(site, folder, author="a", effective_at=1)
    assert fastavro.validate(bundle, schema, strict=True)
    assert bundle["digest"] == rule_bundle(site, folder, author="b", effective_at=2)["digest"]
    assert bundle["digest"] != rule_bundle(site, folder, author="a", effective_at=1, withdrawn=True)["digest"]
    [authorisation] = bundle["authorisations"]
    assert (authorisation["valid_from"], authorisation["valid_until"]) == (1_577_833_200_000, 2_082_754_800_000)


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


def told(read):
    """What a reader says against its input, line by line; any other error is the test's failure."""
    try:
        read()
    except BadInputError as error:
        return str(error).splitlines()
    return []


leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["3m", "stopped", "in"])
)
keys = st.sampled_from(["tags", "ids", "for", "within", "zone", "classes", "open", "count", "at", "fr", "tracks"])
tree = st.recursive(
    leaf, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner)), max_leaves=8
)
fields = st.sampled_from([field.alias or name for name, field in RuleFile.model_fields.items()])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(fields, tree), st.sampled_from([*TEMPLATES, "none"]))
def test_any_content_is_a_rule_or_a_clear_error(content, template):
    document = parse_document(json.dumps({"template": template, **content}), "F")
    assert all(line.startswith("F:1:") for line in told(lambda: parse_rule(document, REPOSITORY)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_condition_is_a_rule_or_a_clear_error(condition):
    content = {
        "rule": "a",
        "title": {"fr": "a"},
        "template": "presence",
        "cameras": {"ids": ["a"]},
        "with": {"classes": "person"},
        "category": "a",
        "when": condition,
        "explain": {"fr": condition},
    }
    document = parse_document(json.dumps(content), "F")
    assert all(line.startswith("F:1:") for line in told(lambda: parse_rule(document, REPOSITORY)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "title: {fr: Stationnement gênant en aire de livraison, en: Parking in a delivery bay}",
            "title: Linger",
            'F:3:8: title: "Linger" where a mapping is expected: write {en: "Linger"}, a text by language',
        ),
        (
            "cameras: {tags: [delivery]}",
            "cameras: campus-01",
            'F:6:10: cameras: "campus-01" where a mapping is expected: write {tags: [name]} or {ids: [camera]}',
        ),
    ],
)
def test_what_has_another_shape_is_refused_with_an_example_of_the_right_one(rule_refusal, old, new, message):
    assert rule_refusal(RULE, old, new) == [message]


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        ("[dog]", 'did you mean "animal"?'),
        ("[Pedestrians]", 'did you mean "person"?'),
        ("[vans]", 'did you mean "van"?'),
        ("[]", "with.classes: the list is empty: write one name at least, such as [person]"),
    ],
)
def test_a_class_by_another_name_and_an_empty_list_are_refused_with_what_to_write(rule_refusal, given, ending):
    [message] = rule_refusal(RULE, "[car, van, truck]", given)
    assert message.endswith(ending)
