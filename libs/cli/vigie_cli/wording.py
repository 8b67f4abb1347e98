"""How counts, texts by language and findings in files are said."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from rich.console import Console

    from vigie_common.yaml_document import Problem

_PIPED_WIDTH: Final = 10_000


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 rule, 2 rules."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def said(texts: Mapping[str, str], lang: str) -> str:
    """A text in the wanted language, else in the first that there is."""
    return texts.get(lang) or next((texts[name] for name in sorted(texts)), "")


def findings_json(found: Iterable[tuple[Problem, str]]) -> str:
    """For programs, what was found in files, each with its level: error or warning."""
    rows = [
        {"file": p.file, "line": p.mark.line, "column": p.mark.column, "level": level, "message": p.message}
        for p, level in found
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def terminal_language() -> Literal["fr", "en"]:
    """French where the locale of the terminal is (LC_ALL, else LC_MESSAGES, else LANG), English elsewhere."""
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


def output() -> Console:
    """Standard output: as wide as the terminal; in a file or a pipe nothing is cut or folded."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
