"""Which statuses of a frame mean that someone looked at its image."""

from __future__ import annotations

from typing import Final

LOOKED_AT: Final = frozenset({"ok", "moved"})
"""Inferred and tracked. `moved`: the view is not the one that zones, lines and calibration were drawn for."""
