"""What is wrong in the texts of rules and compounds, and where: placeholders that nothing fills."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_model import nearest
from vigie_common.yaml_source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from vigie_common.yaml_source import Document

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def mark_inside(document: Document, path: Sequence[object], line: int, column: int) -> Mark:
    """The place in the file of a line and column (from 1) of a text; the text's own where YAML folds it."""
    node, mark = document.at(path), document.mark(path)
    if node is None or node.style not in {None, "'", '"'} or line != 1:
        return mark
    return Mark(mark.line, mark.column + column - (0 if node.style else 1))


def text_problems(document: Document, known: Collection[str]) -> Iterator[Problem]:
    """Placeholders of `explain` that are not among `known`, and placeholders of `title`, which are never filled."""
    for language, text in _texts(document, "explain"):
        for found in PLACEHOLDER.finditer(text):
            name = found.group(1).strip()
            if name not in known:
                names = ", ".join(f"{{{one}}}" for one in sorted(known))
                message = f"explain.{language}: {found.group()} is not known: use one of {names}{nearest(name, known)}"
                yield Problem(document.file, _mark(document, ["explain", language], found.start()), message)
    for language, text in _texts(document, "title"):
        for found in PLACEHOLDER.finditer(text):
            message = f"title.{language}: {found.group()} is not filled in a title: write it in `explain`"
            yield Problem(document.file, _mark(document, ["title", language], found.start()), message)


def _mark(document: Document, path: Sequence[object], offset: int) -> Mark:
    return mark_inside(document, path, 1, offset + 1)


def _texts(document: Document, key: str) -> Iterator[tuple[str, str]]:
    """(language, text) of a field that has a text by language, as far as it is right."""
    node = document.at([key])
    by_language = node.value if node is not None else None
    for language, text in by_language.items() if isinstance(by_language, dict) else ():
        if isinstance(text.value, str):
            yield language, text.value
