"""`vigie rules status`: which bundle judges, what each engine runs and refuses, shadow beside live."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vigie_cli.rules_bundles import SHORT, History, chosen_site, read_histories
from vigie_cli.rules_difference import Difference, compare, happenings, moment
from vigie_cli.rules_topics import last_values, read_range
from vigie_cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vigie_cli.rules_difference import Happening
    from vigie_common.settings import Settings


@dataclass(frozen=True, slots=True)
class Shadow:
    """A rule in shadow beside the live one that it would replace."""

    rule: str
    replaces: str | None
    span: tuple[int, int]
    """Event times (ms) compared: while both ran in the versions of now; the end is first where they never did."""
    opens: int
    live_opens: int
    difference: Difference | None
    """Live beside shadow; None: it replaces nothing."""

    def plain(self) -> dict[str, Any]:
        """For programs: `only_live` and `only_test` are what one of them found alone."""
        difference = self.difference
        return {
            "rule": self.rule,
            "replaces": self.replaces,
            "from": self.span[0],
            "to": self.span[1],
            "opens": self.opens,
            "live_opens": self.live_opens,
            "matched": None if difference is None else len(difference.same) + len(difference.moved),
            "only_test": None if difference is None else [h.id for h in difference.new],
            "only_live": None if difference is None else [h.id for h in difference.gone],
        }


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """Of one site's rules."""

    history: History
    at_ms: int
    engines: tuple[tuple[Mapping[str, Any], int], ...]
    """(rules-status record, when it was said)."""
    shadows: tuple[Shadow, ...]
    span: tuple[int, int]

    def plain(self) -> dict[str, Any]:
        """For programs."""
        live = self.history.in_force(self.at_ms)
        return {
            "site": self.history.site,
            "live": None if live is None else _bundle(live.bundle),
            "later": [_bundle(one.bundle) for one in self.history.later(self.at_ms)],
            "engines": [{**status, "said_at": said_at} for status, said_at in self.engines],
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
    events = await read_range(settings, "rule-events", "at", span) if any(_testing(h, now) for h in chosen) else []
    return [
        SiteStatus(
            history,
            now,
            tuple((status, at) for status, at in engines if status["site"] == history.site),
            shadows(history, now, span, [event for event in events if event["site"] == history.site]),
            span,
        )
        for history in chosen
    ]


def _testing(history: History, now: int) -> list[Mapping[str, Any]]:
    live = history.in_force(now)
    return [] if live is None else [rule for rule in live.bundle["rules"] if rule["status"] == "test"]


def shadows(
    history: History, now: int, span: tuple[int, int], events: Sequence[Mapping[str, Any]]
) -> tuple[Shadow, ...]:
    """Each rule in shadow beside the live one that it would replace, for as long as both have run as they are.

    Args:
        history: of the site.
        now: ms.
        span: event times (ms) that were asked for.
        events: rule events of the site in the span.
    """
    return tuple(_shadow(history, rule, now, span, events) for rule in _testing(history, now))


def _shadow(
    history: History, rule: Mapping[str, Any], now: int, span: tuple[int, int], events: Sequence[Mapping[str, Any]]
) -> Shadow:
    name, replaced = str(rule["id"]), rule["replaces"]
    live = history.in_force(now)
    versions = {} if live is None else {one["id"]: one["version"] for one in live.bundle["rules"]}
    compared = (name,) if replaced is None else (name, replaced)
    since = [history.running_since(one, now) for one in compared]
    begin = max([span[0], *(one if one is not None else now for one in since)])
    found: dict[str, list[Happening]] = {}
    for one in compared:
        told = [e for e in events if (e["rule"]["id"], e["rule"]["version"]) == (one, versions.get(one))]
        found[one] = [h for h in happenings(told, {name: replaced or name}) if h.at >= begin or _lasts_until(h, begin)]
    own = [h for h in found[name] if h.at >= begin]
    if replaced is None:
        return Shadow(name, None, (begin, span[1]), len(own), 0, None)
    # what the live rule had found before may be what the other finds, but is nothing that the other has missed
    whole = compare(found[replaced], own)
    difference = replace(whole, gone=tuple(h for h in whole.gone if h.at >= begin))
    live_opens = len(difference.same) + len(difference.moved) + len(difference.gone)
    return Shadow(name, replaced, (begin, span[1]), len(own), live_opens, difference)


def _lasts_until(one: Happening, at: int) -> bool:
    return one.kind == "open" and (one.ended_at is None or one.ended_at >= at)


def lines(status: SiteStatus) -> Iterator[str]:
    """What a person reads."""
    history, live = status.history, status.history.in_force(status.at_ms)
    if live is None:
        yield f"{history.site}: no bundle judges yet"
    else:
        yield f"{history.site}: {_said(live.bundle)}, since {moment(live.effective_at, 'UTC')[:19]} UTC"
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
        yield f"    {_compared(shadow)}"
        difference = shadow.difference
        for what, alone in () if difference is None else (("test", difference.new), ("live", difference.gone)):
            for one_h in alone:
                yield f"      only in {what}: {one_h.camera} {moment(one_h.at, 'UTC')[:19]} UTC  {one_h.id}"


def _said(bundle: Mapping[str, Any]) -> str:
    by = f"by {bundle['author']}"
    if bundle["withdrawn"]:
        return f"{bundle['digest'][:SHORT]} {by}, withdrawn: no rule runs"
    return f"{bundle['digest'][:SHORT]} {by} ({counted(len(bundle['rules']), 'rule')})"


def _compared(shadow: Shadow) -> str:
    begin, end = (moment(at, "UTC")[:19] for at in shadow.span)
    if shadow.span[0] >= shadow.span[1]:
        beside = "" if shadow.replaces is None else f" beside {shadow.replaces}"
        return f"{shadow.rule}: nothing found yet: it runs as it is{beside} only from {begin} UTC on"
    return f"{shadow.rule}, {begin} to {end} UTC: {_figures(shadow)}"


def _figures(shadow: Shadow) -> str:
    if shadow.difference is None:
        return f"{shadow.opens} found (say replaces: RULE to compare it with a live one)"
    matched = len(shadow.difference.same) + len(shadow.difference.moved)
    return (
        f"{shadow.opens} found, {shadow.replaces} (live) {shadow.live_opens}: {matched} matched, "
        f"{len(shadow.difference.new)} only in test, {len(shadow.difference.gone)} only in live"
    )
