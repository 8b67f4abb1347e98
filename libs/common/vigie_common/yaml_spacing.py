"""Spaces of a YAML text that are missing, or are another sign than a space: where, and what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.spaces import odd_space
from vigie_common.yaml_advice import Place, without_comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.yaml_advice import Advice

_SPACES: Final = re.compile(r"^\s*(?:-\s+)*|[:,]\s+")
"""What stands before a key or a value."""


def spaced_oddly(lines: Sequence[str], line: int) -> Advice | None:
    """That a space before a key or a value of a line, or of the one above it, is none to YAML."""
    for number in range(line, 0, -1):
        written = lines[number - 1] if number <= len(lines) else ""
        for before in _SPACES.finditer(written):
            found = odd_space(before[0])
            if found is not None:
                place = Place(number, before.start() + found[0] + 1)
                return place, f"{found[1]} is no space to YAML: write ordinary spaces"
        if number < line and written.strip() and not written.lstrip().startswith("#"):
            break
    return None


def in_key(key: str, place: Place) -> Advice | None:
    """That a key has such a sign in it, where it begins at a place: in French typing before the colon."""
    found = odd_space(key)
    if found is None:
        return None
    return Place(place.line, place.column + found[0]), (
        f"{found[1]} is no space to YAML: write the colon behind the word"
    )


_DASH: Final = re.compile(r"^(?P<before>\s*(?:-\s+)*)-(?P<item>[^\W\d][\w-]*:|[{\[\"'])")
_COLON: Final = re.compile(r"^(?P<before>\s*(?:-\s+)*)(?P<key>[^\W\d][\w-]*):(?P<value>[^\s:/].*)$")


def unspaced(lines: Sequence[str], line: int) -> Advice | None:
    """That a dash or a colon, which begin a line or the one above it, have no space behind them."""
    for number in (line, line - 1):
        written = without_comment(lines[number - 1]).rstrip() if 0 < number <= len(lines) else ""
        dash, colon = _DASH.match(written), _COLON.match(written)
        if dash is not None:
            item = written[dash.start("item") :]
            return Place(number, dash.end("before") + 1), f"a dash needs a space behind it: write - {item}"
        if colon is not None:
            stuck, fix = written[colon.start("key") :], f"{colon['key']}: {colon['value']}"
            return Place(number, colon.start("key") + 1), f'"{stuck}" has no space after its colon: write {fix}'
    return None
