"""What a compound's file promises and the alert service keeps: how long is remembered, and what its text may name."""

from __future__ import annotations

from typing import Final

LONGEST_WITHIN_MS: Final = 3_600_000
"""The longest `within`: an hour. For so long the alert service remembers members that have ended."""

LONGEST_COOLDOWN_MS: Final = 7 * 86_400_000
"""The longest `cooldown` of a rule or compound: a week."""

PLACEHOLDERS: Final = ("cameras", "rules", "count")
"""What a compound's `explain` may name in braces: its members' cameras and rules, and how many episodes they are."""
