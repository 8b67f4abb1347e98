"""`vigie rules status`: which bundle judges, what each engine runs and refuses, shadow beside live."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vigie_cli.rules_bundles import SHORT, History, chosen_site, read_histories
from vigie_cli.rules_difference import moment
from vigie_cli.rules_notes import unauthorised_live
from vigie_cli.rules_shadow import in_test, shadow_lines, shadows
from vigie_cli.rules_topics import last_values, read_range
from vigie_cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vigie_cli.rules_shadow import Shadow
    from vigie_common.settings import Settings


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """Of one site's rules."""

    history: History
    at_ms: int
    engines: tuple[tuple[Mapping[str, Any], int], ...]
    """(rules-status record, when it was said)."""
    shadows: tuple[Shadow, ...]
    span: tuple[int, int]
    told: tuple[str, ...] = ()
    """What is worth knowing of the bundle in force: stable rules that run in shadow."""

    def plain(self) -> dict[str, Any]:
        """For programs."""
        live = self.history.in_force(self.at_ms)
        return {
            "site": self.history.site,
            "live": None if live is None else _bundle(live.bundle),
            "later": [_bundle(one.bundle) for one in self.history.later(self.at_ms)],
            "engines": [{**status, "said_at": said_at} for status, said_at in self.engines],
            "notes": list(self.told),
            "shadow": [shadow.plain() for shadow in self.shadows],
            "from": self.span[0],
            "to": self.span[1],
        }


def _bundle(bundle: Mapping[str, Any]) -> dict[str, Any]:
    return {key: bundle[key] for key in ("digest", "effective_at", "author", "withdrawn")} | {
        "rules": {rule["id"]: rule["status"] for rule in bundle["rules"]}
    }


async def read_status(settings: Settings, site: str | None, span: tuple[int, int]) -> list[SiteStatus]:
    """Of every site with published rules, or of one.

    Args:
        settings: where Kafka is.
        site: only this one.
        span: event times (ms) over which shadow is compared with live.

    Raises:
        BadInputError: there is no such site, or the range is too long.
        DependencyError: Kafka does not answer, or has no topics.
    """
    histories = await read_histories(settings)
    chosen = [chosen_site(histories, site)] if site is not None else list(histories.values())
    engines = await last_values(settings, "rules-status")
    now = time.time_ns() // 1_000_000
    events = await read_range(settings, "rule-events", "at", span) if any(in_test(h, now) for h in chosen) else []
    return [
        SiteStatus(
            history,
            now,
            tuple((status, at) for status, at in engines if status["site"] == history.site),
            shadows(history, now, span, [event for event in events if event["site"] == history.site]),
            span,
            await _told(settings, history, now),
        )
        for history in chosen
    ]


async def _told(settings: Settings, history: History, now: int) -> tuple[str, ...]:
    live = history.in_force(now)
    return () if live is None else await unauthorised_live(settings, live.bundle, now)


def lines(status: SiteStatus) -> Iterator[str]:
    """What a person reads."""
    history, live = status.history, status.history.in_force(status.at_ms)
    if live is None:
        yield f"{history.site}: no bundle judges yet"
    else:
        yield f"{history.site}: {_said(live.bundle)}, since {moment(live.effective_at, 'UTC')[:19]} UTC"
    yield from (f"  note: {text}" for text in status.told)
    for later in history.later(status.at_ms):
        yield f"  then {_said(later.bundle)}, from {moment(later.effective_at, 'UTC')[:19]} UTC"
    if not status.engines:
        yield "  no engine has said anything: is the rule engine running, and does a camera of the site send tracks?"
    for one, said_at in status.engines:
        runs = (
            "runs it" if live is not None and one["digest"] == live.digest else f"runs {one['digest'][:SHORT] or '-'}"
        )
        refused = counted(len(one["errors"]), "rule") + " refused" if one["errors"] else "all rules run"
        yield f"  engine {one['engine']}: {runs}, {refused} (said {moment(said_at, 'UTC')[:19]} UTC)"
        for error in one["errors"]:
            yield f"    {error['rule']} on {error['camera_id'] or 'every camera'}: {error['message']}"
    if status.shadows:
        yield "  in shadow:"
    for shadow in status.shadows:
        yield from shadow_lines(shadow)
    if any(shadow.replaces is None and shadow.told is None for shadow in status.shadows):
        yield "    say `replaces: RULE` in a rule to compare it with a live one"


def _said(bundle: Mapping[str, Any]) -> str:
    by = f"by {bundle['author']}"
    if bundle["withdrawn"]:
        return f"{bundle['digest'][:SHORT]} {by}, withdrawn: no rule runs"
    return f"{bundle['digest'][:SHORT]} {by} ({counted(len(bundle['rules']), 'rule')})"
