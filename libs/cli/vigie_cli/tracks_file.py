"""JSON lines of tracks records, as `vigie replay` writes them: each checked against the Avro schema of the topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from vigie_common.errors import BadInputError
from vigie_common.instants import LAST_MS
from vigie_common.schemas import current, misfit
from vigie_common.utf8 import not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMS: Final = "give .csv recordings or .jsonl tracks"
_BY_ENDING: Final = "a file is read as its name ends: call a CSV recording .csv, tracks records in JSON .jsonl"


def read_tracks_file(path: Path) -> Iterator[dict[str, Any]]:
    """The records, one a line; a field that the schema has a default for may be missing.

    Raises:
        BadInputError: names the file, the line and the field.
    """
    defaults = {field["name"]: field["default"] for field in current("tracks").parsed["fields"] if "default" in field}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        if not lines[-1]:
            del lines[-1]
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}): {_FORMS}") from error
    except UnicodeDecodeError as error:
        at_line, column, why = not_utf8(error)
        raise BadInputError(f"{path}:{at_line}:{column}: {why}: {_FORMS}, as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            fix = "one tracks record a line" if path.suffix == ".jsonl" else _BY_ENDING
            raise BadInputError(f"{path}:{number}: not JSON ({error}): {fix}") from None
        wrong = misfit("tracks", record)
        if wrong is not None:
            raise BadInputError(f"{path}:{number}: {wrong}: one tracks record a line, as `vigie replay` writes")
        at = record["captured_at"]
        if not 0 <= at < LAST_MS:
            raise BadInputError(f"{path}:{number}: captured_at is {at}: write milliseconds since 1970 UTC")
        yield defaults | record
