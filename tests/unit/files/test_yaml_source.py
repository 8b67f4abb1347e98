import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigie_common.errors import BadInputError
from vigie_common.yaml_composer import MAX_VALUES
from vigie_common.yaml_document import InvalidFileError, Mark, shown
from vigie_common.yaml_source import parse_document, read_document


def refusal(text):
    with pytest.raises(InvalidFileError) as refused:
        parse_document(text, "f.yaml")
    return str(refused.value)


def test_every_value_knows_its_place():
    document = parse_document("a: 1\nb:\n  - x\n  - {c: 'y'}\n", "f.yaml")
    assert document.root.plain() == {"a": 1, "b": ["x", {"c": "y"}]}
    assert document.mark(["a"]) == Mark(1, 4)
    assert document.mark(["b", 1, "c"]) == Mark(4, 9)
    assert document.mark(["b", 1, "c"], of_key=True) == Mark(4, 6)
    assert document.mark(["b", 7]) == Mark(3, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2026-05-01", "2026-05-01"),
        ("12:30", "12:30"),
        ("010", 10),
        ("'10'", "10"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-7", -7),
        ("~", None),
        ("", None),
        ("true", True),
        (".inf", math.inf),
        ("3m", "3m"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, expected):
    assert parse_document(f"v: {text}\n", "f.yaml").root.plain() == {"v": expected}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: the file is empty"),
        ("a: 1\n\tb: 2", "f.yaml:2:1: not YAML: a tab: indent with spaces"),
        ("a: [1, 2", "f.yaml:1:4: not YAML: [ is not closed: write [1, 2]"),
        ("a: 1\na: 2\n", 'f.yaml:2:1: duplicate key "a": it stands at 1:1 already'),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins: one file is one document, remove the ---"),
        ("? [a]\n: 1\n", "f.yaml:1:3: a key is a list or a mapping: a key must be a text"),
        (
            "a: &x 1\n",
            "f.yaml:1:4: &x: anchors are not allowed: write the value where it is used",
        ),
        ("a: *x\n", "f.yaml:1:4: *x: aliases are not allowed: write the value out"),
        (
            "a: !!python/object/apply:os.system ['true']\n",
            (
                "f.yaml:1:4: tag tag:yaml.org,2002:python/object/apply:os.system: tags are not allowed, "
                "a file is data only: remove the tag"
            ),
        ),
        ("a: " + "[" * 40 + "]" * 40, "f.yaml:1:35: nested deeper than 32 levels: no such file needs it"),
    ],
)
def test_what_these_files_do_not_need_is_refused_at_its_place(text, message):
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 'x\x00'\n", "f.yaml:2:6: the character U+0000 is not allowed in YAML: remove it"),
        ('a: 1\nb: "x\\UFFFFFFFF"\n', "f.yaml:2:6: not YAML: \\UFFFFFFFF is no character: the last is \\U0010FFFF"),
        ('a: "\\U00110000"\n', "f.yaml:1:5: not YAML: \\U00110000 is no character: the last is \\U0010FFFF"),
    ],
)
def test_what_is_no_character_is_named_at_its_place(text, message):
    assert refusal(text) == message


def test_a_file_of_more_values_than_a_person_writes_is_refused():
    parse_document(f"[{','.join(['1'] * (MAX_VALUES - 1))}]", "f.yaml")
    assert f"more than {MAX_VALUES} values" in refusal(f"[{','.join(['1'] * MAX_VALUES)}]")


def test_all_problems_of_a_file_are_told_at_once():
    assert refusal("a: 1\na: 2\nb: *x\nb: 3\n").splitlines() == [
        'f.yaml:2:1: duplicate key "a": it stands at 1:1 already',
        "f.yaml:3:4: *x: aliases are not allowed: write the value out",
        'f.yaml:4:1: duplicate key "b": it stands at 3:1 already',
    ]


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "none.yaml"
    with pytest.raises(InvalidFileError) as refused:
        read_document(path)
    assert str(refused.value) == f"{path}:1:1: cannot be read: No such file or directory"


def test_a_file_that_is_not_utf_8_is_named_with_the_byte(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 1\ntitle: entrée\n".encode("latin-1"))
    with pytest.raises(InvalidFileError) as refused:
        read_document(path)
    assert str(refused.value) == f"{path}:2:12: byte 0xe9 is not UTF-8: save the file as UTF-8"


def test_a_byte_behind_a_mark_of_utf_8_is_shown_where_it_stands(tmp_path):
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xe9\n")
    with pytest.raises(InvalidFileError) as refused:
        read_document(path)
    assert str(refused.value) == f"{path}:1:4: byte 0xe9 is not UTF-8: save the file as UTF-8"


def test_a_file_that_nobody_wrote_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(InvalidFileError, match="2097152 bytes: such a file has at most 1048576; split it"):
        read_document(path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rtsp://user:secret@host/1", '"rtsp://…host/1"'),
        ("http://host/a?user=x&password=secret&z=1", '"http://host/a?…&…&z=1"'),
        ({"password": "secret"}, "a mapping"),
        ("x" * 100, '"' + "x" * 57 + '…"'),
        (None, "nothing"),
        (True, "true"),
        (1.5, "1.5"),
    ],
)
def test_a_message_shows_a_value_short_and_without_credentials(value, expected):
    assert shown(value) == expected


def told(read, *arguments):
    """What a reader says against its input, line by line; any other error is the test's failure."""
    try:
        read(*arguments)
    except BadInputError as error:
        return str(error).splitlines()
    return []


YAML_LIKE = st.text(alphabet=st.sampled_from(list("ab1. :-[]{}\n\t'\"#&*!|>%@?,~\\xu\u00e9\x00\ufeff")), max_size=60)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), YAML_LIKE))
@example("\ufeff[0")
@example("\ufeff\ufeff{a: [0")
def test_any_text_is_a_document_or_a_clear_error(text):
    assert all(line.startswith("f.yaml:") for line in told(parse_document, text, "f.yaml"))


def test_a_byte_order_mark_within_a_file_is_named_where_it_stands():
    assert told(parse_document, "a: 1\nb: [\ufeff2\n", "F") == [
        "F:2:5: U+FEFF (zero width no-break space), which cannot be seen: remove it"
    ]
    assert told(parse_document, "\ufeffa: [1\n", "F") == ["F:1:4: not YAML: [ is not closed: write [1]"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "f.yaml"
    path.write_bytes(content)
    assert all(line.startswith(f"{path}:") for line in told(read_document, path))


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
        (
            "- a\nb: 1",
            "2:1: not YAML: b: a key and a list stand beside each other: begin the items of a list below a key",
        ),
    ],
)
def test_what_is_not_yaml_is_told_where_it_went_wrong_and_how_to_write_it(text, message):
    assert refusal(text).removeprefix("f.yaml:") == message
