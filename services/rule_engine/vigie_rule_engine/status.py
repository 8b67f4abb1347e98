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


REPEAT_S: Final = 60.0
"""What has not changed is said again so often: who has said nothing for some minutes runs nothing there any more."""


@dataclass(slots=True)
class StatusBoard:
    """Remembers what was said last and when; says what has changed, and all of it now and then."""

    engine: str
    _said: dict[str, tuple[RulesStatus, float]] = field(default_factory=dict)

    def due(self, cores: Iterable[RuleCore], now_s: float) -> Iterator[Output]:
        """The status of each site whose bundle or errors have changed, or which was not told of for `REPEAT_S`.

        Args:
            cores: of the partitions that are owned.
            now_s: of a clock that never goes back, seconds.
        """
        for site, status in sorted(statuses(self.engine, cores).items()):
            last = self._said.get(site)
            if last is None or last[0] != status or now_s - last[1] >= REPEAT_S:
                self._said[site] = status, now_s
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
