import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


YAML_LIKE = st.text(alphabet=st.sampled_from(list("ab1. :-[]{}\n\t'\"#&*!|>%@?,~\\xu\u00e9\x00\ufeff")), max_size=60)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), YAML_LIKE))
@example("\ufeff[0")
@example("\ufeff\ufeff{a: [0")
@example("\u2028[a")
def test_any_text_is_a_document_or_a_clear_error(told, text):
    assert all(line.startswith("f.yaml:") for line in told(parse_document, text, "f.yaml"))


def test_a_byte_order_mark_within_a_file_is_named_where_it_stands(told):
    assert told(parse_document, "a: 1\nb: [\ufeff2\n", "F") == [
        "F:2:5: U+FEFF (zero width no-break space), which cannot be seen: remove it"
    ]
    assert told(parse_document, "\ufeffa: [1\n", "F") == ["F:1:4: not YAML: [ is not closed: write [1]"]


def test_a_sign_that_ends_a_line_for_some_and_cannot_be_seen_is_named_where_it_stands(told):
    assert told(parse_document, "a: 1  # x\u2028 y\nb: [1\n", "F") == [
        "F:1:10: U+2028 (line separator), which cannot be seen: remove it"
    ]
    assert told(parse_document, "a: 1\r\nb: 'x\x85'\n", "F") == [
        "F:2:6: U+0085 (next line), which cannot be seen: remove it"
    ]
    assert parse_document('a: "\\u2028"', "F").root.plain() == {"a": "\u2028"}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_clear_error(told, tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "f.yaml"
    path.write_bytes(content)
    assert all(line.startswith(f"{path}:") for line in told(read_document, path))
