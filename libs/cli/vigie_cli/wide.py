"""Tables fit the terminal; where there is none, in a pipe or a file, they are as wide as they need."""

from __future__ import annotations

from typing import Final

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

_NEVER_FOLDED: Final = 1_000
"""Characters of a line in which every table of the docs has room."""


def wide_console(width: int, *, highlight: bool = True) -> Console:
    """A console as wide as the terminal, and of so many characters where there is none."""
    return Console(width=None if Console().is_terminal else width, highlight=highlight)


def plain_table(title: str | None = None) -> Table:
    """A table without lines, to which columns and rows are added."""
    return Table(title=title, title_justify="left", box=None)


def print_table(table: Table, width: int, *, markdown: bool = False) -> None:
    """Print a table for people, or as the docs have it: the same cells, its title a heading.

    Args:
        table: a `plain_table`.
        width: characters of a line where there is no terminal.
        markdown: for the docs.
    """
    if not markdown:
        wide_console(width).print(table)
        return
    heading, table.title, table.box = table.title, None, MARKDOWN
    console = Console(width=_NEVER_FOLDED)
    with console.capture() as drawn:
        console.print(table)
    # the box has an empty edge above and below
    lines = [line for line in drawn.get().splitlines() if line.strip()]
    print("\n".join(lines if heading is None else [f"## {heading}", "", *lines, ""]))
