"""A word for who waits while the rule core is compiled, which happens once on a machine."""

from __future__ import annotations

import sys

from vigie_rule_engine.layers.jit import KERNELS


def say_compiling() -> None:
    """Say on a terminal's stderr that the first judgement takes long, if it does."""
    if sys.stderr.isatty() and not KERNELS.is_ready:
        sys.stderr.write("compiling what judges once, about a minute\n")
        sys.stderr.flush()
