"""A file that people write, once it is read: every value with its place, and what is wrong at a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
