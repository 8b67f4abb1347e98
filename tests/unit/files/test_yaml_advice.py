"""What is no YAML is told where it went wrong, and how to write it."""

import pytest

from vigie_common.yaml_document import InvalidFileError
from vigie_common.yaml_source import parse_document


def test_a_key_without_its_colon_is_shown_where_it_stands():
    with pytest.raises(InvalidFileError) as refused:
        parse_document("rule: linger\nwith\n  zone: bay\n", "F")
    assert str(refused.value) == 'F:2:1: not YAML: "with" has no colon: write key: value, or key: over a block'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'when: "gate" in camera.tags  # only there',
            (
                """1:7: not YAML: when: what begins with " ends at the next one: """
                """put the whole condition in single quotes: '"gate" in camera.tags'"""
            ),
        ),
        (
            "when: 'gate' in camera.tags",
            (
                """1:7: not YAML: when: what begins with ' ends at the next one: """
                """put the whole condition in double quotes: "'gate' in camera.tags\""""
            ),
        ),
        (
            "when: [6, 7] == [local.weekday]",
            (
                "1:7: not YAML: when: what begins with [ is a list: put the whole condition in single quotes: "
                "'[6, 7] == [local.weekday]'"
            ),
        ),
        (
            "when: !local.holiday && local.hour > 7",
            (
                "1:7: when: what begins with ! is a tag: put the whole condition in single quotes: "
                "'!local.holiday && local.hour > 7'"
            ),
        ),
        (
            'when: !zone.name.startsWith("x")',
            (
                "1:7: not YAML: when: what begins with ! is a tag: put the whole condition in single quotes: "
                """'!zone.name.startsWith("x")'"""
            ),
        ),
        (
            "a: 1\nwhen: local.holiday ?\n  true : false\nb: 2",
            (
                '2:7: not YAML: when: what stands before ": " is a key: put the whole condition in single quotes: '
                "'local.holiday ? true : false'"
            ),
        ),
        (
            "title:\n  en: Linger: long",
            (
                '2:7: not YAML: en: what stands before ": " is a key: put the whole text in single quotes: '
                "'Linger: long'"
            ),
        ),
        (
            "title: {en: Linger: long, fr: x}",
            (
                '1:13: not YAML: en: what stands before ": " is a key: put the whole text in single quotes: '
                "'Linger: long'"
            ),
        ),
        (
            'en: it\'s "so": so',
            (
                """1:5: not YAML: en: what stands before ": " is a key: put the whole text in single quotes: """
                """'it''s "so": so'"""
            ),
        ),
        ("with:\n  classes: [person\n  zone: x\n", "2:12: not YAML: [ is not closed: write [person]"),
        ("with: {classes: [person}", "1:17: not YAML: [ is not closed: write [person]"),
        ("ids: {a: [b]\nwith:\n  c: 1", "1:6: not YAML: { is not closed: write {a: [b]}"),
        (
            "a: [b\n   c: d",
            (
                "2:4: not YAML: c: d follows without a comma: write a comma before it, ] to close what begins with [, "
                "or the whole text in quotes"
            ),
        ),
        (
            'a: {b: "y" c, d: "z"}',
            (
                "1:12: not YAML: c follows without a comma: write a comma before it, } to close what begins with {, or "
                "the whole text in quotes"
            ),
        ),
        (
            'a: "x" y "z"',
            (
                '1:4: not YAML: a: what begins with " ends at the next one: put the whole text in single quotes: '
                """'"x" y "z"'"""
            ),
        ),
        (
            'a: {fr: "x, en: "y"}',
            '1:9: not YAML: the text that begins with " here is not closed: write " at its end',
        ),
        (
            'a:\n  - {fr: "x}\n  - {fr: "y"}',
            '2:10: not YAML: the text that begins with " here is not closed: write " at its end',
        ),
        ("a:\n  b: [", "2:6: not YAML: [ is not closed: write []"),
        ("a: [[0, 1],  # x\n", "1:4: not YAML: [ is not closed: write [[0, 1]]"),
        ("a: {b: 1,\n", "1:4: not YAML: { is not closed: write {b: 1}"),
        (
            "title: {fr: Arrêt, interdit, en: x}",
            (
                '1:20: "interdit" has no colon: write interdit: value, or, if the comma belongs to the text, put it in '
                'quotes: "Arrêt, interdit"'
            ),
        ),
        ("a: {b: 1, for:3m}", '1:11: "for:3m" has no space after its colon: write for: 3m'),
        ("a: {b: 1, c}", '1:11: "c" has no colon: write c: value'),
        ("a: [1, 2]]", "1:10: not YAML: ] closes nothing: remove it"),
        (
            "a: 'x\nb: 2\n",
            "1:4: not YAML: the text that begins with ' here is not closed: write ' at its end",
        ),
        (
            'b:\n  fr: "x {o}\n  en: "y {o} z"\nc: 1',
            '2:7: not YAML: the text that begins with " here is not closed: write " at its end',
        ),
        (
            "a: {fr: 'x, en: y}\nb: 1\nc: 'a b'\nd: 'e'",
            "1:9: not YAML: the text that begins with ' here is not closed: write ' at its end",
        ),
        (
            "a: {fr: 'L'arrêt', en: 'x'}",
            (
                "1:9: not YAML: fr: what begins with ' ends at the next one: put the whole text in double quotes: "
                """"L'arrêt\""""
            ),
        ),
        (
            'a:\n  fr: "le "bus" bleu"  # x',
            (
                '2:7: not YAML: fr: what begins with " ends at the next one: put the whole text in single quotes: '
                """'le "bus" bleu'"""
            ),
        ),
        (
            'a: "\\d"',
            r"1:6: not YAML: \d is nothing in double quotes, where \ begins a sign: write it in single quotes",
        ),
        (
            "rule: a\n  title: b",
            (
                "2:3: not YAML: title: is indented deeper than rule, which has its value beside it: begin it in "
                "column 1 as well"
            ),
        ),
        (
            "tests:\n  - scene: x\n   expect: []",
            (
                "3:4: not YAML: expect: stands in column 4, in which nothing above begins: begin it in column 5, "
                "beside scene, or in column 1, beside tests"
            ),
        ),
        (
            "with:\n  a: 1\n\u00a0 b: 2\n\n  c: 3",
            "3:1: not YAML: U+00A0 (no-break space) is no space to YAML: write ordinary spaces",
        ),
        (
            "with:\n  a: 1\n\u202f b: 2",
            "3:1: U+202F (narrow no-break space) is no space to YAML: write ordinary spaces",
        ),
        (
            "a: 1\nb:\u00a02\n",
            "2:3: not YAML: U+00A0 (no-break space) is no space to YAML: write ordinary spaces",
        ),
        (
            "with: {a: 1, b:\u00a02}",
            "1:16: U+00A0 (no-break space) is no space to YAML: write ordinary spaces",
        ),
        ("severity\u00a0: info", "1:9: U+00A0 (no-break space) is no space to YAML: write the colon behind the word"),
        ("title: {fr\u00a0: x}", "1:11: U+00A0 (no-break space) is no space to YAML: write the colon behind the word"),
        ("a: 1\nb:\tc\n", "2:3: not YAML: a tab: write a space"),
        ("a: b\t\n", "1:5: not YAML: a tab: write a space"),
        (
            "expect:\n  -{open: 72s, within: 2s}  # x\n",
            "2:3: not YAML: a dash needs a space behind it: write - {open: 72s, within: 2s}",
        ),
        (
            "tests:\n  - scene: a\n  -scene: x\n    with: 1\n",
            "3:3: not YAML: a dash needs a space behind it: write - scene: x",
        ),
        ("tests:\n  -scene: x\n", "2:3: a dash needs a space behind it: write - scene: x"),
        (
            "with:\n  zone:crossing   # c\n  for: 1\n",
            '2:3: not YAML: "zone:crossing" has no space after its colon: write zone: crossing',
        ),
        ("a: 1\nzone:x\n", '2:1: not YAML: "zone:x" has no space after its colon: write zone: x'),
        ("zone:x\nfor: 1\n", '1:1: not YAML: "zone:x" has no space after its colon: write zone: x'),
        (
            "- a\nb: 1",
            "2:1: not YAML: b: a key and a list stand beside each other: begin the items of a list below a key",
        ),
    ],
)
def test_what_is_not_yaml_is_told_where_it_went_wrong_and_how_to_write_it(text, message):
    with pytest.raises(InvalidFileError) as refused:
        parse_document(text, "F")
    assert str(refused.value) == f"F:{message}"
