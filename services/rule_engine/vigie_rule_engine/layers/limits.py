"""Bounds of what the compiled layers keep that rule authors are told too; light to import."""

from typing import Final

KEPT_FRAMES: Final = 32
"""Of each zone, whether the last so many frames showed what was looked for."""

MOST_SUBJECTS: Final = 2_048
"""Of one camera, and boxes of one frame; what goes beyond is not looked at."""
