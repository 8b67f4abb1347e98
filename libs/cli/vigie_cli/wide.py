"""Tables fit the terminal; where there is none, in a pipe or a file, they are as wide as they need."""

from __future__ import annotations

from rich.console import Console


def wide_console(width: int, *, highlight: bool = True) -> Console:
    """A console as wide as the terminal, and of so many characters where there is none."""
    return Console(width=None if Console().is_terminal else width, highlight=highlight)
