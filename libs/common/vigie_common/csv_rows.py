"""CSV files that people give: rows with their place, and what is wrong with the file and how to mend it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from vigie_common.errors import BadInputError
from vigie_common.utf8 import not_utf8
from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def csv_rows(path: Path, columns: tuple[str, ...], what: str) -> Iterator[tuple[str, dict[str, str]]]:
    """FILE:LINE of each row, and its cells by column, without the spaces around them.

    Args:
        path: of the file, UTF-8.
        columns: that it must have; others may be there too.
        what: a file like it, for messages.

    Raises:
        BadInputError: it cannot be read, is no CSV, or lacks a column or cells: its file, line and the fix.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        beside = [] if path.exists() else sorted(one.name for one in path.parent.glob("*.[cC][sS][vV]"))
        fix = nearest(path.name, beside) or f": give {what}"
        raise BadInputError(f"{path}: cannot be read ({error.strerror}){fix}") from error
    except UnicodeDecodeError as error:
        line, column, wrong = not_utf8(error)
        raise BadInputError(f"{path}:{line}:{column}: {wrong}: give {what}, saved as UTF-8") from error
    lines = text.splitlines()
    if not lines:
        raise BadInputError(f"{path}: is empty: give {what}")
    reader = csv.DictReader(lines, strict=True)
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            _refuse_separator(path, lines[0])
            close = nearest(missing[0], reader.fieldnames or ())
            raise BadInputError(
                f"{path}:1: no column {missing[0]}{close}: give {what}, whose first line names its columns"
            )
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                width = len(reader.fieldnames or ())
                raise BadInputError(f"{where}: not {width} cells as in the first line: check the commas and quotes")
            yield where, {name: cell.strip() for name, cell in row.items()}
    except csv.Error as error:
        line = min(reader.line_num + 1, max(len(lines), 1))  # one that cannot be read is not counted yet
        raise BadInputError(f"{path}:{line}: is no CSV ({error}): check the quotes") from error


_SEPARATORS: Final = {";": "semicolons", "\t": "tabs"}


def _refuse_separator(path: Path, first: str) -> None:
    """Refuse what a spreadsheet writes where the comma is the decimal sign.

    Raises:
        BadInputError: the columns are separated by something else than commas.
    """
    for sign, words in _SEPARATORS.items():
        if sign in first and "," not in first:
            raise BadInputError(
                f"{path}:1: its columns are separated by {words}: separate them by commas, and write decimals with a "
                "point"
            )
