"""Rules and compounds of `status: test`: what they find on live streams, beside what is live."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from vigie_cli.event_times import moment
from vigie_cli.rules_compounds import compound_happenings
from vigie_cli.rules_difference import Difference, Happening, compare, happenings, times
from vigie_cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vigie_cli.rules_bundles import History


@dataclass(frozen=True, slots=True)
class Shadow:
    """A rule or compound in shadow, beside the live rule that it would replace."""

    rule: str
    replaces: str | None
    span: tuple[int, int]
    """Event times (ms) compared: while both ran in the versions of now; the end is first where they never did."""
    opens: int
    live_opens: int
    difference: Difference | None
    """Live beside shadow; None: it replaces nothing."""
    told: tuple[Happening, ...] | None = None
    """Of a compound: the alerts that it would have made; they stand nowhere else."""

    def plain(self) -> dict[str, Any]:
        """For programs: `only_live` and `only_test` are what one of them found alone."""
        difference = self.difference
        return {
            "rule": self.rule,
            "compound": self.told is not None,
            "told": None if self.told is None else [asdict(one) for one in self.told],
            "replaces": self.replaces,
            "from": self.span[0],
            "to": self.span[1],
            "opens": self.opens,
            "live_opens": self.live_opens,
            "matched": None if difference is None else len(difference.same) + len(difference.moved),
            "only_test": None if difference is None else [h.id for h in difference.new],
            "only_live": None if difference is None else [h.id for h in difference.gone],
        }


def in_test(history: History, now: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Rules and compounds of the bundle in force that run in shadow, each with its part of it: `rules`, `compounds`."""
    live = history.in_force(now)
    if live is None:
        return []
    return [(part, one) for part in ("rules", "compounds") for one in live.bundle[part] if one["status"] == "test"]


def shadows(
    history: History, now: int, span: tuple[int, int], events: Sequence[Mapping[str, Any]]
) -> tuple[Shadow, ...]:
    """Each rule in shadow beside the live one that it would replace, and what each compound in shadow would have told.

    What is compared begins when both ran as they are now.

    Args:
        history: of the site.
        now: ms.
        span: event times (ms) that were asked for.
        events: rule events of the site in the span.
    """
    judge = {"rules": _shadow, "compounds": _shadow_compound}
    return tuple(judge[part](history, one, now, span, events) for part, one in in_test(history, now))


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


def _shadow_compound(
    history: History, compound: Mapping[str, Any], now: int, span: tuple[int, int], events: Sequence[Mapping[str, Any]]
) -> Shadow:
    """What the alert service, which passes over compounds in shadow, would have made of the same episodes."""
    name, version = str(compound["id"]), compound["version"]
    since = history.running_since(name, now, "compounds")
    begin = max(span[0], since if since is not None else now)
    parts = [
        {**event, "compounds": [s for s in event["compounds"] if (s["id"], s["version"]) == (name, version)]}
        for event in events
        if event["kind"] != "AFFIRM" and event["rule"]["id"] in compound["rules"]
    ]
    told = tuple(h for h in compound_happenings(parts) if h.rule == name and h.at >= begin)
    return Shadow(name, None, (begin, span[1]), len(told), 0, None, told)


def shadow_lines(shadow: Shadow, zone: str = "UTC") -> Iterator[str]:
    """What a person reads."""
    yield f"    {_compared(shadow, zone)}"
    difference = shadow.difference
    for what, alone in () if difference is None else (("test", difference.new), ("live", difference.gone)):
        for one in alone:
            yield f"      only in {what}: {one.camera} {times(one, zone)}  {one.id}"
    for one in shadow.told or ():
        yield f"      {one.camera} {one.scope or 'whole image'} {times(one, zone)}: {one.text}"


def _compared(shadow: Shadow, zone: str) -> str:
    begin, end = (moment(at, zone)[:19] for at in shadow.span)
    if shadow.span[0] >= shadow.span[1]:
        beside = "" if shadow.replaces is None else f" beside {shadow.replaces}"
        return f"{shadow.rule}: nothing found yet: it runs as it is{beside} only from {begin} {zone} on"
    return f"{shadow.rule}, {begin} to {end} {zone}: {_figures(shadow)}"


def _figures(shadow: Shadow) -> str:
    if shadow.told is not None:
        return f"{counted(shadow.opens, 'alert')} that this compound would have made"
    if shadow.difference is None:
        return f"{shadow.opens} found"
    matched = len(shadow.difference.same) + len(shadow.difference.moved)
    return (
        f"{shadow.opens} found, {shadow.replaces} (live) {shadow.live_opens}: {matched} matched, "
        f"{len(shadow.difference.new)} only in test, {len(shadow.difference.gone)} only in live"
    )
