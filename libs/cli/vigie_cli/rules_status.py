"""`vigie rules status`: which bundle judges, what each engine runs and refuses, shadow beside live."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.cameras_deployed import camera_records, site_time_zones
from vigie_cli.configuration_topics import last_of
from vigie_cli.event_times import instant, moment
from vigie_cli.rules_bundles import SHORT, History, chosen_site, read_histories, way_back
from vigie_cli.rules_difference import SHORT_ID, happenings, times
from vigie_cli.rules_notes import unauthorised_live
from vigie_cli.rules_shadow import in_test, shadow_lines, shadows
from vigie_cli.rules_topics import read_range
from vigie_cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vigie_cli.rules_difference import Happening
    from vigie_cli.rules_shadow import Shadow
    from vigie_common.settings import Settings


NEWEST: Final = 10
"""Episodes of each rule that are listed."""

SILENT_MS: Final = 180_000
"""An engine says what it runs every minute; after so long without a word it runs nothing there any more."""


_GONE: Final = "it has stopped, or judges no camera of this site any more"


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """Of one site's rules."""

    history: History
    at_ms: int
    engines: tuple[tuple[Mapping[str, Any], int], ...]
    """(rules-status record, when it was said)."""
    shadows: tuple[Shadow, ...]
    span: tuple[int, int]
    time_zone: str = "UTC"
    """Of the site, in which its times are printed."""
    episodes: tuple[Happening, ...] | None = None
    """The newest of each rule in the span, the newest first; None: nobody has asked."""
    told: tuple[str, ...] = ()
    """What is worth knowing of the bundle in force: stable rules that run in shadow."""

    def is_silent(self, said_at: int) -> bool:
        """Whether an engine that said something then has said nothing since that it would have."""
        return self.at_ms - said_at >= SILENT_MS

    def plain(self) -> dict[str, Any]:
        """For programs."""
        live = self.history.in_force(self.at_ms)
        return {
            "site": self.history.site,
            "live": None if live is None else _bundle(live.bundle),
            "later": [_bundle(one.bundle) for one in self.history.later(self.at_ms)],
            "engines": [
                {**status, "said_at": said_at, "silent": self.is_silent(said_at)} for status, said_at in self.engines
            ],
            "notes": list(self.told),
            "shadow": [shadow.plain() for shadow in self.shadows],
            "episodes": None if self.episodes is None else [asdict(one) for one in self.episodes],
            "from": self.span[0],
            "to": self.span[1],
        }


def _bundle(bundle: Mapping[str, Any]) -> dict[str, Any]:
    return {key: bundle[key] for key in ("digest", "effective_at", "author", "withdrawn")} | {
        "rules": {rule["id"]: rule["status"] for rule in bundle["rules"]}
    }


async def read_status(
    settings: Settings, site: str | None, span: tuple[int, int], *, episodes: bool = False
) -> list[SiteStatus]:
    """Of every site with published rules, or of one.

    Args:
        settings: where Kafka is.
        site: only this one.
        span: event times (ms) over which shadow is compared with live.
        episodes: read them too.

    Raises:
        BadInputError: there is no such site, or the range is too long.
        DependencyError: Kafka does not answer, or has no topics.
    """
    histories = await read_histories(settings)
    chosen = [chosen_site(histories, site)] if site is not None else list(histories.values())
    engines = [said for _, said in sorted((await last_of(settings, "rules-status")).items())]
    cameras = await camera_records(settings)
    now, zones = time.time_ns() // 1_000_000, site_time_zones(cameras)
    wanted = episodes or any(in_test(h, now) for h in chosen)
    events = await read_range(settings, "rule-events", "at", span) if wanted else []
    found = []
    for history in chosen:
        own = [event for event in events if event["site"] == history.site]
        said = tuple((status, at) for status, at in engines if status["site"] == history.site)
        newest = newest_episodes(own) if episodes else None
        zone = zones.get(history.site, "UTC")
        live = history.in_force(now)
        told = () if live is None else unauthorised_live(live.bundle, cameras, now)
        found.append(SiteStatus(history, now, said, shadows(history, now, span, own), span, zone, newest, told))
    return found


def newest_episodes(events: Iterable[Mapping[str, Any]]) -> tuple[Happening, ...]:
    """The newest `NEWEST` episodes of each rule, the newest first; counts are left out."""
    ordered = sorted((one for one in happenings(events) if one.kind == "open"), key=lambda h: (h.rule, -h.at))
    return tuple(one for _, own in groupby(ordered, key=lambda h: h.rule) for one in islice(own, NEWEST))


def lines(status: SiteStatus) -> Iterator[str]:
    """What a person reads."""
    history, live, zone = status.history, status.history.in_force(status.at_ms), status.time_zone
    if live is None:
        yield f"{history.site}: no bundle judges yet"
    else:
        yield f"{history.site}: {_said(live.bundle)}, since {instant(live.effective_at, zone)}"
    yield from (f"  note: {text}" for text in status.told)
    for later, instead in history.takeovers(status.at_ms):
        undo = "" if instead is None else way_back(history.site, instead.digest, zone, later.effective_at)
        prevent = f"; to prevent it: {undo}" if undo else ""
        yield f"  then {_said(later.bundle)}, from {instant(later.effective_at, zone)}{prevent}"
    if not status.engines:
        yield "  no engine has said anything: is the rule engine running, and does a camera of the site send tracks?"
    for one, said_at in status.engines:
        if status.is_silent(said_at):
            yield f"  engine {one['engine']}: silent since {instant(said_at, zone)}: {_GONE}"
            continue
        yield f"  engine {one['engine']}: {_runs(one, status)} (said {instant(said_at, zone)})"
        for error in one["errors"]:
            yield f"    {error['rule']} on {error['camera_id'] or 'every camera'}: {error['message']}"
    if status.shadows:
        yield "  in shadow:"
    for shadow in status.shadows:
        yield from shadow_lines(shadow, zone)
    if any(shadow.replaces is None and shadow.told is None for shadow in status.shadows):
        yield "    say `replaces: RULE` in a rule to compare it with a live one"
    if status.episodes is not None:
        begin, end = moment(status.span[0], zone)[:19], instant(status.span[1], zone)
        yield f"  episodes from {begin} to {end}, the newest {NEWEST} of each rule{'' if status.episodes else ': none'}"
    for episode in status.episodes or ():
        place = f" {episode.scope}" if episode.scope else ""
        who = f"{episode.id[:SHORT_ID]}  {episode.rule}{place}  {episode.camera}"
        yield f"    {who}  {times(episode, zone)}  {episode.mode}"


def _runs(engine: Mapping[str, Any], status: SiteStatus) -> str:
    """Which bundle an engine runs, beside the one in force, and how many of its rules it refused."""
    digest, live = str(engine["digest"]), status.history.in_force(status.at_ms)
    refused = counted(len(engine["errors"]), "rule") + " refused" if engine["errors"] else "all rules run"
    waits = "" if live is None else "; it takes over what is in force with the next tracks"
    if live is not None and digest == live.digest:
        return f"runs it, {refused}"
    if not digest:
        return f"runs no rules yet{waits}"
    if digest in {one.digest for one in status.history.bundles}:
        return f"still runs {digest[:SHORT]}, {refused}{waits}"
    return f"runs {digest[:SHORT]}, {refused}"


def _said(bundle: Mapping[str, Any]) -> str:
    by = f"by {bundle['author']}"
    if bundle["withdrawn"]:
        return f"{bundle['digest'][:SHORT]} {by}, withdrawn: no rule runs"
    return f"{bundle['digest'][:SHORT]} {by} ({counted(len(bundle['rules']), 'rule')})"
