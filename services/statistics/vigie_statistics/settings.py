"""What the statistics service reads from its environment; the history has settings of its own."""

from __future__ import annotations

from vigie_common.settings import Settings


class StatisticsSettings(Settings):
    """Settings of the service that counts."""
