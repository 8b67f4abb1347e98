"""JSON lines of tracks records, as `vigie replay` writes them: each checked against the Avro schema of the topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vigie_common.errors import BadInputError
from vigie_common.schemas import current, misfit
from vigie_common.units import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_tracks_file(path: Path) -> Iterator[dict[str, Any]]:
    """The records, one a line; a field that the schema has a default for may be missing.

    Raises:
        BadInputError: names the file, the line and the field.
    """
    defaults = {field["name"]: field["default"] for field in current("tracks").parsed["fields"] if "default" in field}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInputError(f"{path}: cannot be read ({why}): give .csv recordings or .jsonl tracks") from error
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInputError(f"{path}:{number}: not JSON ({error}): one tracks record a line") from None
        wrong = misfit("tracks", record)
        if wrong is not None:
            raise BadInputError(f"{path}:{number}: {wrong}: one tracks record a line, as `vigie replay` writes")
        at = record["captured_at"]
        if not 0 <= at < LAST_MS:
            raise BadInputError(f"{path}:{number}: captured_at is {at}: write milliseconds since 1970 UTC")
        yield defaults | record
