"""Texts of a condition that it compares with names of a closed set: one that is none of them is never equal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_model import nearest
from vigie_rule_engine.conditions import place_of, without_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BEFORE: Final = re.compile(r"(?<![\w.])([a-z]+\.[a-z]+)\s*(?:[!=]=|in\s*\[[^\]]*)\s*$")
"""What stands before a text that a name is compared with, the texts blanked: `zone.name == `, `zone.name in [  , `."""

_AFTER: Final = re.compile(r"^\s*[!=]=\s*([a-z]+\.[a-z]+)(?![\w.(])")
_PLAIN: Final = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")


def unknown_names(source: str, known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int, int]]:
    """What is wrong with each text that is compared with a name of `known` and is none of its values; where it stands.

    Args:
        source: of a condition that compiles.
        known: the values that a variable can have, by its name; the empty text is always one.
    """
    bare, _ = without_texts(source)
    for said, begin, end in texts_beside(source):
        beside = _BEFORE.search(bare, 0, begin) or _AFTER.match(bare[end:])
        values = known.get(beside[1]) if beside else None
        if beside is not None and values is not None and said and said not in values:
            there = f"it is {' or '.join(values)} here" if values else "it is always empty here"
            yield f'when: {beside[1]} is never "{said}": {there}{nearest(said, values)}', *place_of(source, begin)


def texts_beside(source: str) -> Iterator[tuple[str, int, int]]:
    """Each plain text of a condition, without escapes, and where it begins and ends."""
    for begin, end in without_texts(source)[1]:
        plain = _PLAIN.fullmatch(source, begin, end)
        if plain is not None:
            yield plain[1] if plain[1] is not None else plain[2], begin, end
