"""A word for who waits while the rule core is compiled, which happens once on a machine."""

from __future__ import annotations

import sys

from vigie_common.compiled import is_compiled
from vigie_rule_engine.layers import frame


def say_compiling() -> None:
    """Say on a terminal's stderr that the first judgement takes long, if it does."""
    if sys.stderr.isatty() and not is_compiled(frame.frame):
        sys.stderr.write("compiling the rule core once, about 40 s\n")
        sys.stderr.flush()
