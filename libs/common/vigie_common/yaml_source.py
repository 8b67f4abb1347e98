"""YAML that people write, with the place of every value, so that an error can point at it.

YAML 1.2 core schema: `yes` and `on` are words, `2026-05-01` is a text. Tags, anchors and aliases are refused:
these files need none, and a tag is how YAML runs code. Every node keeps its line and column, from 1.
"""

from __future__ import annotations

import json
import math
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.reader import ReaderError

from vigie_common.errors import BadInputError
from vigie_common.spaces import odd_space
from vigie_common.utf8 import not_utf8
from vigie_common.yaml_advice import advice, quoted_early, spaced_oddly, unquoted

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 1 << 20
"""A file of more is not something a person wrote."""

MAX_DEPTH: Final = 32
"""Deeper nesting than any of our files has."""

MAX_VALUES: Final = 20_000
"""More than any of our files has: what is read of one takes a second at most."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file, line and column from 1."""

    line: int
    column: int


START: Final = Mark(1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong at one place of one file."""

    file: str
    mark: Mark
    message: str

    def __str__(self) -> str:
        """`file:line:column: message` on one line, which editors make a link of."""
        line = "".join(c if c.isprintable() else "�" for c in self.message)
        return f"{self.file}:{self.mark.line}:{self.mark.column}: {line}"


class InvalidFileError(BadInputError):
    """A file that people write is wrong: every problem of it, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Node:
    """A value and its place: a scalar, a list of nodes, or a mapping of nodes with the places of its keys."""

    mark: Mark
    value: bool | int | float | str | list[Node] | dict[str, Node] | None
    keys: dict[str, Mark] = field(default_factory=dict)
    style: str | None = None
    """Of a scalar: None plain, or the quote or block sign that begins it."""

    def plain(self) -> Any:
        """The value without places: None, bool, int, float, str, list, dict."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, step: object) -> Node | None:
        """The node below, by key or index; None if it is not there."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: its name in messages, and its content."""

    file: str
    root: Node
    lines: tuple[str, ...] = ()
    """Of its text."""

    def at(self, path: Sequence[object]) -> Node | None:
        """The node at a path of keys and indexes; None if there is none."""
        node: Node | None = self.root
        for step in path:
            node = node.child(step) if node is not None else None
        return node

    def mark(self, path: Sequence[object], *, of_key: bool = False) -> Mark:
        """Where the value at `path` begins, or its key if it is empty; the nearest place above where there is none."""
        for length in range(len(path), -1, -1):
            node = self.at(path[:length])
            if node is None:
                continue
            empty = node.value is None and node.style is None
            if (of_key or empty) and length and length == len(path):
                above = self.at(path[: length - 1])
                if above is not None and str(path[-1]) in above.keys:
                    return above.keys[str(path[-1])]
            return node.mark
        return self.root.mark

    def problem(self, path: Sequence[object], message: str, *, of_key: bool = False) -> Problem:
        """A problem at a path."""
        return Problem(self.file, self.mark(path, of_key=of_key), message)


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
    if "\ufeff" in text:  # the reader does not count it, so that every place behind it on its line is another
        message = "U+FEFF (zero width no-break space), which cannot be seen: remove it"
        raise InvalidFileError([Problem(file, _mark_at(text, text.index("\ufeff")), message)])
    builder = _Builder(file)
    try:
        return builder.build(YAML(typ="safe", pure=True).parse(text), text)
    except ReaderError as error:
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML: remove it"
        raise InvalidFileError([Problem(file, _mark_at(text, error.position), message)]) from error
    except MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        mark = Mark(found.line + 1, found.column + 1) if found is not None else START
        why = error.problem or error.context or ""
        begun = error.context_mark
        lines = _BREAK.split(text)
        odd = spaced_oddly(lines, mark.line)
        if odd is not None:
            mark, why = Mark(odd[0].line, odd[0].column), odd[1]
        elif "could not find expected ':'" in why and begun is not None:
            mark = Mark(begun.line + 1, begun.column + 1)
            why = f"{shown(lines[begun.line].strip())} has no colon: write key: value, or key: over a block"
        elif "'\\t'" in why:
            why = "a tab: indent with spaces"
        else:
            where = builder.opened(why) or (None if begun is None else (begun.line + 1, begun.column + 1))
            told = quoted_early(lines, (mark.line, mark.column), builder.quoted)
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


_ESCAPE: Final = re.compile(r"\\U([0-9a-fA-F]{8})")
_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""Where ruamel.yaml begins a new line, which its marks count."""

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BOOL_BEFORE: Final = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false"})
"""What YAML 1.1 takes for true or false, in any case: as a bare key it is another key in every such tool."""

_INT: Final = re.compile(r"[-+]?[0-9]{1,40}", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL: Final = {
    ".inf": math.inf,
    "+.inf": math.inf,
    "-.inf": -math.inf,
    ".nan": math.nan,
}


def _scalar(event: ScalarEvent) -> bool | int | float | str | None:
    """A plain scalar by the core schema of YAML 1.2 (section 10.3); a quoted one is text."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    return float(text) if _FLOAT.fullmatch(text) else text


class _Builder:
    """Nodes from ruamel's events, without recursion: depth is an error, not a stack overflow."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: tuple[str, ...] = ()
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.open: list[Node] = []
        self.pending: list[tuple[str, Mark] | None] = []
        """Of each open node: the key that waits for its value."""
        self.quoted: tuple[tuple[int, int], tuple[int, int]] | None = None
        """Where the last text in quotes begins, and the sign after it."""

    def build(self, events: Iterator[Event], text: str) -> Document:
        self.lines = tuple(_BREAK.split(text))
        documents, values = 0, 0
        for event in events:
            mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self.fail(mark, "a second document begins: one file is one document, remove the ---")
                    break
            elif isinstance(event, NodeEvent):
                self.node(event, mark)
                values += 1
                if values > MAX_VALUES:
                    self.fail(mark, f"more than {MAX_VALUES} values: no such file needs them, split it")
                    break
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self.open.pop()
                self.pending.pop()
            if len(self.open) > MAX_DEPTH:
                self.fail(mark, f"nested deeper than {MAX_DEPTH} levels: no such file needs it")
                break
        if self.root is None and not self.problems:
            self.fail(START, "the file is empty")
        if self.problems or self.root is None:
            raise InvalidFileError(self.problems)
        return Document(self.file, self.root, self.lines)

    def opened(self, why: str) -> tuple[int, int] | None:
        """Where the list or mapping begins that the text ends in, if that is why the parser gave up."""
        if "node content" not in why or "'<stream end>'" not in why or not self.open:
            return None
        return self.open[-1].mark.line, self.open[-1].mark.column

    def fail(self, mark: Mark, message: str) -> None:
        self.problems.append(Problem(self.file, mark, message))

    def refuse(self, mark: Mark, message: str) -> None:
        """A tag, an anchor or an alias; a condition was meant where it begins as one does."""
        told = unquoted(self.lines, (mark.line, mark.column))
        if told is not None and told[1].startswith("when: "):
            self.fail(Mark(told[0].line, told[0].column), told[1])
        else:
            self.fail(mark, message)

    def node(self, event: NodeEvent, mark: Mark) -> None:
        if isinstance(event, AliasEvent):
            self.refuse(mark, f"*{event.anchor}: aliases are not allowed: write the value out")
            self.place(Node(mark, None), is_text=True)
            return
        if event.anchor is not None:
            self.refuse(mark, f"&{event.anchor}: anchors are not allowed: write the value where it is used")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self.refuse(mark, f"tag {tag}: tags are not allowed, a file is data only: remove the tag")
        if isinstance(event, ScalarEvent):
            node = Node(mark, _scalar(event), style=event.style or None)
            if node.style in {"'", '"'} and tag is event.anchor is None:
                self.quoted = (mark.line, mark.column), (event.end_mark.line + 1, event.end_mark.column + 1)
            self.place(node, is_text=True, text=str(event.value))
            return
        new = Node(mark, {} if isinstance(event, MappingStartEvent) else [])
        self.place(new, is_text=False)
        self.open.append(new)
        self.pending.append(None)

    def place(self, node: Node, *, is_text: bool, text: str = "") -> None:
        """Put a node where it belongs: the root, the next item, a key, or the value of the key that waits."""
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
            return
        if not isinstance(parent.value, dict):
            raise TypeError("only lists and mappings are open")
        waiting = self.pending[-1]
        if waiting is None:
            odd = spaced_oddly(self.lines, node.mark.line) if odd_space(text) and node.style is None else None
            if odd is not None:
                self.fail(Mark(odd[0].line, odd[0].column), odd[1])
            elif not is_text:
                self.fail(node.mark, "a key is a list or a mapping: a key must be a text")
            elif node.style is None and text.lower() in _BOOL_BEFORE:
                message = f'key {text}: older YAML (1.1) reads it as true or false: write "{text}", or another name'
                self.fail(node.mark, message)
            self.pending[-1] = (text, node.mark)
            return
        key, key_mark = waiting
        self.pending[-1] = None
        if node.value is None and is_text and not text and node.style is None and self.lacks_colon(key, key_mark):
            self.fail(key_mark, _no_colon(key, parent.value))
            return
        if key in parent.value:
            first = parent.keys[key]
            self.fail(key_mark, f'duplicate key "{key}": it stands at {first.line}:{first.column} already')
            return
        parent.value[key] = node
        parent.keys[key] = key_mark

    def lacks_colon(self, key: str, mark: Mark) -> bool:
        """Whether a key without a value stands alone."""
        if odd_space(key):  # it is told already
            return False
        after = self.lines[mark.line - 1][mark.column - 1 :]
        return after.startswith(key) and not after[len(key) :].lstrip().startswith(":")


def _no_colon(key: str, before: dict[str, Node]) -> str:
    """What is wrong with a key without a value: no space behind its colon, or it goes on the text before it."""
    name, colon, value = key.partition(":")
    if colon:
        return f"{shown(key)} has no space after its colon: write {name}: {value}"
    last = next(reversed(before.values()), None)
    text = f"{last.value}, {key}" if last is not None and last.style is None and isinstance(last.value, str) else ""
    quotes = f", or, if the comma belongs to the text, put it in quotes: {shown(text)}" if text else ""
    return f"{shown(key)} has no colon: write {key}: value{quotes}"


_CREDENTIALS: Final = re.compile(
    r"(?<=://)[^/\s]*@|(?<=[/?&;_])(user(name)?|pass(w(or)?d)?|pwd)=[^&\s]*", re.IGNORECASE
)


def shown(value: object) -> str:
    """A value as a message shows it: short, on one line, without what looks like credentials."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    text = _CREDENTIALS.sub("…", str(value))
    printable = "".join(c if c.isprintable() else "�" for c in text)
    short = printable if len(printable) <= 60 else printable[:57] + "…"
    return f'"{short}"' if isinstance(value, str) else short
