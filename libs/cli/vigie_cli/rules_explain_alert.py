"""What `vigie rules explain` says of a compound's alert, by its id: its members, and when they met.

An alert of a rule has the id of its episode, which is explained by that; that of a compound has one of its own, which
stands in no rule event, only in the topic of alerts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie_alert.compound import TEMPLATE
from vigie_cli.cameras_deployed import camera_records, site_time_zones
from vigie_cli.event_times import clock, instant, moment
from vigie_cli.rules_bundles import read_histories
from vigie_cli.rules_difference import SHORT_ID, happenings
from vigie_cli.rules_explain import Explained, Question
from vigie_cli.rules_explain_compound import needs_words, span
from vigie_cli.rules_topics import read_range
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_difference import Happening
    from vigie_common.settings import Settings

_BEFORE_MS = 3_600_000
"""Members are looked for from so long before they met; the end of one that began earlier says when."""


async def explain_alert(settings: Settings, beginning: str, over: tuple[int, int]) -> Explained | None:
    """The answer about the compound's alert whose id begins so; None: the topic has none in this range.

    Args:
        settings: where Kafka is.
        beginning: of its id.
        over: event times (ms), in which a revision of it lies.

    Raises:
        BadInputError: several begin so.
        DependencyError: Kafka does not answer, or has no topics.
    """
    zones = site_time_zones(await camera_records(settings))
    alert = newest_revision(beginning, await read_range(settings, "alerts", "updated_at", over), zones)
    if alert is None:
        return None
    history = (await read_histories(settings)).get(alert["site"])
    digest, name = alert["rule"]["bundle_digest"], alert["rule"]["id"]
    bundles = () if history is None else (one.bundle for one in history.bundles if one.digest == digest)
    compound = next((one for bundle in bundles for one in bundle["compounds"] if one["id"] == name), None)
    members = await _members(settings, alert, over[1])
    zone = zones.get(alert["site"], "UTC")
    question = Question(name, alert["camera"]["id"], alert["detected_at"], alert["id"], alert["ended_at"])
    return Explained(question, tuple(alert_answer(alert, compound, members, zone)), members, (), (), zone)


def newest_revision(
    beginning: str, alerts: Iterable[Mapping[str, Any]], zones: Mapping[str, str]
) -> Mapping[str, Any] | None:
    """The last revision of the one compound's alert whose id begins so; None: there is none.

    Raises:
        BadInputError: several begin so.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for alert in alerts:
        if alert["rule"]["template"] == TEMPLATE and alert["id"].startswith(beginning):
            found[alert["id"]] = max(alert, found.get(alert["id"], alert), key=lambda one: int(one["revision"]))
    if len(found) > 1:
        listed = "; ".join(
            f"{one['id']} {one['rule']['id']}, {instant(one['detected_at'], zones.get(one['site'], 'UTC'))}"
            for one in found.values()
        )
        raise BadInputError(f"{beginning}: {len(found)} alerts of compounds begin so: give its whole id: {listed}")
    return next(iter(found.values()), None)


async def _members(settings: Settings, alert: Mapping[str, Any], until: int) -> tuple[Happening, ...]:
    """The episodes of an alert, as far as the topic rule-events still has how they began."""
    ids, begin = set(alert["related_ids"]), int(alert["started_at"]) - _BEFORE_MS
    events = await _own(settings, ids, (begin, until))
    begun = {event["episode_id"] for event in events if event["kind"] == "OPEN"}
    earlier = [int(event["started_at"]) for event in events if event["episode_id"] not in begun]
    if earlier and min(earlier) < begin:
        events = await _own(settings, ids, (min(earlier), until))
    return happenings(events)


async def _own(settings: Settings, ids: set[str], over: tuple[int, int]) -> list[Mapping[str, Any]]:
    return [e for e in await read_range(settings, "rule-events", "at", over) if e["episode_id"] in ids]


def alert_answer(
    alert: Mapping[str, Any], compound: Mapping[str, Any] | None, members: Sequence[Happening], zone: str
) -> Iterator[str]:
    """What it needs, when its members met, and each of them with the command that explains it.

    Args:
        alert: its newest revision.
        compound: of the bundle under which it opened; None: that is not known.
        members: its episodes, as far as they are known.
        zone: time zone of the site.
    """
    name = alert["rule"]["id"]
    yield f"this is the alert of {name}, a compound" + ("" if compound is None else f": {needs_words(compound)}")
    ended = alert["ended_at"]
    ends = "it goes on" if ended is None else f"ended {clock(ended, zone)}: {alert['ended_reason']}"
    told, met = moment(alert["detected_at"], zone), clock(alert["started_at"], zone)
    yield f"alerted {told}, together since {met}; {ends}; alert {alert['id']}"
    ids = list(dict.fromkeys(alert["related_ids"]))
    yield f"{counted(len(ids), 'episode')} met:"
    for one in members:
        place = f"{one.camera} {one.scope or 'whole image'}"
        yield f"  {one.rule} on {place}, {span(one, zone)}; why: vigie rules explain {one.id[:SHORT_ID]}"
    for missing in sorted(set(ids) - {one.id for one in members}):
        yield f"  {missing}: the topic rule-events, which keeps seven days, no longer has how it began"
