"""Spaces that look like an ordinary one and are another sign: the no-break spaces of French typing, and their kin."""

from __future__ import annotations

import unicodedata


def odd_space(text: str) -> tuple[int, str] | None:
    """Where the first of them stands in a text, from 0, and its name: `U+00A0 (no-break space)`; None: nowhere."""
    for at, sign in enumerate(text):
        if sign != " " and unicodedata.category(sign) == "Zs":
            return at, f"U+{ord(sign):04X} ({unicodedata.name(sign).lower()})"
    return None
