"""How counts and texts by language are said."""

from __future__ import annotations

from collections.abc import Mapping


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 rule, 2 rules."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def said(texts: Mapping[str, str], lang: str) -> str:
    """A text in the wanted language, else in the first that there is."""
    return texts.get(lang) or next((texts[name] for name in sorted(texts)), "")
