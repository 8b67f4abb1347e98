"""Which bundle this engine runs, and which rules it refused: the `rules-status` record of each site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vigie_common.stream import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vigie_common.records import RuleError, RulesStatus
    from vigie_rule_engine.compile import RuleTable
    from vigie_rule_engine.core import RuleCore

MOST_ERRORS: Final = 500
"""Errors listed in one record; the rest is counted in its last line."""


@dataclass(slots=True)
class StatusBoard:
    """Remembers what was said last, and says what has changed."""

    engine: str
    _said: dict[str, RulesStatus] = field(default_factory=dict)

    def changes(self, cores: Iterable[RuleCore]) -> Iterator[Output]:
        """The status of each site whose bundle or errors have changed."""
        for site, status in sorted(statuses(self.engine, cores).items()):
            if self._said.get(site) != status:
                self._said[site] = status
                yield Output("rules-status", f"{self.engine}/{site}", status)


def statuses(engine: str, cores: Iterable[RuleCore]) -> dict[str, RulesStatus]:
    """By site: the newest bundle that judges one of its cameras, with the errors of all cameras it judges."""
    tables: dict[str, list[RuleTable]] = {}
    for core in cores:
        for table in core.tables():
            tables.setdefault(table.camera["site"], []).append(table)
    found: dict[str, RulesStatus] = {}
    for site, judging in tables.items():
        newest = max(judging, key=lambda table: (table.effective_at, table.digest))
        errors = sorted(
            (error for table in judging if table.digest == newest.digest for error in table.errors),
            key=lambda error: (error["rule"], error["camera_id"]),
        )
        found[site] = {
            "engine": engine,
            "site": site,
            "digest": newest.digest,
            "effective_at": newest.effective_at,
            "errors": _bounded(errors),
        }
    return found


def _bounded(errors: list[RuleError]) -> list[RuleError]:
    if len(errors) <= MOST_ERRORS:
        return errors
    more = len(errors) - MOST_ERRORS
    return [*errors[:MOST_ERRORS], {"rule": "", "camera_id": "", "message": f"and {more} more errors"}]
