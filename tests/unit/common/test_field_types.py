import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vigie_common.field_types import EDITOR_NAME_PATTERN, Identifier, Language, Name, Text


def accepts(kind, value):
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "value"), [(Identifier, "parvis-1"), (Name, "entrée_1"), (Language, "fr-CA")])
def test_a_line_break_at_the_end_is_no_part_of_an_id_or_a_name(kind, value):
    assert accepts(kind, value)
    assert not accepts(kind, f"{value}\n")


def refused(kind, value):
    with pytest.raises(ValidationError) as wrong:
        TypeAdapter(kind).validate_python(value)
    return wrong.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("kind", "value", "fix"),
    [
        (Identifier, "Flânerie d'été", "or digit: write flanerie-d-ete"),
        (Identifier, "-x-", "or digit: write x"),
        (Identifier, "!", "begins with a letter or digit"),
        (Name, "Rue de la gare", "or digit: write Rue-de-la-gare"),
        (Name, "d'été", "or digit: write d-été"),
        (Name, "", "begins with a letter or digit"),
        (
            Name,
            "e\u0301te\u0301",
            "has U+0301 (combining acute accent), a sign of its own: write letter and accent as one sign, été",
        ),
    ],
)
def test_what_is_no_id_or_name_is_refused_with_one_that_is_near(kind, value, fix):
    assert refused(kind, value).endswith(fix)


@given(st.text(max_size=70))
def test_the_id_or_name_that_is_offered_is_one(text):
    for kind in (Identifier, Name):
        if not accepts(kind, text):
            offered = re.search(r"or digit: write (.*)$|as one sign, (.*)$", refused(kind, text))
            assert offered is None or accepts(kind, offered[1] or offered[2])


@pytest.mark.parametrize(
    ("text", "right"), [("a\tb\nc", True), ("a\0b", False), ("\x1b[31m", False), ("a\x85b", False)]
)
def test_a_text_has_no_control_characters_but_newline_and_tab(text, right):
    assert accepts(Text, text) is right


def test_a_control_character_is_named_by_its_code_point():
    with pytest.raises(ValidationError, match=r"has the control character U\+001B, which no text needs: remove it"):
        TypeAdapter(Text).validate_python("\x1b[31m")


@given(st.text(max_size=70) | st.from_regex(r"[\w-]{1,66}", fullmatch=True))
def test_an_editor_never_marks_a_name_that_the_reader_takes(name):
    assert not accepts(Name, name) or re.search(EDITOR_NAME_PATTERN, name) is not None


@given(st.text(st.characters(max_codepoint=127), max_size=70).filter(lambda name: not name.endswith("\n")))
def test_of_ascii_the_editor_and_the_reader_say_the_same(name):
    assert accepts(Name, name) is (re.search(EDITOR_NAME_PATTERN, name) is not None)
