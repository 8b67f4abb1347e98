"""How counts are said."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 rule, 2 rules."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
