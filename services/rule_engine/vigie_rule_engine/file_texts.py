"""What is wrong in the texts of rules and compounds, and where: placeholders that nothing fills."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_document import Mark, Problem
from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from vigie_common.yaml_document import Document, Node

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_ALONE: Final = re.compile(r"\{\s*(?P<name>[\w.]*)|\}")
"""A brace without its other half, and the name that it begins."""


def mark_inside(document: Document, path: Sequence[object], line: int, column: int) -> Mark:
    """The place in the file of a line and column (from 1) of a text, in a block and over several lines too.

    The text's own place where escapes or folding within quotes hide it.
    """
    node, mark = document.at(path), document.mark(path)
    if node is None or not isinstance(node.value, str):
        return mark
    if node.style in {"'", '"'}:
        return Mark(mark.line, mark.column + column) if line == 1 else mark
    text, cursor, place = node.value, 0, mark
    offset = sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column - 1
    for number, written in _lines_of(document, node):
        content = written.strip()
        rest = text[cursor:].lstrip()
        if not rest:
            break
        if not rest.startswith(content):
            content = rest.rstrip()  # the last line of a plain text, before a comment or a bracket
        begins = text.find(content, cursor) if content else -1
        if begins < 0 or text[cursor:begins].strip() or content not in written:
            continue
        at = written.index(content) + 1
        place = Mark(number, at + max(0, min(offset - begins, len(content))))
        cursor = begins + len(content)
        if offset < cursor:
            break
    return place


def _lines_of(document: Document, node: Node) -> Iterator[tuple[int, str]]:
    """The lines of the file that a plain or block text may stand on, each with its number from 1; blank before it."""
    first = node.mark.line if node.style else node.mark.line - 1
    for index in range(first, len(document.lines)):
        written = document.lines[index]
        alone = index == first and not node.style
        yield index + 1, " " * (node.mark.column - 1) + written[node.mark.column - 1 :] if alone else written


def text_problems(
    document: Document, known: Collection[str], unfilled: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    """Placeholders of `explain` that nothing fills or that are not closed, and any of `title`: none is filled there.

    Args:
        document: of the file.
        known: names of the placeholders that are filled in some rule.
        unfilled: those of them that nothing fills in this one, each with the reason and the fix.
    """
    never = unfilled or {}
    fillable = [name for name in known if name not in never]
    for language, text in _texts(document, "explain"):
        for found in PLACEHOLDER.finditer(text):
            name = found.group(1).strip()
            if name in never or name not in known:
                names = ", ".join(f"{{{one}}}" for one in sorted(fillable))
                fix = never.get(name) or f"use one of {names}{nearest(name, fillable)}"
                wrong = "is a placeholder that nothing fills" if name in never else "is not known"
                message = f"explain.{language}: {found.group()} {wrong}: {fix}"
                yield Problem(document.file, _mark(document, ["explain", language], found.start()), message)
        for found in _ALONE.finditer(PLACEHOLDER.sub(lambda whole: " " * len(whole.group()), text)):
            message = f"explain.{language}: {_unpaired(found['name'], fillable)}"
            yield Problem(document.file, _mark(document, ["explain", language], found.start()), message)
    for language, text in _texts(document, "title"):
        for found in PLACEHOLDER.finditer(text):
            message = f"title.{language}: {found.group()} is not filled in a title: write it in `explain`"
            yield Problem(document.file, _mark(document, ["title", language], found.start()), message)


def _unpaired(name: str | None, known: Collection[str]) -> str:
    """What is wrong with a brace alone; `name` follows one that opens, None: it closes."""
    if name is None:
        return "} closes nothing: remove it, or open a placeholder before it"
    wanted = name if name in known else next(iter(get_close_matches(name, sorted(known), n=1)), "object.class")
    return f"{{{name} is not closed, operators would read it as it stands: write {{{wanted}}}"


def _mark(document: Document, path: Sequence[object], offset: int) -> Mark:
    return mark_inside(document, path, 1, offset + 1)


def _texts(document: Document, key: str) -> Iterator[tuple[str, str]]:
    """(language, text) of a field that has a text by language, as far as it is right."""
    node = document.at([key])
    by_language = node.value if node is not None else None
    for language, text in by_language.items() if isinstance(by_language, dict) else ():
        if isinstance(text.value, str):
            yield language, text.value
