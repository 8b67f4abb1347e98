"""YAML that people write, with the place of every value, so that an error can point at it.

YAML 1.2 core schema: `yes` and `on` are words, `2026-05-01` is a text. Tags, anchors and aliases are refused:
these files need none, and a tag is how YAML runs code. Every node keeps its line and column, from 1.
"""

from __future__ import annotations

import json
import re
import stat
import sys
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from vigie_common.utf8 import not_utf8
from vigie_common.yaml_advice import advice, quoted_early
from vigie_common.yaml_composer import Composer
from vigie_common.yaml_document import START, Document, InvalidFileError, Mark, Problem, shown
from vigie_common.yaml_spacing import spaced_oddly, unspaced

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 1 << 20
"""A file of more is not something a person wrote."""

_ESCAPE: Final = re.compile(r"\\U([0-9a-fA-F]{8})")
_BREAK: Final = re.compile(r"\r\n|[\n\r]")
"""Where ruamel.yaml begins a new line, which its marks count."""

_UNSEEN: Final = {
    "\ufeff": "zero width no-break space",
    "\x85": "next line",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
}
"""Signs that the reader counts otherwise than those who look at the text: every place behind one would be another."""


def read_document(path: Path) -> Document:
    """The document in a file, called by its path in messages.

    Raises:
        InvalidFileError: it cannot be read or is not the YAML described above.
    """
    file = str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # to read a pipe is to wait for its writer
            message = f"cannot be read: {_kind(status.st_mode)}, not a file: remove it, or call it otherwise"
            raise InvalidFileError([Problem(file, START, message)])
        size = status.st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise InvalidFileError([Problem(file, START, f"cannot be read: {error.strerror}")]) from error
    if size > MAX_BYTES:
        message = f"{size} bytes: such a file has at most {MAX_BYTES}; split it"
        raise InvalidFileError([Problem(file, START, message)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column, wrong = not_utf8(error)
        raise InvalidFileError([Problem(file, Mark(line, column), f"{wrong}: save the file as UTF-8")]) from error
    return parse_document(text, file)


_KINDS: Final = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))


def _kind(mode: int) -> str:
    """What a path is that is no regular file, by its mode."""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "a device")


def parse_document(text: str, file: str) -> Document:
    """The document in a text, called `file` in messages.

    Raises:
        InvalidFileError: it is not the YAML described above.
    """
    text = text.removeprefix("\ufeff")
    unseen = re.search(f"[{''.join(_UNSEEN)}]", text)
    if unseen is not None:
        message = f"U+{ord(unseen[0]):04X} ({_UNSEEN[unseen[0]]}), which cannot be seen: remove it"
        raise InvalidFileError([Problem(file, _mark_at(text, unseen.start()), message)])
    lines = _BREAK.split(text)
    composer = Composer(file, lines)
    try:
        return composer.compose(YAML(typ="safe", pure=True).parse(text))
    except ReaderError as error:
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML: remove it"
        raise InvalidFileError([Problem(file, _mark_at(text, error.position), message)]) from error
    except MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        mark = Mark(found.line + 1, found.column + 1) if found is not None else START
        why = error.problem or error.context or ""
        begun = error.context_mark
        odd = spaced_oddly(lines, mark.line) or unspaced(lines, mark.line)
        if odd is not None:
            mark, why = Mark(odd[0].line, odd[0].column), odd[1]
        elif "could not find expected ':'" in why and begun is not None:
            mark = Mark(begun.line + 1, begun.column + 1)
            why = f"{shown(lines[begun.line].strip())} has no colon: write key: value, or key: over a block"
        elif "'\\t'" in why:
            indents = not lines[mark.line - 1][: mark.column - 1].strip()
            why = "a tab: indent with spaces" if indents else "a tab: write a space"
        else:
            where = composer.opened(why) or (None if begun is None else (begun.line + 1, begun.column + 1))
            told = quoted_early(lines, (mark.line, mark.column), composer.quoted)
            told = told or advice(lines, (mark.line, mark.column), why, where)
            mark, why = (Mark(told[0].line, told[0].column), told[1]) if told is not None else (mark, why)
        raise InvalidFileError([Problem(file, mark, f"not YAML: {why}")]) from error
    except (YAMLError, ValueError, OverflowError) as error:
        # ruamel.yaml lets chr() and int() speak for themselves on broken escapes
        for escape in _ESCAPE.finditer(text):
            if int(escape[1], 16) > sys.maxunicode:
                message = f"not YAML: {escape[0]} is no character: the last is \\U{sys.maxunicode:08X}"
                raise InvalidFileError([Problem(file, _mark_at(text, escape.start()), message)]) from error
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidFileError([Problem(file, START, f"not YAML: {first_line}")]) from error


def written(text: str) -> str:
    """A text as it is written inside a flow list or mapping, to be read back as that text: in quotes where need be."""
    try:
        read = parse_document(f"[{text}]", "").root.plain()
    except InvalidFileError:
        read = None
    return text if read == [text] else json.dumps(text, ensure_ascii=False)


def _mark_at(text: str, offset: int) -> Mark:
    return Mark(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
