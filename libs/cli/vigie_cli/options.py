"""Options that commands share; those that are wrong, or wrong together: exit status 2, as for one that there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_USAGE: Final = 2

AsJson = Annotated[bool, typer.Option("--json", help="for programs: one JSON document")]


class WrongOptionError(BadInputError):
    """An option or argument is missing, or says what it cannot say; no file and no service was looked at."""


def refuse_unused(given: Mapping[str, object], why: str) -> None:
    """Refuse options that would be ignored.

    Args:
        given: each option with its value; None: it was not given.
        why: what they go with.

    Raises:
        WrongOptionError: one was given.
    """
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise WrongOptionError(f"{' and '.join(named)}: {why}")
