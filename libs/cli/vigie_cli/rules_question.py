"""Where `vigie rules explain` takes tracks, camera and rules from: files, or the topics as they were then."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.effective_at import now_ms
from vigie_cli.event_times import event_time, instant, understood
from vigie_cli.options import WrongOptionError
from vigie_cli.rules_difference import happenings
from vigie_cli.rules_explain import AROUND_MS, Question, explain
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from vigie_cli.rules_bundles import History, Published
    from vigie_cli.rules_difference import Happening
    from vigie_cli.rules_explain import Explained
    from vigie_common.settings import Settings


class UnknownEpisodeError(BadInputError):
    """No episode that was judged begins so."""


Asked = tuple[str | None, str | None, str | None, str | None]
"""Episode, or rule, camera and moment."""

LEAD_MS: Final = 900_000
"""Tracks from at least so long before the moment are judged too: what is open, learned or pending by then."""

MOST: Final = 10
"""Episodes that a message lists."""

_BEGINNINGS: Final = frozenset({"OPEN", "COUNT"})

_BEFORE_MS: Final = 300_000
"""And from so long before an episode's start: who it is about was seen before it held."""


def from_files(asked: Asked, tracks: list[Path], site: Path, start: str) -> Explained:
    """From recorded tracks and a site's folder.

    Raises:
        BadInputError: a file is wrong, or the episode is not in them.
    """
    from vigie_cli.rules_compounds import compound_happenings
    from vigie_cli.rules_judge import judge
    from vigie_cli.rules_replay import read_changed
    from vigie_cli.rules_tracks import read_tracks
    from vigie_cli.site_folder import site_of

    episode, rule, camera, at = asked
    changed = read_changed([site], site_of(site), "--rules")
    zone = changed.cameras.site.time_zone
    records = read_tracks(tracks, camera, start, zone)
    cameras = {record["camera_id"]: record for record in changed.camera_records(camera)}
    if episode is None:
        question = Question(str(rule), str(camera), event_time("--at", str(at), zone))
    else:
        events = judge(records, cameras.values(), changed.bundle, ends=False).events
        known = (*happenings(events), *compound_happenings(events))
        found = [one for one in known if one.id.startswith(episode)]
        if len(found) != 1:
            raise BadInputError(f"{episode}: {_which(found, zone)}; judged were these tracks by the rules of {site}")
        question = Question(found[0].rule, found[0].camera, found[0].at, found[0].id, found[0].ended_at)
    return explain(question, records, cameras[question.camera], changed.bundle)


def from_topic(asked: Asked, since: str) -> Explained:
    """From the topics: tracks, the camera and the rules as they were then.

    Raises:
        BadInputError: the episode, camera or rules were not there then.
        DependencyError: Kafka does not answer.
    """
    from vigie_common.settings import Settings, read_settings

    return asyncio.run(topic_answer(read_settings(Settings), asked, since))


async def topic_answer(settings: Settings, asked: Asked, since: str) -> Explained:
    """The same, with the settings given."""
    from vigie_cli.camera_then import camera_then, camera_versions
    from vigie_cli.cameras_deployed import deployed_camera
    from vigie_cli.rules_bundles import read_histories
    from vigie_cli.rules_explain_alert import explain_alert
    from vigie_cli.rules_topics import since_ms
    from vigie_cli.rules_tracks import topic_tracks

    episode, rule, camera_id, at = asked
    opening: Mapping[str, Any] | None = None
    until: int | None = None
    if episode is not None:
        now = time.time_ns() // 1_000_000
        over = (now - since_ms(since), now)
        try:
            opening, until = await find_episode(settings, episode, over)
        except UnknownEpisodeError:
            alert = await explain_alert(settings, episode, over)
            if alert is None:
                raise
            return alert
        camera_id = str(opening["camera_id"])
    versions = await camera_versions(settings, str(camera_id))
    if not versions:
        await deployed_camera(settings, str(camera_id))  # says which there are
    newest = versions[-1].value
    zone = str(newest["time_zone"])
    history = (await read_histories(settings)).get(str(newest["site"]))
    if opening is not None:
        rule, moment = str(opening["rule"]["id"]), int(opening["at"])
        question = Question(rule, str(camera_id), moment, str(opening["episode_id"]), until)
    else:
        question = Question(str(rule), str(camera_id), event_time("--at", str(at), zone))
        refuse_future(question.at, zone, now_ms())
    bundles = [] if history is None else [one.bundle for one in history.bundles]
    begin = question.at - lead_ms(question, None if opening is None else int(opening["started_at"]), bundles)
    records = await topic_tracks(
        settings, (begin, (question.until or question.at) + AROUND_MS), [question.camera], zone
    )
    digest = None if opening is None else str(opening["rule"]["bundle_digest"])
    bundle, each = bundle_then(history, records, question.at, digest)
    if bundle is None:
        raise BadInputError(
            f"no rules of {newest['site']} judged at {understood(question.at, zone)} (a bundle judges what "
            "arrives five seconds or more after its publication): see `vigie rules status`"
        )
    then = camera_then(versions, records, question.at, None if opening is None else str(opening["camera_version"]))
    found = explain(question, [record for record, _ in records], then.camera, bundle, each, then.each)
    return replace(found, answer=(*found.answer, *then.notes))


async def find_episode(settings: Settings, episode: str, span: tuple[int, int]) -> tuple[Mapping[str, Any], int | None]:
    """The OPEN or COUNT event of an episode in the rule-events topic, and when it ended, if it has; event time, ms.

    The beginning of its id is enough. One that ended in the span is followed to its beginning, however long ago.

    Raises:
        UnknownEpisodeError: it is not there.
        BadInputError: several begin so.
    """
    from vigie_cli.rules_topics import read_range

    events = episode_events(episode, await read_range(settings, "rule-events", "at", span))
    if not any(event["kind"] in _BEGINNINGS for event in events):
        earlier = (int(events[0]["started_at"]), span[1])
        whole = str(events[0]["episode_id"])
        events = episode_events(whole, await read_range(settings, "rule-events", "at", earlier))
    return beginning_and_end(events)


def episode_events(episode: str, events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of the one episode whose id begins so.

    Raises:
        UnknownEpisodeError: there is none.
        BadInputError: several begin so.
    """
    found = [e for e in events if e["episode_id"].startswith(episode) and e["kind"] != "AFFIRM"]
    if not found:
        raise UnknownEpisodeError(
            f"{episode}: no such episode, nor alert of a compound, in this range; --since as far back as it lies, ids "
            "are listed by `vigie rules status --episodes`; what only `vigie rules replay` finds is explained with its "
            "--tracks and --rules"
        )
    if len({event["episode_id"] for event in found}) != 1:
        raise BadInputError(f"{episode}: {_which(happenings(found), str(found[0]['time_zone']))}")
    return found


def _which(found: Sequence[Happening], zone: str) -> str:
    """For messages, the episodes that begin so, where it is not one."""
    if not found:
        return "no such episode in this range"
    listed = "; ".join(f"{one.id} {one.rule} on {one.camera}, {instant(one.at, zone)}" for one in found[:MOST])
    more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
    return f"{len(found)} episodes begin so: give its whole id: {listed}{more}"


def beginning_and_end(events: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], int | None]:
    """The OPEN or COUNT event of one episode's events, and when it ended, if it has; event time, ms.

    Raises:
        BadInputError: how it began is not among them.
    """
    by_kind = {str(event["kind"]): event for event in events}
    opening = by_kind.get("OPEN") or by_kind.get("COUNT")
    if opening is None:
        (event, *_) = by_kind.values()
        raise BadInputError(f"{event['episode_id']}: it opened before what the topic rule-events keeps, seven days")
    return opening, None if "CLOSE" not in by_kind else int(by_kind["CLOSE"]["ended_at"])


def refuse_future(at: int, zone: str, now: int) -> None:
    """Refuse a moment (ms) that no camera has seen yet.

    Raises:
        WrongOptionError: it is after now.
    """
    if at > now:
        raise WrongOptionError(
            f"--at: {understood(at, zone)} is yet to come, it is {instant(now, zone)}: ask about what has been seen"
        )


def lead_ms(question: Question, started_at: int | None, bundles: Sequence[Mapping[str, Any]]) -> int:
    """How long before the moment the tracks must begin so that the answer is what the engine said.

    Args:
        question: what is asked.
        started_at: of the episode that it is about; None: it is about a moment.
        bundles: of the site: no `for` or `cooldown` that its rule, or a part of its compound, ever had is cut short.
    """
    compounds = [one for bundle in bundles for one in bundle["compounds"] if one["id"] == question.rule]
    meant = {question.rule}.union(*(one["rules"] for one in compounds))
    rules = [rule for bundle in bundles for rule in bundle["rules"] if rule["id"] in meant]
    longest_ms = round(1000 * max((float(rule["numbers"].get("for_s", 0.0)) for rule in rules), default=0.0))
    cooldown_ms = sum(max((int(one["cooldown_ms"]) for one in ones), default=0) for ones in (rules, compounds))
    # what a rule cools down after must open again, so that it holds up the same
    cooled_ms = cooldown_ms + longest_ms + _BEFORE_MS if cooldown_ms else 0
    held_ms = 2 * longest_ms if started_at is None else question.at - started_at + _BEFORE_MS
    return max(LEAD_MS, held_ms, cooled_ms)


def bundle_then(
    history: History | None, records: Sequence[tuple[Mapping[str, Any], int]], at: int, digest: str | None = None
) -> tuple[Mapping[str, Any] | None, list[Published | None]]:
    """The bundle that judged at a moment, None if there was none, and the one that judged each record.

    Args:
        history: of the site; None: it has no rules.
        records: of one camera, in the order of time, with their append times.
        at: the moment, event time, ms.
        digest: of the bundle that is known to have judged then.
    """
    if history is None:
        return None, [None] * len(records)
    each = [history.judged(int(record["captured_at"]), appended_at) for record, appended_at in records]
    if digest is not None:
        named = [one for one in history.bundles if one.digest == digest]
    else:
        by_then = [one for one, (record, _) in zip(each, records, strict=True) if record["captured_at"] <= at]
        named = [one for one in (by_then or each[:1])[-1:] if one is not None]
    return (named[-1].bundle if named else None), each
