"""Where a file that people give is no text in UTF-8."""

from __future__ import annotations


def not_utf8(error: UnicodeDecodeError) -> tuple[int, int, str]:
    """Line and column (in bytes), from 1, of the first byte that is none, and what is wrong with it."""
    before = error.object[: error.start]
    wrong = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
    return before.count(b"\n") + 1, error.start - before.rfind(b"\n"), wrong
