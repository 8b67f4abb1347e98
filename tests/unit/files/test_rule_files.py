"""A rule file that is wrong is refused with every place and the fix."""

import pytest

from vigie_common.yaml_model import MOST_TOLD
from vigie_rule_engine.catalogue import TEMPLATES, also_called

RULE = "rules/town/delivery-parking.yaml"
COUNT = "rules/town/gate-count.yaml"
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
            ["F:10:1: category: is left empty where a text is expected: write one"],
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
            "cameras: {tags: [delivery]}",
            "cameras:",
            ["F:6:1: cameras: is left empty where a mapping is expected: write {tags: [name]} or {ids: [camera]}"],
        ),
        (
            "    start: 2026-05-04T22:00\n",
            "    with:\n",
            [("F:21:5: tests[1].with: is left empty where a mapping is expected: write {name: …}, or remove the key")],
        ),
        (
            "expect: [{open: 3m10s, within: 2s, close: 5m}]",
            "expect: {open: 3m10s}",
            ["F:18:13: tests[0].expect: a mapping where a list is expected: write a dash before each, - {…}"],
        ),
        (
            "category: parking",
            "category: Parking!",
            [
                (
                    'F:10:11: category: "Parking!": an id has 1 to 64 of a-z, 0-9, - and _, and begins with a '
                    "letter or digit: write parking"
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
                    "letter or digit: write parking"
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


def test_of_very_many_problems_the_first_are_told(rule_refusal):
    found = rule_refusal(RULE, "tests:\n", f"tests: [{', '.join(['1'] * 5_000)}]\nno_tests:\n")
    assert len(found) == MOST_TOLD + 1
    assert "and 4801 more problems of this file: mend these first" in "\n".join(found)


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


def test_what_counts_does_not_cool_down(rule_refusal):
    assert rule_refusal(COUNT, "category: ", "cooldown: 1m\ncategory: ")[0].endswith(
        "cooldown: count_line counts, and a count is no alert that could be repeated: remove it"
    )


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
        ('"livraison, voie"', "a name has no comma, several are a list: write [livraison, voie]"),
        (
            "[livraison, 'e\u0301te\u0301']",
            "U+0301 (combining acute accent), a sign of its own: write letter and accent as one sign, été",
        ),
    ],
)
def test_a_name_that_no_zone_can_have_is_refused_with_what_to_write(rule_refusal, given, ending):
    [message] = rule_refusal(RULE, "zone: livraison,", f"zone: {given},")
    assert message.startswith("F:7:4")
    assert message.endswith(ending)


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        ("[dog]", 'did you mean "animal"?'),
        ("[Pedestrians]", 'did you mean "person"?'),
        ("[vans]", 'did you mean "van"?'),
        ("[vélos]", 'did you mean "bicycle"?'),
        ("[piéton]", 'did you mean "person"?'),
        ('"car, van"', 'with.classes: "car, van": a name has no comma, several are a list: write [car, van]'),
        ("[]", "with.classes: the list is empty: write one name at least, such as [person]"),
    ],
)
def test_a_class_by_another_name_and_an_empty_list_are_refused_with_what_to_write(rule_refusal, given, ending):
    [message] = rule_refusal(RULE, "[car, van, truck]", given)
    assert message.endswith(ending)
