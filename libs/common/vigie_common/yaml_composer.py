"""The nodes of a YAML text from the events of its parser: step "compose" of loading (YAML 1.2, section 3.1)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

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

from vigie_common.spaces import odd_space
from vigie_common.yaml_advice import Advice, Place, unquoted
from vigie_common.yaml_document import START, Document, InvalidFileError, Mark, Node, Problem, shown
from vigie_common.yaml_spacing import in_key, spaced_oddly, unspaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_DEPTH: Final = 32
"""Deeper nesting than any of our files has."""

MAX_VALUES: Final = 20_000
"""More than any of our files has: what is read of one takes a second at most."""

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


class Composer:
    """Nodes from ruamel's events, without recursion: depth is an error, not a stack overflow.

    Args:
        file: its name in messages.
        lines: of its text.
    """

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self._file = file
        self._lines = tuple(lines)
        self._problems: list[Problem] = []
        self._root: Node | None = None
        self._open: list[Node] = []
        self._pending: list[tuple[str, Mark] | None] = []
        """Of each open node: the key that waits for its value."""
        self.quoted: tuple[tuple[int, int], tuple[int, int]] | None = None
        """Where the last text in quotes begins, and the sign after it."""

    def compose(self, events: Iterator[Event]) -> Document:
        """The document of these events.

        Raises:
            InvalidFileError: everything that is no data with one meaning, and where.
        """
        documents, values = 0, 0
        for event in events:
            mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self._fail(mark, "a second document begins: one file is one document, remove the ---")
                    break
            elif isinstance(event, NodeEvent):
                self._node(event, mark)
                values += 1
                if values > MAX_VALUES:
                    self._fail(mark, f"more than {MAX_VALUES} values: no such file needs them, split it")
                    break
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._open.pop()
                self._pending.pop()
            if len(self._open) > MAX_DEPTH:
                self._fail(mark, f"nested deeper than {MAX_DEPTH} levels: no such file needs it")
                break
        if self._root is None and not self._problems:
            self._fail(START, "the file is empty")
        if self._problems or self._root is None:
            raise InvalidFileError(self._problems)
        return Document(self._file, self._root, self._lines)

    def opened(self, why: str) -> tuple[int, int] | None:
        """Where the list or mapping begins that the text ends in, if that is why the parser gave up."""
        if "node content" not in why or "'<stream end>'" not in why or not self._open:
            return None
        return self._open[-1].mark.line, self._open[-1].mark.column

    def _fail(self, mark: Mark, message: str) -> None:
        self._problems.append(Problem(self._file, mark, message))

    def _refuse(self, mark: Mark, message: str) -> None:
        """A tag, an anchor or an alias; a condition was meant where it begins as one does."""
        told = unquoted(self._lines, (mark.line, mark.column))
        if told is not None and told[1].startswith("when: "):
            self._fail(Mark(told[0].line, told[0].column), told[1])
        else:
            self._fail(mark, message)

    def _node(self, event: NodeEvent, mark: Mark) -> None:
        if isinstance(event, AliasEvent):
            self._refuse(mark, f"*{event.anchor}: aliases are not allowed: write the value out")
            self._place(Node(mark, None), is_text=True)
            return
        if event.anchor is not None:
            self._refuse(mark, f"&{event.anchor}: anchors are not allowed: write the value where it is used")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._refuse(mark, f"tag {tag}: tags are not allowed, a file is data only: remove the tag")
        if isinstance(event, ScalarEvent):
            node = Node(mark, _scalar(event), style=event.style or None)
            if node.style in {"'", '"'} and tag is event.anchor is None:
                self.quoted = (mark.line, mark.column), (event.end_mark.line + 1, event.end_mark.column + 1)
            self._place(node, is_text=True, text=str(event.value))
            return
        new = Node(mark, {} if isinstance(event, MappingStartEvent) else [])
        self._place(new, is_text=False)
        self._open.append(new)
        self._pending.append(None)

    def _place(self, node: Node, *, is_text: bool, text: str = "") -> None:
        """Put a node where it belongs: the root, the next item, a key, or the value of the key that waits."""
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
            return
        if not isinstance(parent.value, dict):
            raise TypeError("only lists and mappings are open")
        waiting = self._pending[-1]
        if waiting is None:
            odd = self._spacing(text, node.mark) if node.style is None else None
            if odd is not None:
                self._fail(Mark(odd[0].line, odd[0].column), odd[1])
            elif not is_text:
                self._fail(node.mark, "a key is a list or a mapping: a key must be a text")
            elif node.style is None and text.lower() in _BOOL_BEFORE:
                message = f'key {text}: older YAML (1.1) reads it as true or false: write "{text}", or another name'
                self._fail(node.mark, message)
            self._pending[-1] = (text, node.mark)
            return
        key, key_mark = waiting
        self._pending[-1] = None
        if node.value is None and is_text and not text and node.style is None and self._lacks_colon(key, key_mark):
            self._fail(key_mark, _no_colon(key, parent.value))
            return
        if key in parent.value:
            first = parent.keys[key]
            self._fail(key_mark, f'duplicate key "{key}": it stands at {first.line}:{first.column} already')
            return
        parent.value[key] = node
        parent.keys[key] = key_mark

    def _spacing(self, key: str, mark: Mark) -> Advice | None:
        """What is wrong with the spaces in or before a key, or before its value."""
        if odd_space(key):
            return spaced_oddly(self._lines, mark.line) or in_key(key, Place(mark.line, mark.column))
        return unspaced(self._lines, mark.line) if key.startswith("-") else None

    def _lacks_colon(self, key: str, mark: Mark) -> bool:
        """Whether a key without a value stands alone."""
        if odd_space(key):  # it is told already
            return False
        after = self._lines[mark.line - 1][mark.column - 1 :]
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
